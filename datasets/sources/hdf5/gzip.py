"""Unpacking what gzip packed into a place of fixed size."""

import zlib

_PIECE_BYTES = 2**18  # what is held beside the place itself


def unpacks_to(packed: bytes, place: bytearray) -> bool:
    """Unpacks into `place`, and never beyond it.

    Args:
        packed: a stream of zlib's format; what follows its end is left alone, as HDF5 does.
        place: takes the bytes. Where the answer is no, what it then holds is of no use.

    Returns:
        Whether the stream is whole, its checksum right, and its bytes fill `place` exactly.
    """
    unpacker = zlib.decompressobj()
    filled, rest = 0, packed
    while not unpacker.eof:
        # One byte more than there is room for shows that the stream goes on.
        room = min(len(place) - filled + 1, _PIECE_BYTES)
        try:
            piece = unpacker.decompress(rest, room)
        except zlib.error:
            return False
        if not piece:
            break  # cut off, or nothing left but the checksum
        if filled + len(piece) > len(place):
            return False
        place[filled : filled + len(piece)] = piece
        filled, rest = filled + len(piece), unpacker.unconsumed_tail
    return unpacker.eof and filled == len(place)
