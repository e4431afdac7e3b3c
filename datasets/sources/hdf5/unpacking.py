"""Packed chunks of an HDF5 file, unpacked into the array without HDF5, in bounded memory."""

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
    place = bytearray(chunks.size)
    values = np.frombuffer(place, array.dtype)
    for chunk in chunks.stored:
        applied = chunks.applied_to(chunk)
        if not _fill(place, chunks.file, chunk, GZIP in applied):
            raise wrong_size(path, key, chunk, chunks.size)
        plain = _undo_shuffle(values) if SHUFFLE in applied else values
        first = chunk.chunk_offset
        box = array[tuple(map(slice, first, map(int.__add__, first, chunks.sides)))]
        # A chunk at the edge of the array is whole, and reaches over.
        box[...] = plain.reshape(chunks.sides)[tuple(map(slice, box.shape))]


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
