"""The heaps in which HDF5 keeps the names in a group, checked before HDF5 reads them.

HDF5 (1.14) follows the list of a heap's free blocks wherever it leads: where it leads back, HDF5
allocates for ever, and no signal reaches it. One changed byte is enough. So all such lists in the
file are followed here first.

A heap is the signature `HEAP`, a version (0) and three bytes kept free, the size of its data (8),
the place of the first free block in them (8) and their address in the file (8). A free block
begins with the place of the next one (8), or 1 where there is none. All numbers are little-endian.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from rmfn_tf.datasets.sources.errors import SourceError

MAX_FILE_BYTES = 2**35  # the largest published computational sequence has 15 GB

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP_SIGNATURE = b"HEAP\0"
_HEAP = struct.Struct("<4sB3xQQQ")
_NO_BLOCK = 1
_SMALLEST_BLOCK = 16
_PIECE_BYTES = 2**20


def check_local_heaps(path: Path) -> None:
    """Refuses a file that HDF5 might not come back from.

    Raises:
        SourceError: the file is larger than `MAX_FILE_BYTES`, is not HDF5 with addresses of 8
            bytes from its very beginning, or a list of free blocks in it goes round in circles.
    """
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise SourceError.at(
            path,
            found=f"{size:,} bytes",
            mend=f"No more than {MAX_FILE_BYTES:,} are read: the file cannot be what it claims",
        )
    with path.open("rb") as stream:
        if not _is_plain_hdf5(stream.read(16)):
            raise SourceError.at(
                path,
                found="not readable as HDF5 (it does not begin as such a file does)",
                mend="The file is cut off, damaged or of another format: copy it afresh",
            )
        ends = _free_lists_end(stream.fileno(), size)
    if not ends:
        raise SourceError.at(
            path,
            found="not readable as HDF5 (a list of free blocks without an end)",
            mend="The file is damaged: copy it afresh",
        )


def _is_plain_hdf5(start: bytes) -> bool:
    """Whether the file begins as HDF5, with 8 bytes for addresses and for lengths."""
    if len(start) < 16 or not start.startswith(_SIGNATURE):
        return False
    sizes = start[13:15] if start[8] < 2 else start[9:11]
    return sizes == b"\x08\x08"


def _free_lists_end(file: int, file_bytes: int) -> bool:
    """Whether the free blocks of all heaps together are no more than the file has room for."""
    left = file_bytes // _SMALLEST_BLOCK
    for size, block, address in _find_heaps(file):
        mark, steps = _NO_BLOCK, 0
        # HDF5 itself refuses a block outside of the heap, or a heap outside of the file.
        while block < size and block != _NO_BLOCK and address + block + 8 <= file_bytes:
            steps += 1
            if block == mark or steps > left:
                return False
            if steps & (steps - 1) == 0:  # at ever longer distances: any circle comes to hold it
                mark = block
            block = int.from_bytes(os.pread(file, 8, address + block), "little")
        left -= steps
    return True


def _find_heaps(file: int) -> Iterator[tuple[int, int, int]]:
    """For each heap the size of its data, the place of its first free block, and their address.

    Read piece by piece: what is mapped or held of a file counts as memory of the process.
    """
    start = 0
    # The pieces overlap, so that a heap that begins in one is whole in it.
    while piece := os.pread(file, _PIECE_BYTES + _HEAP.size - 1, start):
        place = piece.find(_HEAP_SIGNATURE)
        while 0 <= place < _PIECE_BYTES and place + _HEAP.size <= len(piece):
            _, _, size, block, address = _HEAP.unpack_from(piece, place)
            yield size, block, address
            place = piece.find(_HEAP_SIGNATURE, place + 1)
        start += _PIECE_BYTES
