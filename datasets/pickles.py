"""Reads plain data and NumPy arrays out of a pickle, and runs nothing of it.

Every name that a pickle asks for is answered by a stand-in below, never by the real thing:
`numpy.ndarray` and `numpy.dtype` take over what a pickle says without a check. How long a list or
a text is, is not checked here: run it inside `guarded`.
"""

import math
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.datasets.source import SourceError

# CMU-MOSI's aligned_50.pkl holds 2,199 x 50 x 793 numbers: 0.7 GB where they are float64.
MAX_FILE_BYTES = 2**30
_TYPE = re.compile(r"[biuf][1248]|[SU][0-9]{1,7}|O8?")
# First bytes of what people have in place of a pickle.
_OTHER_FORMATS = {
    b"\x1f\x8b": ("a gzip'd file", "Unpack it first (gunzip)"),
    b"PK\x03\x04": ("a zip archive", "Unpack it first (unzip)"),
    b"\x89HDF": ("an HDF5 file", "Give it the name that it had"),
    b"<": ("a web page", "The download gave a page in place of the file: fetch it afresh"),
    b"version https://git-lfs": ("a Git LFS pointer", "Fetch the file itself (git lfs pull)"),
}


def read_pickle(path: Path) -> Any:
    """The object in a pickle: dicts, lists, tuples, sets, text, numbers, and arrays of them.

    Arrays hold numbers or text; object arrays hold text. Text of Python 2 is read as Latin-1, an
    `OrderedDict` as a dict.

    Args:
        path: the file, of at most `MAX_FILE_BYTES`.

    Returns:
        The object. Arrays may be read-only views of what was read.

    Raises:
        SourceError: no such file, one that is too large, cut off, damaged or of another format,
            or a pickle that asks for a name that data do not need; the message says which.
    """
    if not path.is_file():
        raise SourceError.at(path, found="no such file", mend="Put the file there")
    if path.stat().st_size > MAX_FILE_BYTES:
        mend = f"No more than {MAX_FILE_BYTES:,} are read: the file cannot be what it claims"
        raise SourceError.at(path, found=f"{path.stat().st_size:,} bytes", mend=mend)
    with path.open("rb") as file:
        start = file.read(32)
        for beginning, (found, mend) in _OTHER_FORMATS.items():
            if start.startswith(beginning):
                raise SourceError.at(path, found=f"{found}, not a pickle", mend=mend)
        file.seek(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in Python 2's text
                return _to_plain(_Unpickler(file, encoding="latin1").load(), {})
        except MemoryError:
            raise
        except Exception as error:
            mend = (
                "Nothing of the file was run. It is cut off, damaged or of another kind: take it "
                "from where it was published"
            )
            raise SourceError.unreadable(path, "a pickle of arrays", error, mend) from error


class _Dtype:
    """Stands in for `numpy.dtype`."""

    def __init__(self, name: Any, *_: Any) -> None:
        name = _to_text(name)
        if not _TYPE.fullmatch(name):
            raise pickle.UnpicklingError(f"an array of type {name[:40]}")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple) -> None:
        """Takes the byte order; all else that a state can say is for types that are refused."""
        order: Any = _to_text(state[1])
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands in for `numpy.ndarray` and for `_reconstruct`, which makes an empty one."""

    def __init__(self, *_: Any) -> None:
        self.array: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, in_columns, values = state
        self.array = _make_array(values, dtype, shape, "F" if in_columns else "C")


def _from_buffer(values: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> np.ndarray:
    """Stands in for `_frombuffer`, which protocol 5 uses."""
    array = _make_array(values, dtype, shape, "C" if axes else order)
    return array.transpose(axes) if axes else array


def _make_array(values: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if not isinstance(dtype, _Dtype) or not all(type(size) is int and size >= 0 for size in shape):
        raise pickle.UnpicklingError("an array without a plain type and shape")
    if dtype.dtype.hasobject:
        if not isinstance(values, list) or not all(isinstance(v, str | bytes) for v in values):
            raise pickle.UnpicklingError("an object array that holds anything but text")
        return np.array(values, object).reshape(shape, order=order)
    if isinstance(values, str):  # of Python 2: a letter a byte
        values = values.encode("latin-1")
    if len(values) != math.prod(shape) * dtype.dtype.itemsize:
        raise pickle.UnpicklingError(
            f"an array of shape {shape} and type {dtype.dtype}, of which there are "
            f"{len(values):,} bytes"
        )
    if not values:
        return np.zeros(shape, dtype.dtype)
    return np.frombuffer(values, dtype.dtype).reshape(shape, order=order)


def _make_scalar(dtype: Any, value: Any = b"") -> Any:
    return _make_array(value, dtype, (), "C")[()]


def _to_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _encode(text: str, encoding: Any) -> bytes:
    """Stands in for `_codecs.encode`, by which Python 3 writes bytes for Python 2."""
    return text.encode("latin-1")


_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): dict,
}
for _core in ("numpy.core", "numpy._core"):  # NumPy 1 and 2
    _NAMES[f"{_core}.multiarray", "_reconstruct"] = _Array
    _NAMES[f"{_core}.multiarray", "scalar"] = _make_scalar
    _NAMES[f"{_core}.numeric", "_frombuffer"] = _from_buffer
for _builtins in ("builtins", "__builtin__"):  # Python 3 and 2
    for _type in (bytes, set, frozenset, complex):
        _NAMES[_builtins, _type.__name__] = _type


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            asked = f"{module[:60]}.{name[:60]}"
            raise pickle.UnpicklingError(f"refused: it asks for {asked}, which data do not need")
        return _NAMES[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("refused: it takes data from outside of the file")


def _to_plain(value: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    """What the unpickler made, with every stand-in replaced by its array.

    `done` is id -> container and what became of it: one can be there twice, or hold itself.
    """
    if isinstance(value, _Array):
        if value.array is None:
            raise pickle.UnpicklingError("an array without its values")
        return value.array
    if not isinstance(value, dict | list | tuple):
        return value
    if id(value) not in done:
        done[id(value)] = value, value
        if isinstance(value, dict):
            value.update({key: _to_plain(each, done) for key, each in value.items()})
        elif isinstance(value, list):
            value[:] = [_to_plain(each, done) for each in value]
        else:
            done[id(value)] = value, tuple(_to_plain(each, done) for each in value)
    return done[id(value)][1]
