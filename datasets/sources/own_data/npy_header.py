"""What the header of a .npy file says of the array after it."""

import io
import math
import re
import struct
from dataclasses import dataclass

import numpy as np

MAX_HEADER_CHARACTERS = 1024  # NumPy writes 118, some more for many dimensions
_LENGTHS = {(1, 0): "<H", (2, 0): "<I"}  # version -> form of the header's length
# As NumPy writes it, in Python 2 with L after numbers. It is not evaluated, and `numpy.dtype` is
# given nothing but plain types: others, as 'm8[s/0]', end the process.
_HEADER = re.compile(
    r"\{'descr':\s*(?P<type>.+?),\s*'fortran_order':\s*(?P<order>True|False),"
    r"\s*'shape':\s*\((?P<shape>[-0-9L, ]*)\),?\s*\}\s*"
)
_PLAIN_TYPE = re.compile(r"'([<>|=][biufUS][1-9][0-9]{0,9})'")


@dataclass(frozen=True)
class NpyHeader:
    """A plain array of numbers or text, as its header declares it.

    Args:
        shape: any; each length is at least 0.
        is_fortran: whether the last index varies slowest in the file.
        dtype: of kind b, i, u, f, U or S.
        start: where the values begin, in bytes from the beginning of the .npy file.
    """

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype
    start: int

    @property
    def num_bytes(self) -> int:
        """Of the values."""
        return math.prod(self.shape) * self.dtype.itemsize

    @classmethod
    def parse(cls, beginning: bytes) -> "NpyHeader":
        """Reads the header out of the first bytes of a file.

        Args:
            beginning: `MAX_HEADER_CHARACTERS` and 12 bytes, or the whole file where it is shorter.

        Raises:
            ValueError: not a header, or not of a plain array; the message says why.
        """
        stream = io.BytesIO(beginning)
        version = np.lib.format.read_magic(stream)
        if version not in _LENGTHS:
            raise ValueError(f"version {version[0]}.{version[1]} of the .npy format")
        form = _LENGTHS[version]
        (length,) = struct.unpack(form, stream.read(struct.calcsize(form)))
        header = stream.read(min(length, MAX_HEADER_CHARACTERS)).decode("latin-1")
        match = _HEADER.fullmatch(header)
        if len(header) < length or match is None:
            raise ValueError(f"a header that NumPy does not write, {header[:60]!a}")
        return cls(
            shape=_to_shape(match["shape"]),
            is_fortran=match["order"] == "True",
            dtype=_to_dtype(match["type"]),
            start=stream.tell(),
        )


def _to_shape(text: str) -> tuple[int, ...]:
    lengths = [length.strip().removesuffix("L") for length in text.split(",")]
    shape = tuple(int(length) for length in lengths if length)
    if len(shape) > 32 or not all(0 <= length < 2**63 for length in shape):
        raise ValueError(f"the shape {str(shape)[:80]}")
    return shape


def _to_dtype(text: str) -> np.dtype:
    if text == "'|O'":
        raise ValueError("an array of Python objects, which only a pickle can hold")
    match = _PLAIN_TYPE.fullmatch(text)
    try:
        if match is not None:
            return np.dtype(match[1])
    except (TypeError, ValueError):
        pass  # no type is of that size
    raise ValueError(f"the type {text[:80]!a}, neither numbers nor text")
