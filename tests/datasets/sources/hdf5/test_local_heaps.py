"""The search for lists of free blocks that never end: the same answer however it is read."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5 import local_heaps
from rmfn_tf.datasets.sources.hdf5.local_heaps import check_local_heaps
from support.csd_files import make_videos, write_csd
from support.hostile_csds import endless_free_list
from support.limited_reading import read_with_limits

START = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0])  # of a file, all that is looked at
PIECE = 2**20


def heap(size: int, block: int, address: int) -> bytes:
    return struct.pack("<4sB3sQQQ", b"HEAP", 0, b"\1\2\3", size, block, address)


def accepts(path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    try:
        check_local_heaps(path)
    except SourceError as error:
        return "a list of free blocks without an end" not in str(error)
    return True


def ends(data: bytes) -> bool:
    """The same in so many words, with the whole file at hand."""
    left, place = len(data) // 16, data.find(b"HEAP\0")
    while 0 <= place <= len(data) - 32:
        size, block, address = struct.unpack_from("<QQQ", data, place + 8)
        while block < size and block != 1 and address + block + 8 <= len(data):
            left -= 1
            if left < 0:
                return False
            (block,) = struct.unpack_from("<Q", data, address + block)
        place = data.find(b"HEAP\0", place + 1)
    return True


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Heaps between numbers that lead from one to another, out of the heap, or round."""
    blocks = st.integers(0, 12).map(lambda number: (8 * number).to_bytes(8, "little"))
    heaps = st.builds(heap, st.integers(0, 200), st.integers(0, 99), st.integers(0, 300))
    parts = st.lists(st.one_of(blocks, blocks, heaps, st.sampled_from([b"HEAP", b"HEA", b"\1"])))
    return START + b"".join(draw(parts))


@settings(max_examples=400, derandomize=True)
@given(data=files(), piece=st.integers(1, 80))
def test_pieces_of_any_size_give_the_same_answer(tmp_path, monkeypatch, data, piece):
    monkeypatch.setattr(local_heaps, "_PIECE_BYTES", piece)
    assert accepts(tmp_path / "x.h5", data) == ends(data)


@pytest.mark.parametrize("before", [-1, 0, 1, 3, 4, 5, 16, 31, 32, 33])
@pytest.mark.parametrize("block", [8, 1], ids=["leads to itself", "none"])
def test_a_heap_across_the_seam_of_two_pieces(tmp_path, before, block):
    data = bytearray(START.ljust(PIECE + 100, b"\0"))
    data[PIECE - before : PIECE - before + 32] = heap(64, block, 16)
    data[24:32] = (8).to_bytes(8, "little")
    assert accepts(tmp_path / "x.h5", bytes(data)) == (block == 1)


@pytest.mark.parametrize("tail", [0, 1, 5, 300])
@pytest.mark.parametrize("circle", [0, 1, 2, 7, 64, 300])
def test_a_circle_is_found_before_the_file_is_full_of_steps(tmp_path, monkeypatch, tail, circle):
    """A file of 16 MB has room for a million blocks; that many steps would take seconds."""
    numbers = [*range(8, 8 * (tail + circle), 8), 8 * tail if circle else 1]
    blocks = struct.pack(f"<{len(numbers)}Q", *numbers)
    data = START + heap(len(blocks), 0, 48) + blocks + bytes(2**24)
    steps = []
    read = os.pread
    monkeypatch.setattr(os, "pread", lambda *place: steps.append(place) or read(*place))
    assert accepts(tmp_path / "x.h5", data) == (circle == 0)
    assert len(steps) < 50 + 4 * (tail + circle)


@pytest.mark.parametrize(("num_heaps", "accepted"), [(1, True), (2, False)])
def test_the_blocks_of_all_heaps_are_counted_together(tmp_path, num_heaps, accepted):
    """One list, ended, that many heaps share: following it for each could take for ever."""
    blocks = b"".join(struct.pack("<QQ", 16 * number, 0) for number in range(1, 50))
    blocks += struct.pack("<QQ", 1, 0)
    data = START + blocks + heap(len(blocks), 0, len(START)) * num_heaps
    assert accepts(tmp_path / "x.h5", data) == ends(data) == accepted


def test_a_list_that_leads_to_itself_in_a_real_file(tmp_path):
    endless_free_list(tmp_path / "bad.csd")
    with pytest.raises(SourceError, match="a list of free blocks without an end"):
        check_local_heaps(tmp_path / "bad.csd")
    check_local_heaps(write_csd(tmp_path / "good.csd", make_videos()))


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = write_csd(tmp_path / "long.csd", make_videos())
    with path.open("r+b") as stream:
        stream.truncate(2**28)  # takes no room: nothing is written
    outcome = read_with_limits([path])["long.csd"]
    assert outcome["error"] is None
    assert outcome["megabytes"] < 50
