"""Reads plain data and NumPy arrays out of a pickle, and runs nothing of it.

Every name that a pickle asks for is answered by a stand-in below, never by the real thing:
`numpy.ndarray` and `numpy.dtype` take over what a pickle says without a check. Run it inside
`guarded`, which limits what it may take.
"""

import math
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.datasets.source import SourceError

_TYPE = re.compile(r"[biuf][1248]|[SU][0-9]{1,7}|O8?")
_MEND = (
    "Nothing of the file was run. It is cut off or damaged, or it is packed, a web page or a Git "
    "LFS pointer in place of a pickle: take it from where it was published"
)


def read_pickle(path: Path) -> Any:
    """The object in a pickle: dicts, lists, tuples, sets, text, numbers, and arrays of them.

    Arrays hold numbers or text, object arrays only text; they may be read-only views of the file's
    bytes. Text of Python 2 is read as Latin-1, an `OrderedDict` as a dict. A SourceError says what
    is wrong with a file, or which name a pickle asks for that data do not need.
    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of escapes in Python 2's text
            return _to_plain(_Unpickler(file, encoding="latin1").load(), {})
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged file leads to
        raise SourceError.unreadable(path, "a pickle of arrays", error, _MEND) from error


class _Dtype:
    """Stands in for `numpy.dtype`."""

    def __init__(self, name: Any, *_: Any) -> None:
        name = _to_text(name)
        if not _TYPE.fullmatch(name):
            raise pickle.UnpicklingError(f"an array of type {name[:40]}")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple) -> None:
        """Takes the byte order; all else that a state can hold is for types that are refused."""
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
    if isinstance(values, str):  # bytes of Python 2, one letter each
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


def _to_plain(value: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    """What the unpickler made, with every stand-in replaced by its array.

    `done` is id -> container and what became of it, since one can be there twice, or hold itself.
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
