"""The chunks in which HDF5 stores an array, checked before HDF5 unpacks them.

HDF5's own gzip filter unpacks whatever a chunk holds, without regard to the size that the chunk
was declared to have: a file of 1 MB was seen to take 1 GB of memory. So every packed chunk is
unpacked here first, piece by piece and only as far as it may reach.
"""

import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import h5py

from rmfn_tf.datasets.sources.errors import SourceError

MAX_CHUNKS = 2**20
_PIECE_BYTES = 2**20
_CHECKSUM_BYTES = 4

_GZIP, _SHUFFLE, _CHECKSUM = (
    h5py.h5z.FILTER_DEFLATE,
    h5py.h5z.FILTER_SHUFFLE,
    h5py.h5z.FILTER_FLETCHER32,
)


def padded_shape(shape: Sequence[int], chunks: Sequence[int] | None) -> tuple[int, ...]:
    """The shape with every dimension rounded up to whole chunks; no dimension counts as 0."""
    sides = chunks or (1,) * len(shape)
    return tuple(max(1, -(-size // side)) * side for size, side in zip(shape, sides, strict=True))


def check_chunks(path: Path, key: str, dataset: h5py.Dataset) -> None:
    """Refuses chunks that are missing, or that hold more or less than they must.

    Raises:
        SourceError: a chunk is missing or of a wrong size, or is packed by other means than
            gzip, once, with or without shuffling and checksum.
    """
    if dataset.chunks is None:
        return
    filters = _filters(path, key, dataset)
    grid = padded_shape(dataset.shape, dataset.chunks)
    expected = math.prod(grid) // math.prod(dataset.chunks)
    stored = _stored_chunks(dataset, min(expected, MAX_CHUNKS))
    if not len(stored) == expected <= MAX_CHUNKS:
        raise SourceError.at(
            path,
            key,
            found=f"{expected:,} chunks declared, and another number stored",
            mend=f"The file is incomplete, or has more than {MAX_CHUNKS:,} chunks: copy it afresh",
        )
    chunk_bytes = math.prod(dataset.chunks) * dataset.id.get_type().get_size()
    for chunk in stored:
        if not _holds(dataset, chunk, filters, chunk_bytes):
            raise SourceError.at(
                path,
                key,
                found=f"a chunk at {chunk.chunk_offset} that holds another number of bytes than "
                f"the {chunk_bytes:,} declared",
                mend="The file is damaged or not what it claims: copy it afresh",
            )


def _filters(path: Path, key: str, dataset: h5py.Dataset) -> list[int]:
    """The filters' numbers, in the order in which they were applied when the file was written."""
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    known = len(set(filters)) == len(filters) and set(filters) <= {_GZIP, _SHUFFLE, _CHECKSUM}
    after_gzip = filters[filters.index(_GZIP) :] if _GZIP in filters else []
    if not known or _SHUFFLE in after_gzip:
        raise SourceError.at(
            path,
            key,
            found=f"values packed by the filters {filters}",
            mend=f"Only shuffling ({_SHUFFLE}), then gzip ({_GZIP}), and a checksum ({_CHECKSUM}), "
            "each once, are taken: pack the file afresh (h5repack -f GZIP=4)",
        )
    return filters


def _stored_chunks(dataset: h5py.Dataset, limit: int) -> list:
    """Where the chunks lie and how long they are; one more than `limit` where there are more."""
    stored: list = []

    def collect(chunk: object) -> bool | None:
        stored.append(chunk)
        return True if len(stored) > limit else None  # anything but None stops the walk

    dataset.id.chunk_iter(collect)
    return stored


def _holds(dataset: h5py.Dataset, chunk: h5py.h5d.StoreInfo, filters: list, size: int) -> bool:
    """Whether a chunk, once unpacked, holds just `size` bytes."""
    applied = [number for bit, number in enumerate(filters) if not chunk.filter_mask >> bit & 1]
    if _GZIP not in applied:
        return chunk.size == size + _CHECKSUM_BYTES * applied.count(_CHECKSUM)
    before, after = applied[: applied.index(_GZIP)], applied[applied.index(_GZIP) :]
    size += _CHECKSUM_BYTES * before.count(_CHECKSUM)
    if chunk.size > 2 * size + 64:  # gzip adds a few bytes to what it cannot pack
        return False
    packed = dataset.id.read_direct_chunk(chunk.chunk_offset)[1]
    checksum_bytes = _CHECKSUM_BYTES * after.count(_CHECKSUM)
    return _unpacked_bytes(packed[: len(packed) - checksum_bytes], size) == size


def _unpacked_bytes(packed: bytes, limit: int) -> int:
    """How many bytes gzip makes of these; more than `limit` are not counted to their end."""
    unpacker = zlib.decompressobj()
    total, rest = 0, packed
    while total <= limit and not unpacker.eof:
        try:
            piece = unpacker.decompress(rest, _PIECE_BYTES)
        except zlib.error:
            return -1
        if not piece:
            break  # cut off
        total, rest = total + len(piece), unpacker.unconsumed_tail
    return total if unpacker.eof or total > limit else -1
