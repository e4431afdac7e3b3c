"""One string of variable length out of HDF5's global heap, read without HDF5.

HDF5 (1.14) was seen to loop for ever, where no signal reaches it, over a heap whose bytes are
damaged, and it allocates whatever length is written there. The format is small: the data set
holds the string's length (4 bytes), the address of a heap (8) and the number of an object in it
(4). The heap is the signature `GCOL`, a version and three bytes kept free, its size (8), and then
objects: number (2), reference count (2), four bytes kept free, size (8), and the object's bytes up
to a multiple of 8. All numbers are little-endian.
"""

import struct
from typing import BinaryIO

_REFERENCE = struct.Struct("<IQI")
_HEAP = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_MAX_HEAP_BYTES = 2**20


def read_heap_string(stream: BinaryIO, place: int, max_bytes: int) -> bytes | None:
    """The bytes of a string.

    Args:
        stream: the file, open for reading bytes.
        place: where in the file the data set holds its reference.
        max_bytes: the longest string that is read.

    Returns:
        The string's bytes; None where nothing of that form lies there, or a longer one.
    """
    reference = _unpack(_REFERENCE, _read_at(stream, place, _REFERENCE.size))
    if reference is None or reference[0] > max_bytes:
        return None
    length, address, number = reference
    header = _unpack(_HEAP, _read_at(stream, address, _HEAP.size))
    if header is None or header[0] != b"GCOL" or header[2] > _MAX_HEAP_BYTES:
        return None
    heap = _read_at(stream, address, header[2])
    text = _find_object(heap, number)
    return None if text is None or len(text) < length else text[:length]


def _find_object(heap: bytes, number: int) -> bytes | None:
    start = _HEAP.size
    while start + _OBJECT.size <= len(heap):
        held, _, size = _OBJECT.unpack_from(heap, start)
        start += _OBJECT.size
        if held == number:
            return heap[start : start + size]
        start += -(-size // 8) * 8
    return None


def _unpack(form: struct.Struct, data: bytes) -> tuple | None:
    return form.unpack(data) if len(data) == form.size else None


def _read_at(stream: BinaryIO, place: int, size: int) -> bytes:
    if place >= 2**63:  # farther than any file reaches
        return b""
    stream.seek(place)
    return stream.read(size)
