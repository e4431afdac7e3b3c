"""Settings every test process needs before TensorFlow is imported."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# One thread each: pytest-xdist already runs a process per core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")

# A busy machine is slow, and a folder that every example writes anew is no mistake.
settings.register_profile(
    "rmfn",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("rmfn")

# Made once, which takes its time: all tests of one of these fixtures go to one process.
SHARED = ("exported",)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items) -> None:
    """With `--dist loadgroup` the tests of a file share a process; files with slow ones come first,
    so that no process is alone with a long one in the end."""
    for item in items:
        shared = [name for name in SHARED if name in item.fixturenames]
        item.add_marker(pytest.mark.xdist_group((shared or item.nodeid.split("::"))[0]))
        if shared:
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="module", autouse=True)
def forget_models():
    """What Keras keeps of a file's models is of no use to the next file."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session(free_memory=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real arrays and CSDs that RMFN_TEST_DATA names; skips without it."""
    folder = os.environ.get("RMFN_TEST_DATA")
    if not folder:
        pytest.skip("RMFN_TEST_DATA is not set: no real data on this machine")
    path = Path(folder)
    if not path.is_dir():
        raise FileNotFoundError(f"RMFN_TEST_DATA names {folder!r}, which is not a folder")
    return path


@pytest.fixture(scope="session")
def answer(tmp_path_factory) -> Path:
    """The C++ program of support/cpp_loader.py; built once for all test processes."""
    from support.cpp_loader import build_answer

    # Each of pytest-xdist's processes has a folder of its own inside one that they share.
    base = tmp_path_factory.getbasetemp()
    return build_answer(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)
