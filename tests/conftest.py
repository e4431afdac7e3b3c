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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file is a unit of work. All of tests/export is one: what it exports is made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            return "tests/export" if file.startswith("tests/export/") else file

    return ByFile(config, log)


def pytest_collection_modifyitems(items) -> None:
    """Files with slow tests come first, so that no process is alone with one in the end; exports
    are slow to make, and so all their tests are."""
    for item in items:
        if item.nodeid.startswith("tests/export/"):
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="module", autouse=True)
def forget_models():
    """What Keras keeps of a file's models is of no use to the next file."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session(free_memory=False)


@pytest.fixture
def eager(monkeypatch):
    """Trains without graphs, which take seconds to make: a small run has a step or two."""
    from rmfn_tf.training import fit

    compile_model = fit.compile_model

    def compile_eager(model, *given, **options):
        compile_model(model, *given, **options)
        model.run_eagerly = True

    monkeypatch.setattr(fit, "compile_model", compile_eager)


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
