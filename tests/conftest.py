"""Settings every test process needs before TensorFlow is imported."""

import os
from pathlib import Path

import pytest

# One thread each: pytest-xdist already runs a process per core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")


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
