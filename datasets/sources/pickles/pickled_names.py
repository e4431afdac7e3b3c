"""What stands in for the names that a pickle of arrays asks for.

None of them is the real thing. `numpy.ndarray` and `numpy.dtype` take over what a pickle says
without a check: an object array shorter than it says reads foreign memory, and a record type can
make numbers into object pointers. So arrays are made here, from their bytes, and only where type,
shape and number of bytes agree.
"""

import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from rmfn_tf.datasets.sources.pickles.pickle_keys import check_keys

_TYPE = re.compile(r"[biufc][0-9]{1,2}|[SU][0-9]{1,7}|O[48]?")
_MAX_DIMENSIONS = 8


class Unbuilt:
    """What a pickle has named but not yet described: a type or an array.

    Attributes:
        build: from the description to the thing itself.
        built: the thing, once described.
    """

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self.build = build
        self.built: Any = None


class PickledNames:
    """The stand-ins of one file.

    Args:
        size: the file's size in bytes. All that the stand-ins make together is no more: every
            byte of it must have been in the file, so no file is unpacked into a larger thing.

    Attributes:
        by_name: (module, name) -> stand-in. These are all the names there are.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._array_type = object()
        self.by_name: dict[tuple[str, str], Any] = {
            ("numpy", "ndarray"): self._array_type,
            ("numpy", "dtype"): self._dtype,
            ("_codecs", "encode"): self._encode,
            ("collections", "OrderedDict"): self._ordered_dict,
        }
        for core in ("numpy.core", "numpy._core"):  # NumPy 1 and 2
            self.by_name[f"{core}.multiarray", "_reconstruct"] = self._reconstruct
            self.by_name[f"{core}.multiarray", "scalar"] = self._scalar
            self.by_name[f"{core}.numeric", "_frombuffer"] = self._frombuffer
        for builtins in ("builtins", "__builtin__"):  # Python 3 and 2
            self.by_name[builtins, "set"] = self._set
            self.by_name[builtins, "frozenset"] = self._frozenset
            self.by_name[builtins, "complex"] = self._complex

    def may_call(self, function: Any) -> bool:
        """Whether an object is one of the stand-ins, and not the mere mark of an array."""
        return callable(function) and any(function is each for each in self.by_name.values())

    def _dtype(self, name: Any, align: Any = False, copy: Any = True) -> Unbuilt:
        name = self._to_text(name)
        if not _TYPE.fullmatch(name):
            raise pickle.UnpicklingError(f"an array of type {name[:40]!a}")
        dtype = np.dtype(name)
        if dtype.itemsize == 0:
            raise pickle.UnpicklingError("an array whose values take no bytes")
        return Unbuilt(lambda state: self._finish_dtype(dtype, state))

    def _finish_dtype(self, dtype: np.dtype, state: Any) -> np.dtype:
        """Takes the byte order; all else that a state can say is for types that are refused."""
        if not isinstance(state, tuple) or len(state) < 8:
            raise pickle.UnpicklingError("a type without its byte order")
        order: Any = self._to_text(state[1])  # any that NumPy does not know is a ValueError
        return dtype.newbyteorder(order)

    def _reconstruct(self, subtype: Any, shape: Any, type_code: Any) -> Unbuilt:
        if subtype is not self._array_type:
            raise pickle.UnpicklingError("an array of an unknown class")
        return Unbuilt(self._finish_array)

    def _finish_array(self, state: Any) -> np.ndarray:
        _, shape, dtype, in_columns, values = state
        return self._make_array(shape, dtype, "F" if in_columns else "C", values)

    def _frombuffer(
        self, values: Any, dtype: Any, shape: Any, order: Any, axes: Any = None
    ) -> np.ndarray:
        if order != "K" or axes is None:
            return self._make_array(shape, dtype, order, values)
        return self._make_array(shape, dtype, "C", values).transpose(_check_shape(axes))

    def _make_array(self, shape: Any, dtype: Any, order: Any, values: Any) -> np.ndarray:
        shape = _check_shape(shape)
        if not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("an array without a type")
        if dtype.hasobject:
            return self._make_text_array(shape, order, values)
        values = self._to_bytes(values)
        declared = math.prod(shape) * dtype.itemsize
        if declared != len(values):
            raise pickle.UnpicklingError(
                f"an array of shape {shape} and type {dtype}, {declared:,} bytes, of which there "
                f"are {len(values):,}"
            )
        if not values:
            return np.zeros(shape, dtype)
        return np.frombuffer(values, dtype).reshape(shape, order=order)

    def _make_text_array(self, shape: tuple[int, ...], order: Any, values: Any) -> np.ndarray:
        if not isinstance(values, list) or len(values) != math.prod(shape):
            raise pickle.UnpicklingError(f"an object array of shape {shape} without its objects")
        for value in values:
            if not isinstance(value, str | bytes):
                raise pickle.UnpicklingError(
                    f"an object array that holds {type(value).__name__}, not text"
                )
        self._spend(len(values))
        array = np.empty(len(values), object)
        array[:] = values
        return array.reshape(shape, order=order)

    def _scalar(self, dtype: Any, value: Any = b"") -> Any:
        if isinstance(dtype, np.dtype) and dtype.hasobject:
            raise pickle.UnpicklingError("a single object as a NumPy scalar")
        return self._make_array((), dtype, "C", value)[()]

    def _encode(self, text: Any, encoding: Any) -> bytes:
        """How Python 3 writes bytes for Python 2."""
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise pickle.UnpicklingError("bytes in an unknown encoding")
        return self._to_latin1(text)

    def _complex(self, real: Any, imaginary: Any) -> complex:
        if not isinstance(real, float) or not isinstance(imaginary, float):
            raise pickle.UnpicklingError("a complex number not made of two numbers")
        return complex(real, imaginary)

    def _set(self, items: Any = ()) -> set:
        return set(check_keys(self._to_list(items)))

    def _frozenset(self, items: Any = ()) -> frozenset:
        return frozenset(check_keys(self._to_list(items)))

    def _ordered_dict(self, pairs: Any = ()) -> dict:
        """A plain dict, which keeps its order too."""
        made = [self._to_list(pair) for pair in self._to_list(pairs)]
        check_keys(key for key, _ in made)
        return dict(made)

    def _to_list(self, items: Any) -> list:
        if not isinstance(items, list | tuple):
            raise pickle.UnpicklingError("a collection that is not made of a list")
        self._spend(len(items))
        return list(items)

    def _to_bytes(self, data: Any) -> bytes | bytearray:
        """Bytes are kept where they are. What Python 2 wrote comes as text, a letter a byte."""
        if isinstance(data, str):
            return self._to_latin1(data)
        if not isinstance(data, bytes | bytearray):
            raise pickle.UnpicklingError(f"values stored as {type(data).__name__}, not as bytes")
        return data

    def _to_latin1(self, text: str) -> bytes:
        self._spend(len(text))
        return text.encode("latin-1")

    def _to_text(self, data: Any) -> str:
        if not isinstance(data, str | bytes):
            raise pickle.UnpicklingError(f"a name stored as {type(data).__name__}, not as text")
        return data if isinstance(data, str) else data.decode("latin-1")

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise pickle.UnpicklingError("the same values used again and again")


def _check_shape(shape: Any) -> tuple[int, ...]:
    if (
        not isinstance(shape, tuple)
        or len(shape) > _MAX_DIMENSIONS
        or not all(type(size) is int and 0 <= size < 2**40 for size in shape)
    ):
        raise pickle.UnpicklingError("an array of an impossible shape")
    return shape
