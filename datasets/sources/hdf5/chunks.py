"""The chunks in which HDF5 stores an array: where they lie, how they are packed, what they hold.

HDF5's own gzip filter unpacks whatever a chunk holds, without regard to the size that the chunk
was declared to have: a file of 1 MB was seen to take 1 GB of memory. So no packed chunk comes to
HDF5 before it was unpacked here, piece by piece and only as far as it may reach.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.gzip import unpacks_to

MAX_CHUNKS = 2**20
GZIP, SHUFFLE, CHECKSUM = (
    h5py.h5z.FILTER_DEFLATE,
    h5py.h5z.FILTER_SHUFFLE,
    h5py.h5z.FILTER_FLETCHER32,
)

_CHECKSUM_BYTES = 4


@dataclass(frozen=True, eq=False)
class Chunks:
    """How the values of a chunked array are stored.

    Args:
        file: the descriptor of the open file.
        filters: the filters' numbers, in the order in which they were applied.
        sides: of a chunk, one for each dimension.
        size: the bytes of a chunk once it is unpacked.
        stored: for each chunk its first value's place in the array, where it lies in the file,
            how long it is there, and which filters were left out for it.
    """

    file: int
    filters: list[int]
    sides: tuple[int, ...]
    size: int
    stored: list[h5py.h5d.StoreInfo]

    def applied_to(self, chunk: h5py.h5d.StoreInfo) -> list[int]:
        """The filters that the chunk went through."""
        mask = chunk.filter_mask
        return [number for bit, number in enumerate(self.filters) if not mask >> bit & 1]


def padded_shape(shape: Sequence[int], chunks: Sequence[int] | None) -> tuple[int, ...]:
    """The shape with every dimension rounded up to whole chunks; no dimension counts as 0."""
    sides = chunks or (1,) * len(shape)
    return tuple(max(1, -(-size // side)) * side for size, side in zip(shape, sides, strict=True))


def find_chunks(path: Path, key: str, dataset: h5py.Dataset) -> Chunks:
    """How a chunked array is packed, and where its chunks lie.

    Raises:
        SourceError: it is packed by other means than gzip, once, with or without shuffling and
            checksum; a chunk is missing, or there are more than `MAX_CHUNKS`.
    """
    filters = _find_filters(path, key, dataset)
    sides = dataset.chunks
    expected = math.prod(padded_shape(dataset.shape, sides)) // math.prod(sides)
    stored = _list_chunks(dataset, min(expected, MAX_CHUNKS))
    if not len(stored) == expected <= MAX_CHUNKS:
        raise SourceError.at(
            path,
            key,
            found=f"{expected:,} chunks declared, and another number stored",
            mend=f"The file is incomplete, or has more than {MAX_CHUNKS:,} chunks: copy it afresh",
        )
    return Chunks(
        file=dataset.file.id.get_vfd_handle(),
        filters=filters,
        sides=sides,
        size=math.prod(sides) * dataset.id.get_type().get_size(),
        stored=stored,
    )


def check_chunks(path: Path, key: str, chunks: Chunks) -> None:
    """Refuses chunks that hold more or less than they must, before HDF5 unpacks them.

    Raises:
        SourceError: there is one.
    """
    for chunk in chunks.stored:
        if not _holds(chunks.file, chunk, chunks.applied_to(chunk), chunks.size):
            raise wrong_size(path, key, chunk, chunks.size)


def wrong_size(path: Path, key: str, chunk: h5py.h5d.StoreInfo, size: int) -> SourceError:
    """The error for a chunk that does not hold just `size` bytes."""
    return SourceError.at(
        path,
        key,
        found=f"a chunk at {chunk.chunk_offset} that holds another number of bytes than "
        f"the {size:,} declared",
        mend="The file is damaged or not what it claims: copy it afresh",
    )


def read_packed(file: int, chunk: h5py.h5d.StoreInfo, size: int) -> bytes:
    """A chunk as it is stored; nothing where it is longer than gzip makes `size` bytes."""
    # gzip adds a few bytes to what it cannot pack.
    return os.pread(file, chunk.size, chunk.byte_offset) if chunk.size <= 2 * size + 64 else b""


def _find_filters(path: Path, key: str, dataset: h5py.Dataset) -> list[int]:
    """The filters' numbers, in the order in which they were applied when the file was written."""
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
    known = len(set(filters)) == len(filters) and set(filters) <= {GZIP, SHUFFLE, CHECKSUM}
    after_gzip = filters[filters.index(GZIP) :] if GZIP in filters else []
    if not known or SHUFFLE in after_gzip:
        raise SourceError.at(
            path,
            key,
            found=f"values packed by the filters {filters}",
            mend=f"Only shuffling ({SHUFFLE}), then gzip ({GZIP}), and a checksum ({CHECKSUM}), "
            "each once, are taken: pack the file afresh (h5repack -f GZIP=4)",
        )
    return filters


def _list_chunks(dataset: h5py.Dataset, limit: int) -> list[h5py.h5d.StoreInfo]:
    """The chunks as the file lists them; one more than `limit` where there are more."""
    stored: list = []

    def collect(chunk: object) -> bool | None:
        stored.append(chunk)
        return True if len(stored) > limit else None  # anything but None stops the walk

    dataset.id.chunk_iter(collect)
    return stored


def _holds(file: int, chunk: h5py.h5d.StoreInfo, applied: list[int], size: int) -> bool:
    """Whether a chunk, once unpacked, holds just `size` bytes."""
    if GZIP not in applied:
        return chunk.size == size + _CHECKSUM_BYTES * applied.count(CHECKSUM)
    before, after = applied[: applied.index(GZIP)], applied[applied.index(GZIP) :]
    size += _CHECKSUM_BYTES * before.count(CHECKSUM)
    packed = read_packed(file, chunk, size)
    checksum_bytes = _CHECKSUM_BYTES * after.count(CHECKSUM)
    return unpacks_to(packed[: len(packed) - checksum_bytes], bytearray(size))
