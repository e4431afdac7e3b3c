"""Packed chunks that are not what they must be: one clear error each, whoever unpacks them."""

import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5 import unpacking
from rmfn_tf.datasets.sources.hdf5.reading import read_array


@pytest.fixture(params=[1, 3], ids=["one thread", "three threads"], autouse=True)
def threads(request, monkeypatch):
    """These files are too small to get several threads by themselves."""
    monkeypatch.setattr(unpacking, "_count_threads", lambda packed, chunks: request.param)


def write_packed(path: Path, rows: int = 4) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=np.ones((rows, 3)), chunks=(2, 3), compression="gzip")


def too_long(chunk: bytes) -> bytes:
    return zlib.compress(bytes(49))


def much_too_long(chunk: bytes) -> bytes:
    return zlib.compress(bytes(2**20))


def too_short(chunk: bytes) -> bytes:
    return zlib.compress(bytes(47))


def empty_stream(chunk: bytes) -> bytes:
    return zlib.compress(b"")


def cut_off(chunk: bytes) -> bytes:
    return zlib.compress(bytes(range(48)))[:-9]


def without_checksum(chunk: bytes) -> bytes:
    return zlib.compress(bytes(48))[:-4]


def wrong_checksum(chunk: bytes) -> bytes:
    packed = bytearray(zlib.compress(bytes(48)))
    packed[-1] ^= 1
    return bytes(packed)


def no_stream(chunk: bytes) -> bytes:
    return bytes(30)


def much_behind_the_end(chunk: bytes) -> bytes:
    return zlib.compress(bytes(48)) + bytes(200)


CHUNKS = [
    too_long,
    much_too_long,
    too_short,
    empty_stream,
    cut_off,
    without_checksum,
    wrong_checksum,
    no_stream,
    much_behind_the_end,
]


def test_every_chunk_comes_to_its_place(tmp_path):
    values = np.random.default_rng(0).normal(size=(23, 7))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("a", data=values, chunks=(4, 3), compression="gzip", shuffle=True)
    np.testing.assert_array_equal(read_array(tmp_path / "x.h5", "a"), values)


@pytest.mark.parametrize("checksum", [False, True], ids=["here", "by HDF5"])
@pytest.mark.parametrize("make", CHUNKS)
def test_a_chunk_that_is_not_what_it_must_be(tmp_path, make, checksum):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(
            "a",
            data=np.ones((6, 3)),
            chunks=(2, 3),
            compression="gzip",
            fletcher32=checksum,
        )
        # The mask says that this one has no checksum; the others have.
        filters = [dataset.id.get_create_plist().get_filter(i)[0] for i in range(1 + checksum)]
        mask = 1 << filters.index(h5py.h5z.FILTER_FLETCHER32) if checksum else 0
        dataset.id.write_direct_chunk((2, 0), make(b""), mask)
    complaint = r"key 'a': a chunk at \(2, 0\) that holds another number of bytes than the 48"
    with pytest.raises(SourceError, match=complaint):
        read_array(path, "a")


def test_a_stream_with_a_few_bytes_behind_it_is_taken(tmp_path):
    """HDF5 takes it: what follows the end of a stream is no part of it."""
    path = tmp_path / "x.h5"
    write_packed(path)
    with h5py.File(path, "r+") as file:
        file["a"].id.write_direct_chunk((2, 0), zlib.compress(bytes(48)) + b"behind")
    np.testing.assert_array_equal(read_array(path, "a"), [[1] * 3] * 2 + [[0] * 3] * 2)


@pytest.mark.parametrize("size", [47, 49])
def test_a_chunk_left_unpacked_of_another_size(tmp_path, size):
    path = tmp_path / "x.h5"
    write_packed(path)
    with h5py.File(path, "r+") as file:
        file["a"].id.write_direct_chunk((2, 0), bytes(size), 1)
    with pytest.raises(SourceError, match=r"a chunk at \(2, 0\) that holds another number"):
        read_array(path, "a")


def test_two_chunks_that_claim_one_place(tmp_path):
    """HDF5 takes one of them, and for the place left empty gives numbers nobody wrote."""
    path = tmp_path / "x.h5"
    write_packed(path)
    whole = bytearray(path.read_bytes())
    # A key of the B-tree: packed bytes and mask (4 each), then the first value's place (8 each).
    second = (2).to_bytes(8, "little") + bytes(16)
    places = [i for i in range(len(whole)) if whole[i : i + 24] == second]
    tree = whole.index(b"TREE\x01")
    (place,) = [i for i in places if i > tree]
    whole[place] = 0
    path.write_bytes(whole)
    with pytest.raises(SourceError, match="chunks that claim one place"):
        read_array(path, "a")


def test_a_chunk_that_lies_behind_the_end_of_the_file(tmp_path):
    path = tmp_path / "x.h5"
    write_packed(path)
    with h5py.File(path) as file:
        address = file["a"].id.get_chunk_info(1).byte_offset.to_bytes(8, "little")
    whole = path.read_bytes()
    assert whole.count(address) == 1
    for elsewhere in (len(whole) - 5, 2**40, 2**63, 2**64 - 2):
        path.write_bytes(whole.replace(address, elsewhere.to_bytes(8, "little")))
        with pytest.raises(SourceError, match="key 'a'"):
            read_array(path, "a")
