"""Hostile and broken files: one clear error each, and nothing is allocated for them."""

import os
import tracemalloc
import zlib
from itertools import permutations

import h5py
import numpy as np
import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5 import chunks
from rmfn_tf.datasets.sources.hdf5.declaration import MAX_ARRAY_BYTES
from rmfn_tf.datasets.sources.hdf5.reading import list_names, read_array
from support.hostile_csds import pack_zeros


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "i1", "u8"])
@pytest.mark.parametrize("options", [{}, {"chunks": (2, 1)}, {"compression": "gzip"}])
def test_numbers_of_every_kind(tmp_path, dtype, options):
    expected = np.arange(6).reshape(3, 2).astype(dtype)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("d1", data=expected, **options)
    array = read_array(tmp_path / "x.h5", "d1", rank=2)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, expected)


FILTERS = ["set_shuffle", "set_fletcher32", "set_deflate"]


@pytest.mark.parametrize("order", list(permutations(FILTERS)))
def test_filters_in_any_order(tmp_path, order):
    """The checksum takes four bytes, before or after; shuffling what is packed is of no use."""
    expected = np.random.default_rng(0).normal(size=(7, 3))
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((3, 2))
    for name in order:
        getattr(plan, name)(*([4] if name == "set_deflate" else []))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        space = h5py.h5s.create_simple(expected.shape)
        dataset = h5py.h5d.create(file.id, b"d1", h5py.h5t.IEEE_F64LE, space, plan)
        h5py.Dataset(dataset)[:] = expected
    if order.index("set_shuffle") < order.index("set_deflate"):
        np.testing.assert_array_equal(read_array(tmp_path / "x.h5", "d1", rank=2), expected)
    else:
        with pytest.raises(SourceError, match="packed by the filters"):
            read_array(tmp_path / "x.h5", "d1", rank=2)


