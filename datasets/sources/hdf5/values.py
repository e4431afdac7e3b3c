"""The values of an HDF5 array, each packed chunk unpacked once and in bounded memory."""

from pathlib import Path

import h5py
import numpy as np

from rmfn_tf.datasets.sources.hdf5.chunks import (
    CHECKSUM,
    GZIP,
    SHUFFLE,
    check_chunks,
    find_chunks,
)
from rmfn_tf.datasets.sources.hdf5.unpacking import unpack_chunks


def read_values(path: Path, key: str, dataset: h5py.Dataset) -> np.ndarray:
    """What `dataset[()]` gives, bit for bit.

    Args:
        path: the file.
        key: where the data set lies in it.
        dataset: the data set, once `check_declaration` has passed it.

    Raises:
        SourceError: a chunk is missing, holds more or less than it must, or is packed by other
            means than gzip, once, with or without shuffling and checksum.
    """
    if dataset.chunks is None or 0 in dataset.shape:
        return dataset[()]
    chunks = find_chunks(path, key, dataset)
    dtype = np.dtype(dataset.dtype.str)  # without what h5py attaches to it
    if _is_unpacked_here(dataset, chunks.filters, dtype):
        array = np.empty(dataset.shape, dtype)
        unpack_chunks(path, key, chunks, array)
        return array
    check_chunks(path, key, chunks)
    return dataset[()]


def _is_unpacked_here(dataset: h5py.Dataset, filters: list[int], dtype: np.dtype) -> bool:
    """Whether the values were packed by gzip, and are bit for bit what NumPy takes them to be.

    Otherwise HDF5 converts them, or verifies the checksum. Without gzip it can do no harm.
    """
    if GZIP not in filters or CHECKSUM in filters:
        return False
    # HDF5 (1.14) lists the chunks of such an array with their places' numbers in another order.
    if None in dataset.maxshape[1:]:
        return False
    stored = dataset.id.get_type()
    if SHUFFLE in filters and _shuffled_bytes(dataset) != stored.get_size():
        return False
    return stored.equal(h5py.h5t.py_create(dtype))


def _shuffled_bytes(dataset: h5py.Dataset) -> int:
    """The size of the values that were shuffled, as the filter itself has it."""
    _, numbers, *_ = dataset.id.get_create_plist().get_filter_by_id(SHUFFLE)
    return numbers[0] if numbers else 0
