"""Whatever an array's type, shape, chunks and filters, ours has the bits that h5py reads."""

import zlib
from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.declaration import BYTES, NUMBERS, check_declaration
from rmfn_tf.datasets.sources.hdf5.reading import errors_as_source_error, open_file
from rmfn_tf.datasets.sources.hdf5.values import read_values

DTYPES = ["<f4", ">f4", "<f8", "<f2", "i2", ">i2", "i4", "u1", "S5", "S1"]
SHUFFLED_BY_H5PY = {"chunks": (3, 2), "compression": "gzip", "shuffle": True}


def read(path: Path) -> np.ndarray:
    with errors_as_source_error(path, "a"), open_file(path) as file:
        values = BYTES if file["a"].dtype.kind == "S" else NUMBERS
        check_declaration(path, "a", file["a"], values)
        return read_values(path, "a", file["a"])


def read_with_h5py(path: Path) -> np.ndarray:
    with h5py.File(path) as file:
        return file["a"][()]


def assert_same_bits(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == theirs.dtype
    assert ours.dtype.byteorder == theirs.dtype.byteorder
    assert ours.shape == theirs.shape
    assert ours.tobytes() == theirs.tobytes()
    assert ours.flags.c_contiguous
    assert ours.flags.writeable


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Any bits: NaNs of every kind, bytes behind the end of a string; runs, that gzip packs."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    size = int(np.prod(shape)) * dtype.itemsize
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = np.repeat(rng.integers(0, 256, size, np.uint8), draw(st.sampled_from([1, 7])))[:size]
    return np.frombuffer(values.tobytes(), dtype).reshape(shape)


@st.composite
def filters(draw: st.DrawFn) -> dict:
    packed = draw(st.sampled_from([None, *range(10)]))
    return {
        "compression": packed if packed is None else "gzip",
        "compression_opts": packed,
        "shuffle": draw(st.booleans()),
        "fletcher32": draw(st.sampled_from([False, False, True])),
    }


@settings(max_examples=200, derandomize=True)
@given(data=st.data(), array=arrays(), options=filters())
def test_any_array_has_the_bits_that_h5py_reads(tmp_path, data, array, options):
    path = tmp_path / "x.h5"
    chunks = tuple(data.draw(st.integers(1, size + 2)) for size in array.shape)
    with h5py.File(path, "w", libver=data.draw(st.sampled_from(["earliest", "latest"]))) as file:
        room = tuple(None if data.draw(st.booleans()) else 99 for _ in array.shape)
        dataset = file.create_dataset("a", data=array, chunks=chunks, maxshape=room, **options)
        for place in product(*map(range, (0,) * array.ndim, array.shape, chunks)):
            if data.draw(st.booleans()):
                write_without_some_filters(dataset, place, data)
    assert_same_bits(read(path), read_with_h5py(path))


def write_without_some_filters(
    dataset: h5py.Dataset, place: tuple[int, ...], data: st.DataObject
) -> None:
    """One chunk afresh, as a library may that finds no filter worth its while: gzip or none."""
    plan = dataset.id.get_create_plist()
    used = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    chunk_bytes = int(np.prod(dataset.chunks)) * dataset.dtype.itemsize
    values = np.random.default_rng(place).bytes(chunk_bytes)
    only_gzip = h5py.h5z.FILTER_DEFLATE in used and data.draw(st.booleans())
    kept = h5py.h5z.FILTER_DEFLATE if only_gzip else None
    mask = sum(1 << bit for bit, each in enumerate(used) if each != kept)
    dataset.id.write_direct_chunk(place, zlib.compress(values) if only_gzip else values, mask)


def forbid(*arguments: object) -> None:
    raise AssertionError("not the way this array was to be read")


@pytest.mark.parametrize(
    "options",
    [{}, SHUFFLED_BY_H5PY, {"chunks": (3, 2), "compression": 9}],
    ids=["contiguous", "shuffled", "packed"],
)
def test_a_chunk_is_unpacked_once(tmp_path, monkeypatch, options):
    """Not checked first and then read by HDF5, which took twice the time."""
    array = np.arange(40, dtype="f4").reshape(8, 5)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("a", data=array, **options)
    monkeypatch.setattr("rmfn_tf.datasets.sources.hdf5.values.check_chunks", forbid)
    np.testing.assert_array_equal(read(tmp_path / "x.h5"), array)


def a_type(kind: str) -> h5py.h5t.TypeID:
    """Types of which NumPy has the values, and not the bits."""
    made: h5py.h5t.TypeID = {
        "twelve bits": h5py.h5t.STD_I16LE.copy(),
        "ends by zero": h5py.h5t.C_S1.copy(),
        "padded by blanks": h5py.h5t.FORTRAN_S1.copy(),
        "other exponent": h5py.h5t.IEEE_F32LE.copy(),
        "in UTF-8": h5py.h5t.py_create(h5py.string_dtype(length=6), logical=True),
    }[kind]
    if kind == "twelve bits":
        made.set_precision(12)
        made.set_offset(2)
    elif kind == "other exponent":
        made.set_ebias(120)
    else:
        made.set_size(6)
    return made


@pytest.mark.parametrize(
    "kind", ["twelve bits", "ends by zero", "padded by blanks", "other exponent", "in UTF-8"]
)
def test_what_numpy_has_not_is_converted_by_hdf5(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("rmfn_tf.datasets.sources.hdf5.values.unpack_chunks", forbid)
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4,))
    plan.set_deflate(4)
    is_number = kind in ("twelve bits", "other exponent")
    encoding = "utf-8" if kind == "in UTF-8" else "ascii"
    words = np.array([b"ab", b"c  ", b"", b"defgh"] * 2, h5py.string_dtype(encoding, 6))
    values = np.arange(8.0) if is_number else words
    with h5py.File(tmp_path / "x.h5", "w") as file:
        space = h5py.h5s.create_simple((8,))
        dataset = h5py.h5d.create(file.id, b"a", a_type(kind), space, plan)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
    assert_same_bits(read(tmp_path / "x.h5"), read_with_h5py(tmp_path / "x.h5"))