def test_no_more_chunks_are_looked_at_than_any_file_needs(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("d1", data=np.ones((5, 2)), chunks=(1, 2))
    monkeypatch.setattr(chunks, "MAX_CHUNKS", 4)
    with pytest.raises(SourceError, match=r"5 chunks declared.*more than 4 chunks"):
        read_array(tmp_path / "x.h5", "d1")


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_no_more_names_are_listed_than_asked_for(tmp_path, libver):
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        for number in range(30):
            file.create_group(f"{number}")
        assert len(list_names(file, 5)) == 6
        assert sorted(list_names(file, 30)) == sorted(b"%d" % number for number in range(30))


def nothing_there(path):
    pass


def a_folder(path):
    path.mkdir()


def a_pipe(path):
    os.mkfifo(path)  # opening it would wait for a writer, for ever


def empty(path):
    path.write_bytes(b"")


def not_hdf5(path):
    path.write_bytes(b"PK\x03\x04" + bytes(5000))


def no_such_key(path):
    with h5py.File(path, "w") as file:
        for number in range(7):
            file[f"key\n{number}"] = 1.0


def group(path):
    with h5py.File(path, "w") as file:
        file.create_group("d1")


def named_type(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.dtype("f8")


def soft_link(path):
    with h5py.File(path, "w") as file:
        file["d1"] = h5py.SoftLink("/d1")


def external_link(path):
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["x"] = np.ones((2, 3))
    with h5py.File(path, "w") as file:
        file["d1"] = h5py.ExternalLink("other.h5", "/x")


def virtual(path):
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["x"] = np.ones((2, 3))
    layout = h5py.VirtualLayout(shape=(2, 3), dtype="f8")
    layout[:] = h5py.VirtualSource(path.with_name("other.h5"), "x", shape=(2, 3))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("d1", layout)


def external_storage(path):
    raw = path.with_name("secret.bin")
    raw.write_bytes(bytes(48))
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", (2, 3), "f8", external=[(str(raw), 0, 48)])


def text(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.array([["a", "b"]], dtype=h5py.string_dtype())


def compound(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.zeros((2, 3), [("a", "f4"), ("b", "i4")])


def complex_numbers(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.ones((2, 3), "c16")


def booleans(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.ones((2, 3), bool)


def references(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", (2, 3), h5py.ref_dtype)


def rank_one(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.ones(3)


def no_rows(path):
    with h5py.File(path, "w") as file:
        file["d1"] = np.ones((0, 3))


def null_space(path):
    with h5py.File(path, "w") as file:
        file["d1"] = h5py.Empty("f8")


def shape_bomb(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", (2**40, 2**20), "f8", chunks=(2, 2))


def mostly_unwritten(path):
    with h5py.File(path, "w") as file:
        data = file.create_dataset(
            "d1", (MAX_ARRAY_BYTES // 8 + 1, 1), "f8", chunks=(2**16, 1), compression="gzip"
        )
        data[:2] = 1.0  # the rest is never written, and would be read as zeros


def many_mostly_empty_chunks(path):
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "d1", (2**10, 1), "f8", maxshape=(None, None), chunks=(1, 2**18), compression="gzip"
        )


def gzip_bomb(path):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("d1", (2, 2**16), "f8", chunks=(2, 2**16), compression="gzip")
        data[:] = 1.0
        data.id.write_direct_chunk((0, 0), pack_zeros(64))


def packed_to_more_than_it_was(path):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("d1", (2, 2**16), "f8", chunks=(2, 2**16), compression="gzip")
        data[:] = 1.0
        data.id.write_direct_chunk((0, 0), zlib.compress(bytes(2**20)) + bytes(2**22))


def gzip_twice(path):
    """Packed twice, a megabyte can make a terabyte; only the outer one could be counted."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 3))
    plan.set_deflate(4)
    plan.set_deflate(4)
    with h5py.File(path, "w") as file:
        space = h5py.h5s.create_simple((2, 3))
        data = h5py.h5d.create(file.id, b"d1", h5py.h5t.IEEE_F64LE, space, plan)
        h5py.Dataset(data)[:] = 1.0


def chunk_bomb(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", (2, 3), "f8", maxshape=(None, None), chunks=(2**14, 2**14))


def never_written(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", (2, 3), "f8", chunks=(1, 3))


CASES = [
    (nothing_there, "no such file"),
    (a_folder, "no such file"),
    (a_pipe, "no such file"),
    (empty, "not readable as HDF5"),
    (not_hdf5, "not readable as HDF5"),
    (no_such_key, r"no such key; it holds 'key\\n0', .*, \.\.\."),
    (group, "a Group, not an array"),
    (named_type, "a Datatype, not an array"),
    (soft_link, "a link to elsewhere"),
    (external_link, "a link to elsewhere"),
    (virtual, "stored in other files"),
    (external_storage, "stored in other files"),
    (text, "values of type string of variable length"),
    (compound, "values of type compound"),
    (complex_numbers, "values of type compound"),
    (booleans, "values of type enumeration"),
    (references, "values of type reference"),
    (rank_one, r"shape \(3,\)"),
    (no_rows, r"shape \(0, 3\)\. It must have 2 dimensions"),
    (null_space, "shape None"),
    (shape_bomb, "a declared size"),
    (mostly_unwritten, "a declared size"),
    (many_mostly_empty_chunks, "a declared size of 2,147,483,648 bytes"),
    (gzip_bomb, "another number of bytes than the 1,048,576 declared"),
    (packed_to_more_than_it_was, "another number of bytes than the 1,048,576 declared"),
    (gzip_twice, r"packed by the filters \[1, 1\]"),
    (chunk_bomb, "a declared size"),
    (never_written, "no values were ever written"),
]


@pytest.mark.parametrize(("make", "complaint"), CASES, ids=[case[0].__name__ for case in CASES])
def test_one_clear_error(tmp_path, make, complaint):
    path = tmp_path / "audio_train.h5"
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=complaint) as caught:
            read_array(path, "d1", rank=2)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    if "not readable as HDF5 (it does not begin" not in message and path.is_file():
        assert "key 'd1'" in message


@pytest.mark.parametrize("options", [{}, {"chunks": (1, 1), "compression": "gzip"}])
def test_a_file_cut_off_anywhere(tmp_path, options):
    path = tmp_path / "x.h5"
    array = np.random.default_rng(0).normal(size=(40, 3))
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", data=array, **options)
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 25).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(SourceError, match="not readable as HDF5"):
            read_array(path, "d1", rank=2)


def test_damaged_bytes_give_no_other_error(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", data=np.ones((8, 3)), chunks=(2, 3), compression="gzip")
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 4):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_array(path, "d1", rank=2)
        except SourceError:
            refused += 1
    assert refused > 30
