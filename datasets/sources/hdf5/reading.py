"""Getting at the data sets of an HDF5 file that nobody vouches for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.declaration import NUMBERS, check_declaration
from rmfn_tf.datasets.sources.hdf5.local_heaps import check_local_heaps
from rmfn_tf.datasets.sources.hdf5.values import read_values

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
_OTHER_FILE = "This is another kind of file than its name says: check where it came from"
_OTHER_PLACE = "Only data stored in the file itself are read: copy the file with its data"


def read_array(path: Path, key: str, rank: int | None = None) -> np.ndarray:
    """Reads the numeric array `key` of an HDF5 file in bounded memory.

    Everything the file declares is checked before anything is allocated: only a plain data set,
    reached by a hard link and stored whole in the file itself, of integers or floats, with `rank`
    dimensions none of which is 0, and of at most `MAX_ARRAY_BYTES`. Packed
    chunks must hold just what they declare.

    Args:
        path: the file.
        key: the data set's name at the root of the file.
        rank: its number of dimensions; None takes one or more.

    Returns:
        The array in the file's own numeric type.

    Raises:
        SourceError: any of this does not hold, or the file is cut off or damaged.
    """
    with errors_as_source_error(path, key), open_file(path) as file:
        dataset = find_dataset(path, file, key, key)
        check_declaration(path, key, dataset, NUMBERS, rank)
        return read_values(path, key, dataset)


@contextmanager
def errors_as_source_error(path: Path, key: str | None = None) -> Iterator[None]:
    """Turns whatever h5py raises for a damaged file into a `SourceError` about that place."""
    try:
        yield
    except SourceError:
        raise
    except _H5PY_ERRORS as error:
        raise SourceError.at(
            path,
            key,
            found=f"not readable as HDF5 ({_first_line(error)})",
            mend="The file is cut off, damaged or of another format: copy it afresh",
        ) from error


def open_file(path: Path) -> h5py.File:
    """The file, opened for reading; to be used inside `errors_as_source_error`."""
    if not path.is_file():  # a pipe would be waited for
        raise SourceError.at(path, found="no such file", mend="Put the file there")
    check_local_heaps(path)
    return h5py.File(path, "r", driver="sec2")  # the one whose handle is a file descriptor


def find_group(path: Path, parent: h5py.Group, name: str, key: str) -> h5py.Group:
    """The group that `parent` holds under `name`; `key` is where it lies in the file."""
    group = _find(path, parent, name, key)
    if not isinstance(group, h5py.Group):
        raise SourceError.at(
            path, key, found=f"a {type(group).__name__}, not a group", mend=_OTHER_FILE
        )
    return group


def find_dataset(path: Path, parent: h5py.Group, name: str, key: str) -> h5py.Dataset:
    """The data set that `parent` holds under `name`; `key` is where it lies in the file."""
    dataset = _find(path, parent, name, key)
    if not isinstance(dataset, h5py.Dataset):
        raise SourceError.at(
            path, key, found=f"a {type(dataset).__name__}, not an array", mend=_OTHER_FILE
        )
    if dataset.is_virtual or dataset.external:
        raise SourceError.at(
            path, key, found="an array whose values are stored in other files", mend=_OTHER_PLACE
        )
    return dataset


def list_names(group: h5py.Group, limit: int) -> list[bytes]:
    """The names in a group as they are stored, in no certain order.

    One more than `limit` where there are more: h5py's own listing has no end but the group's.
    """
    names: list[bytes] = []

    def collect(name: bytes) -> bool:
        names.append(name)
        return len(names) > limit  # True stops the walk

    # In sorted order HDF5 makes a table first, and ends the process where the group is damaged.
    group.id.links.iterate(collect, order=h5py.h5.ITER_NATIVE)
    return names


def _find(path: Path, parent: h5py.Group, name: str, key: str) -> h5py.HLObject:
    """The object itself: no link may lead out of the file, or round in circles."""
    link = parent.get(name, getlink=True)
    if link is None:
        names = [ascii(name.decode(errors="replace")) for name in list_names(parent, 5)]
        held = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise SourceError.at(
            path, key, found=f"no such key; it holds {held or 'nothing'}", mend=_OTHER_FILE
        )
    if not isinstance(link, h5py.HardLink):
        raise SourceError.at(
            path, key, found=f"a link to elsewhere ({type(link).__name__})", mend=_OTHER_PLACE
        )
    return parent[name]


def _first_line(error: BaseException) -> str:
    text = str(error.args[0]) if len(error.args) == 1 else str(error)
    return text.splitlines()[0] if text else type(error).__name__
