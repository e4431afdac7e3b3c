"""Packed chunks of an HDF5 file, unpacked into the array without HDF5, on several cores."""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import h5py
import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.chunks import (
    GZIP,
    SHUFFLE,
    Chunks,
    padded_shape,
    read_packed,
    wrong_size,
)
from rmfn_tf.datasets.sources.hdf5.gzip import unpacks_to

_MAX_THREADS = 4
_BYTES_PER_THREAD = 2**17  # less is unpacked sooner than a thread is started


def unpack_chunks(path: Path, key: str, chunks: Chunks, array: np.ndarray) -> None:
    """Fills the array from its chunks.

    Args:
        path: the file.
        key: where the data set lies in it.
        chunks: packed by gzip, with or without shuffling before it.
        array: of the shape and the type that are stored.

    Raises:
        SourceError: a chunk holds more or less than it must, or several claim one place.
    """
    ends = padded_shape(array.shape, chunks.sides)
    places = product(*map(range, (0,) * array.ndim, ends, chunks.sides))
    if {chunk.chunk_offset for chunk in chunks.stored} != set(places):
        raise SourceError.at(
            path,
            key,
            found="chunks that claim one place, or a place where none can be",
            mend="The file is damaged: copy it afresh",
        )
    threads = _count_threads(sum(chunk.size for chunk in chunks.stored), len(chunks.stored))
    parts = [chunks.stored[first::threads] for first in range(threads)]
    if threads == 1:
        wrong = _unpack(parts[0], chunks, array)
    else:
        # The threads keep away from h5py: its reading of single chunks was seen to block there.
        with ThreadPoolExecutor(threads - 1) as pool:
            others = pool.map(lambda part: _unpack(part, chunks, array), parts[1:])
            found = [_unpack(parts[0], chunks, array), *others]
        wrong = next((chunk for chunk in found if chunk is not None), None)
    if wrong is not None:
        raise wrong_size(path, key, wrong, chunks.size)


def _count_threads(packed_bytes: int, num_chunks: int) -> int:
    """As many as there are cores and work for them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, _MAX_THREADS, num_chunks, packed_bytes // _BYTES_PER_THREAD))


def _unpack(
    part: list[h5py.h5d.StoreInfo], chunks: Chunks, array: np.ndarray
) -> h5py.h5d.StoreInfo | None:
    """The first chunk of a part that holds more or less than it must; those after it are left."""
    place = bytearray(chunks.size)
    values = np.frombuffer(place, array.dtype)
    for chunk in part:
        applied = chunks.applied_to(chunk)
        if not _fill(place, chunks.file, chunk, GZIP in applied):
            return chunk
        plain = _undo_shuffle(values) if SHUFFLE in applied else values
        first = chunk.chunk_offset
        box = array[tuple(map(slice, first, map(int.__add__, first, chunks.sides)))]
        # A chunk at the edge of the array is whole, and reaches over.
        box[...] = plain.reshape(chunks.sides)[tuple(map(slice, box.shape))]
    return None


def _fill(place: bytearray, file: int, chunk: h5py.h5d.StoreInfo, is_packed: bool) -> bool:
    """Whether the chunk, once unpacked, fills the place exactly."""
    stored = read_packed(file, chunk, len(place))
    if is_packed:
        return unpacks_to(stored, place)
    if len(stored) != len(place):
        return False
    place[:] = stored
    return True


def _undo_shuffle(values: np.ndarray) -> np.ndarray:
    """Shuffled, the first bytes of all values come first, then their second bytes, and so on."""
    lanes = values.view(np.uint8).reshape(values.itemsize, -1)
    return np.ascontiguousarray(lanes.T).view(values.dtype)
