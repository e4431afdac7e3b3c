"""Reading one numeric array of an HDF5 file that nobody vouches for."""

import math
from itertools import islice
from pathlib import Path

import h5py
import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError

# A quarter of what a small machine has; the largest published array of the field takes 70 MB.
MAX_ARRAY_BYTES = 2**30

# What h5py raises for damaged files, depending on where the damage lies.
_H5PY_ERRORS = (
    OSError,
    RuntimeError,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
)


def read_array(path: Path, key: str, rank: int) -> np.ndarray:
    """Reads the numeric array `key` of an HDF5 file in bounded memory.

    Everything the file declares is checked before anything is allocated: only a plain data set,
    reached by a hard link and stored in the file itself, of integers or floats, with `rank`
    dimensions none of which is 0, and of at most `MAX_ARRAY_BYTES`.

    Args:
        path: the file.
        key: the data set's name at the root of the file.
        rank: its number of dimensions.

    Returns:
        The array in the file's own numeric type.

    Raises:
        SourceError: any of this does not hold, or the file is cut off or damaged.
    """
    if not path.is_file():
        raise SourceError.at(path, found="no such file", mend="Put the file there")
    try:
        with h5py.File(path, "r") as file:
            dataset = _plain_dataset(path, key, file)
            _check_declaration(path, key, dataset, rank)
            return dataset[()]
    except SourceError:
        raise
    except _H5PY_ERRORS as error:
        raise SourceError.at(
            path,
            key,
            found=f"not readable as HDF5 ({_first_line(error)})",
            mend="The file is cut off, damaged or of another format: copy it afresh",
        ) from error


def _plain_dataset(path: Path, key: str, file: h5py.File) -> h5py.Dataset:
    """The data set itself: no link may lead out of the file."""
    link = file.get(key, getlink=True)
    if link is None:
        names = [ascii(name) for name in islice(file, 6)]
        held = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise SourceError.at(
            path, key, found=f"no such key; it holds {held or 'nothing'}", mend=_OTHER_FILE
        )
    if not isinstance(link, h5py.HardLink):
        raise SourceError.at(
            path,
            key,
            found=f"a link to elsewhere ({type(link).__name__})",
            mend="Only data stored in the file itself are read: copy the file with its data",
        )
    dataset = file[key]
    if not isinstance(dataset, h5py.Dataset):
        raise SourceError.at(
            path, key, found=f"a {type(dataset).__name__}, not an array", mend=_OTHER_FILE
        )
    if dataset.is_virtual or dataset.external:
        raise SourceError.at(
            path,
            key,
            found="an array whose values are stored in other files",
            mend="Only data stored in the file itself are read: copy the file with its data",
        )
    return dataset


def _check_declaration(path: Path, key: str, dataset: h5py.Dataset, rank: int) -> None:
    """Type, shape and size as declared, before a byte of the values is read."""
    dtype, shape = dataset.dtype, dataset.shape
    if dtype.kind not in "fiu":
        raise SourceError.at(
            path, key, found=f"values of type {dtype}", mend="It must hold integers or floats"
        )
    if shape is None or len(shape) != rank or 0 in shape:
        raise SourceError.at(
            path,
            key,
            found=f"shape {shape}",
            mend=f"It must have {rank} dimensions, each of at least 1",
        )
    # Reading a chunked array allocates whole chunks, however small the array is.
    elements = max(math.prod(shape), math.prod(dataset.chunks or (1,)))
    if elements * dtype.itemsize > MAX_ARRAY_BYTES:
        raise SourceError.at(
            path,
            key,
            found=f"a declared size of {elements * dtype.itemsize:,} bytes (shape {shape})",
            mend=f"No more than {MAX_ARRAY_BYTES:,} are read: the file cannot be what it claims",
        )
    if dataset.id.get_storage_size() == 0:
        raise SourceError.at(
            path,
            key,
            found=f"shape {shape}, but no values were ever written",
            mend="The file is incomplete: copy it afresh",
        )


_OTHER_FILE = "This is another kind of file than its name says: check where it came from"


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.splitlines()[0] if text else type(error).__name__
