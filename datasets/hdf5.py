"""Arrays of HDF5 files, by h5py. Run it inside `guarded`: a damaged file can crash the library."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from rmfn_tf.datasets.source import SourceError

MAX_ARRAY_BYTES = 2**30  # the largest published array of the field takes 70 MB
NUMBERS, BYTES = "fiu", "S"  # kinds of dtype
_KINDS = {NUMBERS: "numbers", NUMBERS + BYTES: "numbers, or text of a fixed number of bytes"}
_OTHER_FILE = "This is another kind of file than its name says: check where it came from"
_INCOMPLETE = "The file is incomplete: copy it afresh"
_Kind = TypeVar("_Kind", h5py.Group, h5py.Dataset)


@contextmanager
def h5py_errors(path: Path, key: str | None = None) -> Iterator[None]:
    """Turns whatever h5py raises for a damaged file into a `SourceError` about that place."""
    try:
        yield
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # h5py raises seven kinds, depending on where the damage lies
        text = str(error.args[0]) if len(error.args) == 1 else str(error)
        text = (text.splitlines() or [type(error).__name__])[0][:200]
        raise SourceError.at(
            path,
            key,
            found=f"not readable as HDF5 ({ascii(text)[1:-1]})",
            mend="The file is cut off, damaged or of another format: copy it afresh",
        ) from error


@contextmanager
def open_h5(path: Path) -> Iterator[h5py.File]:
    """The file, opened for reading; what is read inside belongs in `h5py_errors`.

    Raises:
        SourceError: there is no such file, or it is not HDF5.
    """
    if not path.is_file():  # a pipe would be waited for
        raise SourceError.at(path, found="no such file", mend="Put the file there")
    with h5py_errors(path):
        file = h5py.File(path, "r")
    with file:
        yield file


def find(path: Path, parent: h5py.Group, name: str, kind: type[_Kind], key: str = "") -> _Kind:
    """The group or array that `parent` holds under `name`, if it lies in this very file.

    Args:
        path: the file, for the message.
        parent: where it is looked for.
        name: as it is stored.
        kind: `h5py.Group` or `h5py.Dataset`.
        key: where it lies in the file, for the message; `name` by default.

    Raises:
        SourceError: it is not there, of another kind, or a link that leads elsewhere.
    """
    key = key or name
    link = parent.get(name, getlink=True)
    if link is None:
        held = ", ".join(f"{each[:40]!a}" for each, _ in zip(parent, range(5), strict=False))
        found = f"no such key; it holds {held or 'nothing'}"
        raise SourceError.at(path, key, found=found, mend=_OTHER_FILE)
    if not isinstance(link, h5py.HardLink):
        found = f"a link to elsewhere ({type(link).__name__})"
        raise SourceError.at(path, key, found=found, mend=_OTHER_FILE)
    child: Any = parent[name]
    if not isinstance(child, kind):
        found = f"a {type(child).__name__}, not a {kind.__name__}"
        raise SourceError.at(path, key, found=found, mend=_OTHER_FILE)
    return child


def read_array(
    path: Path,
    parent: h5py.Group,
    name: str,
    kinds: str = NUMBERS,
    rank: int | None = None,
    key: str = "",
) -> np.ndarray:
    """An array whose declared type, rank and size are checked before anything is read.

    Args:
        path: the file, for the message.
        parent: where it is looked for.
        name: as it is stored.
        kinds: `NUMBERS` or `BYTES`.
        rank: its number of dimensions, each of at least 1; None takes one or more, of any size.
        key: as for `find`.

    Returns:
        The array in the file's own type.

    Raises:
        SourceError: as `find`; or its type, rank or size is another, its values lie in other
            files or were never written, or the file is damaged there.
    """
    key = key or name
    with h5py_errors(path, key):
        dataset = find(path, parent, name, h5py.Dataset, key)
        shape, dtype = dataset.shape, dataset.dtype
        if dataset.is_virtual or dataset.external:
            mend = "Only values stored in the file itself are read: copy the file with its data"
            raise SourceError.at(path, key, found="values stored in other files", mend=mend)
        if dtype.kind not in kinds:
            mend = f"It must hold {_KINDS[kinds]}"
            raise SourceError.at(path, key, found=f"values of type {str(dtype)[:80]}", mend=mend)
        if not shape or (rank is not None and (len(shape) != rank or 0 in shape)):
            wanted = f"{rank} dimensions, each of at least 1" if rank else "a dimension or more"
            raise SourceError.at(path, key, found=f"shape {shape}", mend=f"It must have {wanted}")
        values = max(math.prod(shape), math.prod(dataset.chunks or ()))  # h5py takes whole chunks
        if values * dtype.itemsize > MAX_ARRAY_BYTES:
            raise SourceError.at(
                path,
                key,
                found=f"a declared size of {values * dtype.itemsize:,} bytes (shape {shape})",
                mend=f"No more than {MAX_ARRAY_BYTES:,} are read: the file cannot be what it "
                "claims",
            )
        if 0 not in shape and dataset.id.get_storage_size() == 0:
            found = f"shape {shape}, but no values were ever written"
            raise SourceError.at(path, key, found=found, mend=_INCOMPLETE)
        return dataset[()]