def test_values_shuffled_in_another_size_are_left_to_hdf5(tmp_path, monkeypatch):
    """The filter has the size for itself: a file can shuffle pairs of numbers as one."""
    path = tmp_path / "x.h5"
    array = np.arange(8, dtype="f4")
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=array, chunks=(4,), compression="gzip", shuffle=True)
    whole = path.read_bytes()
    message = bytes([2, 0]) + bytes([8, 0]) + bytes([1, 0]) + bytes([1, 0]) + b"shuffle\0"
    assert whole.count(message) == 1
    place = whole.index(message) + len(message)
    assert whole[place] == 4
    path.write_bytes(whole[:place] + b"\x08" + whole[place + 1 :])
    monkeypatch.setattr("rmfn_tf.datasets.sources.hdf5.values.unpack_chunks", forbid)
    assert_same_bits(read(path), read_with_h5py(path))


@pytest.mark.parametrize("room", [(3, None), (None, 3), (None, None), (9, 9)])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_arrays_that_can_grow(tmp_path, libver, room):
    """Where the last dimension alone can, HDF5 1.14 lists each chunk with row and column swapped.

    In a square of chunks, all places then are places of the array, and the array is turned.
    """
    array = np.arange(9, dtype="f4").reshape(3, 3)
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        file.create_dataset("a", data=array, chunks=(1, 1), maxshape=room, compression="gzip")
    np.testing.assert_array_equal(read(tmp_path / "x.h5"), array)


@pytest.mark.parametrize("checksum_first", [False, True])
def test_a_checksum_beside_gzip_is_verified(tmp_path, checksum_first):
    path = tmp_path / "x.h5"
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 3))
    for set_filter in ("set_fletcher32", "set_deflate")[:: 1 if checksum_first else -1]:
        getattr(plan, set_filter)(*([4] if set_filter == "set_deflate" else []))
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((2, 3))
        dataset = h5py.h5d.create(file.id, b"a", h5py.h5t.IEEE_F64LE, space, plan)
        h5py.Dataset(dataset)[:] = 1.0
        packed = dataset.read_direct_chunk((0, 0))[1]
    assert_same_bits(read(path), np.ones((2, 3)))
    with h5py.File(path, "r+") as file:
        if checksum_first:
            wrong = bytearray(zlib.decompress(packed))
            wrong[-1] ^= 1
            packed = zlib.compress(bytes(wrong))
        else:
            packed = packed[:-1] + bytes([packed[-1] ^ 1])
        file["a"].id.write_direct_chunk((0, 0), packed)
    with pytest.raises(SourceError, match="key 'a': not readable as HDF5"):
        read(path)
