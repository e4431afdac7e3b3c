"""The heaps in which HDF5 keeps the names in a group, checked before HDF5 reads them.

HDF5 (1.14) follows the list of a heap's free blocks wherever it leads: where it leads back, HDF5
allocates for ever, and no signal reaches it. One changed byte is enough. So all such lists in the
file are followed here first.

A heap is the signature `HEAP`, a version (0) and three bytes kept free, the size of its data (8),
the place of the first free block in them (8) and their address in the file (8). A free block
begins with the place of the next one (8), or 1 where there is none. All numbers are little-endian.
"""

import struct
from mmap import ACCESS_READ, mmap
from pathlib import Path

from rmfn_tf.datasets.sources.errors import SourceError

MAX_FILE_BYTES = 2**35  # the largest published computational sequence has 15 GB

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HEAP = struct.Struct("<4sB3xQQQ")
_PLACE = struct.Struct("<Q")
_NO_BLOCK = 1
_SMALLEST_BLOCK = 16


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
        with mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
            ends = _free_lists_end(data)
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


def _free_lists_end(data: mmap) -> bool:
    """Whether the free blocks of all heaps together are no more than the file has room for."""
    left = len(data) // _SMALLEST_BLOCK
    place = data.find(b"HEAP\0")
    while 0 <= place <= len(data) - _HEAP.size:
        _, _, size, block, address = _HEAP.unpack_from(data, place)
        # HDF5 itself refuses a block outside of the heap, or a heap outside of the file.
        while block < size and block != _NO_BLOCK and address + block + 8 <= len(data):
            left -= 1
            if left < 0:
                return False
            (block,) = _PLACE.unpack_from(data, address + block)
        place = data.find(b"HEAP\0", place + 1)
    return True
