"""Arrays of HDF5 files, by h5py. Run it inside `guarded`: a damaged file can crash the library."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from rmfn_tf.datasets.source import OTHER_FILE, SourceError

NUMBERS, BYTES = "fiu", "S"  # kinds of dtype
_KINDS = {NUMBERS: "numbers", NUMBERS + BYTES: "numbers, or text of a fixed number of bytes"}
_Kind = TypeVar("_Kind", h5py.Group, h5py.Dataset)


@contextmanager
def h5py_errors(path: Path, key: str | None = None) -> Iterator[None]:
    """Turns whatever h5py raises for a damaged file into a `SourceError` about that place."""
    try:
        yield
    except (SourceError, MemoryError):
        raise
    except Exception as error:  # h5py raises seven kinds, depending on where the damage lies
        mend = "The file is cut off, damaged or of another format: copy it afresh"
        raise SourceError.unreadable(path, "HDF5", error, mend, key) from error


@contextmanager
def open_h5(path: Path) -> Iterator[h5py.File]:
    """The file, opened for reading; what is read inside belongs in `h5py_errors`."""
    with h5py_errors(path):
        file = h5py.File(path, "r")
    with file:
        yield file


def find(path: Path, parent: h5py.Group, name: str, kind: type[_Kind]) -> _Kind:
    """The group or array that `parent` holds under `name`.

    A SourceError where it is not there, of another kind, or a link, which may lead out of the file.
    """
    link = parent.get(name, getlink=True)
    if link is None:
        held = ", ".join(f"{each[:40]!a}" for each, _ in zip(parent, range(5), strict=False))
        found = f"no such key; it holds {held or 'nothing'}"
    elif not isinstance(link, h5py.HardLink):
        found = f"a link to elsewhere ({type(link).__name__})"
    else:
        child: Any = parent[name]
        if isinstance(child, kind):
            return child
        found = f"a {type(child).__name__}, not a {kind.__name__}"
    raise SourceError.at(path, _key(parent, name), found=found, mend=OTHER_FILE)


def read_array(path: Path, parent: h5py.Group, name: str, kinds: str = NUMBERS) -> np.ndarray:
    """An array of one or more dimensions, in the file's own type; a SourceError where it is not
    there, or not of `kinds`: `NUMBERS`, or `NUMBERS + BYTES`."""
    key = _key(parent, name)
    with h5py_errors(path, key):
        dataset = find(path, parent, name, h5py.Dataset)
        shape, dtype = dataset.shape, dataset.dtype
        if dataset.is_virtual or dataset.external:
            found = "values stored in other files"
            mend = "Only values stored in the file itself are read: copy the file with its data"
        elif dtype.kind not in kinds:
            found, mend = f"values of type {str(dtype)[:80]}", f"It must hold {_KINDS[kinds]}"
        elif not shape:
            found, mend = f"shape {shape}", "It must have a dimension or more"
        elif 0 not in shape and dataset.id.get_storage_size() == 0:
            found = f"shape {shape}, but no values were ever written"
            mend = "The file is incomplete: copy it afresh"
        else:
            return dataset[()]
        raise SourceError.at(path, key, found=found, mend=mend)


def _key(parent: h5py.Group, name: str) -> str:
    return f"{parent.name}/{name}".lstrip("/")
