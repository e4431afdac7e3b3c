"""Reading an NPZ file that nobody vouches for."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data.npy_header import MAX_HEADER_CHARACTERS, NpyHeader
from rmfn_tf.datasets.sources.own_data.npz_members import (
    COPY_AGAIN,
    SAVE_AGAIN,
    damage_as_source_error,
    open_members,
)

_CHUNK = 2**20


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Reads all arrays of an NPZ file; no pickle in it is ever loaded.

    An array's size in the zip directory, its size by its own header, and what its bytes in the
    file can hold at all must agree before memory is taken for it.

    Args:
        path: the file, within the limits of `open_members`. Its arrays are of numbers, bool or
            text (dtype kinds b, i, u, f, U, S).

    Returns:
        name -> array, in the order of the file.

    Raises:
        SourceError: no such file, another format, cut off, damaged, or an array that is not
            plain or too large; the message names the array.
    """
    return {
        name: _read_values(path, name, header, stream)
        for name, header, stream in _read_headers(path)
    }


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """name -> shape of the arrays of an NPZ file, in its order, without reading their values.

    Args:
        path: as `read_npz` takes it.

    Raises:
        SourceError: as `read_npz`, but for damage to the values.
    """
    return {name: header.shape for name, header, _ in _read_headers(path)}


def _read_headers(path: Path) -> Iterator[tuple[str, NpyHeader, IO[bytes]]]:
    """Name, header, and the member's stream at its first value, one array at a time."""
    with open_members(path) as members:
        for name, member in members.items():
            with damage_as_source_error(path, name), member.open() as stream:
                header = _read_header(path, name, stream)
                if header.start + header.num_bytes != member.size:
                    raise SourceError.at(
                        path,
                        name,
                        found=f"{header.num_bytes:,} bytes by its header (shape "
                        f"{str(header.shape)[:80]}, {header.dtype}), "
                        f"{member.size - header.start:,} in the archive",
                        mend=COPY_AGAIN,
                    )
                stream.seek(header.start)
                yield name, header, stream


def _read_header(path: Path, name: str, stream: IO[bytes]) -> NpyHeader:
    try:
        return NpyHeader.parse(stream.read(MAX_HEADER_CHARACTERS + 12))
    except ValueError as error:
        found = f"no plain array: {(str(error).splitlines() or [''])[0][:200]}"
        raise SourceError.at(path, name, found=found, mend=SAVE_AGAIN) from error


def _read_values(path: Path, name: str, header: NpyHeader, stream: IO[bytes]) -> np.ndarray:
    with damage_as_source_error(path, name):
        values = np.empty(header.num_bytes, np.uint8)
        done = 0
        while chunk := stream.read(min(_CHUNK, header.num_bytes - done)):
            values[done : done + len(chunk)] = np.frombuffer(chunk, np.uint8)
            done += len(chunk)
        if done < header.num_bytes:
            raise EOFError(f"{header.num_bytes - done:,} of {header.num_bytes:,} bytes are missing")
        order: Literal["F", "C"] = "F" if header.is_fortran else "C"
        return np.ndarray(header.shape, header.dtype, buffer=values, order=order)
