"""A small copy of ICT-MMMO's arrays, and a place to build in."""

import pytest

from support.mfn_files import write_arrays
from support.small_ict_mmmo import small_arrays


@pytest.fixture
def arrays():
    return small_arrays()


@pytest.fixture
def manual_dir(tmp_path, arrays):
    return write_arrays(tmp_path / "copy", arrays)


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"
