"""Any NPZ file gives its arrays, or one clear error in bounded memory; nothing in it runs."""

import re
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data import npz_members
from rmfn_tf.datasets.sources.own_data.npz import read_npz, read_shapes
from support.damage import damaged
from support.hostile_npzs import CASES, MARKER, npy, write_zip

SEEDED = settings(max_examples=300, derandomize=True)
DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(min_len=1, max_len=4),
    hnp.byte_string_dtypes(min_len=1, max_len=4),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
SAVES = [np.savez, np.savez_compressed]


@pytest.mark.parametrize("save", SAVES)
def test_arrays_are_those_that_numpy_wrote(tmp_path, save):
    path = tmp_path / "x.npz"

    @settings(SEEDED, max_examples=100)
    @given(ARRAYS, ARRAYS, st.booleans())
    def write_and_read(first, second, by_columns):
        first = np.asfortranarray(first) if by_columns else first
        written = {"first": first, "b_2.x-y": second}
        save(path, **written)
        found = read_npz(path)
        assert list(found) == list(written)
        assert read_shapes(path) == {name: array.shape for name, array in written.items()}
        for name, array in written.items():
            assert found[name].dtype == array.dtype
            assert found[name].tobytes() == array.tobytes()
            assert found[name].shape == array.shape

    write_and_read()


def test_an_array_of_many_chunks_and_a_large_archive(tmp_path):
    written = np.random.default_rng(0).normal(size=(700, 1000))  # 5.6 MB
    np.savez_compressed(tmp_path / "x.npz", a=written, b=np.zeros(10**6))
    found = read_npz(tmp_path / "x.npz")
    np.testing.assert_array_equal(found["a"], written)
    assert not found["b"].any()


def test_zip64(tmp_path):
    """As `numpy.savez` writes every member, but with the long form in the directory too."""
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        with archive.open("a.npy", "w", force_zip64=True) as member:
            member.write(npy())
        archive.comment = b"of 12 bytes"
    np.testing.assert_array_equal(read_npz(tmp_path / "x.npz")["a"], np.arange(8.0))


HEADERS = {
    "NumPy's": "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }      \n",
    "Python 2's": "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 4L), }\n",
    "without spaces": "{'descr':'<f8','fortran_order':False,'shape':(2,4)}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers_of_other_writers(tmp_path, header):
    write_zip(tmp_path / "x.npz", {"a.npy": npy(header=header)})
    found = read_npz(tmp_path / "x.npz")["a"]
    np.testing.assert_array_equal(found, np.arange(8.0).reshape(2, 4))


@pytest.mark.parametrize("read", [read_npz, read_shapes])
def test_no_such_file(tmp_path, read):
    with pytest.raises(SourceError, match=r"x\.npz: no such file"):
        read(tmp_path / "x.npz")


@pytest.mark.parametrize(("make", "complaint"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_one_clear_error(tmp_path, make, complaint):
    path = tmp_path / f"{make.__name__}.npz"
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError) as caught:
            read_npz(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.startswith(str(path))
    assert re.search(complaint, message), message
    assert message.isprintable()
    assert len(message) < 700
    # "less_than_was_declared" reserves 100 MB that its compressed bytes could be.
    assert peak < 110 * 2**20
    assert peak < 10 * 2**20 or make.__name__ == "less_than_was_declared"
    assert not (tmp_path / MARKER).exists()


def test_all_arrays_together_are_bounded(tmp_path, monkeypatch):
    write_zip(tmp_path / "x.npz", {f"{name}.npy": npy() for name in "abc"})
    monkeypatch.setattr(npz_members, "MAX_FILE_BYTES", 3 * len(npy()) - 1)
    with pytest.raises(SourceError, match="of arrays, and at most"):
        read_npz(tmp_path / "x.npz")


@pytest.mark.parametrize("save", SAVES)
def test_damaged_files(tmp_path, save):
    """Whatever bytes are damaged, the arrays are those that were written, or it is an error."""
    path = tmp_path / "x.npz"
    written = {
        "number": np.arange(12.0).reshape(3, 4),
        "text": np.array(["word", "wörd"]),
        "whole": np.arange(5),
    }
    save(path, **written)
    outcomes = {True: 0, False: 0}

    @SEEDED
    @given(damaged(path.read_bytes()))
    def read_damaged(data):
        path.write_bytes(data)
        try:
            found, message = read_npz(path), str(path)
        except SourceError as error:
            found, message = {}, str(error)
        assert message.startswith(str(path))
        assert message.isprintable()
        for name in set(found) & set(written):
            np.testing.assert_array_equal(found[name], written[name])
        outcomes[bool(found)] += 1

    read_damaged()
    assert min(outcomes.values()) > 3
