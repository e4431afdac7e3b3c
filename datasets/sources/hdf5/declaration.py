"""What an HDF5 data set declares about itself, before a byte of its values is read."""

import math
from pathlib import Path

import h5py

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.chunks import padded_shape

# A quarter of what a small machine has; the largest published array of the field takes 70 MB.
MAX_ARRAY_BYTES = 2**30

NUMBERS = "integers or floats"
BYTES = "strings of a fixed number of bytes"

_TYPE_CLASSES = {
    h5py.h5t.INTEGER: "integer",
    h5py.h5t.FLOAT: "float",
    h5py.h5t.STRING: "string",
    h5py.h5t.TIME: "time",
    h5py.h5t.BITFIELD: "bit field",
    h5py.h5t.OPAQUE: "opaque",
    h5py.h5t.COMPOUND: "compound",
    h5py.h5t.REFERENCE: "reference",
    h5py.h5t.ENUM: "enumeration",
    h5py.h5t.VLEN: "list of variable length",
    h5py.h5t.ARRAY: "array",
}


def type_name(dataset: h5py.Dataset) -> str:
    """The kind of the values, without making a NumPy type of it.

    A file can nest types as deep as it likes, and h5py would follow.
    """
    declared = dataset.id.get_type()
    if declared.get_class() == h5py.h5t.STRING and declared.is_variable_str():
        return "string of variable length"
    return _TYPE_CLASSES.get(declared.get_class(), "unknown")


def check_declaration(
    path: Path,
    key: str,
    dataset: h5py.Dataset,
    values: str,
    rank: int | None = None,
    max_bytes: int = MAX_ARRAY_BYTES,
) -> None:
    """Refuses a data set that is not what it must be, or could not be read in bounded memory.

    Args:
        path: the file.
        key: where the data set lies in it.
        dataset: the data set.
        values: what it must hold, `NUMBERS` or `BYTES`.
        rank: its number of dimensions, none of which may then be 0; None takes one or more
            dimensions of any size.
        max_bytes: the most that reading it may allocate.

    Raises:
        SourceError: type, shape or size is another, or part of the values was never written.
    """
    allowed = ("integer", "float") if values == NUMBERS else ("string",)
    if type_name(dataset) not in allowed:
        raise SourceError.at(
            path,
            key,
            found=f"values of type {type_name(dataset)}",
            mend=f"It must hold {values}",
        )
    shape = dataset.shape
    _check_shape(path, key, shape, rank)
    # Reading a chunked array allocates whole chunks, however small the array is.
    declared = dataset.id.get_type().get_size() * math.prod(padded_shape(shape, dataset.chunks))
    if declared > max_bytes:
        raise SourceError.at(
            path,
            key,
            found=f"a declared size of {declared:,} bytes (shape {shape})",
            mend=f"No more than {max_bytes:,} are read: the file cannot be what it claims",
        )
    if 0 not in shape and dataset.id.get_storage_size() == 0:
        raise SourceError.at(
            path,
            key,
            found=f"shape {shape}, but no values were ever written",
            mend="The file is incomplete: copy it afresh",
        )


def _check_shape(path: Path, key: str, shape: tuple[int, ...] | None, rank: int | None) -> None:
    if rank is None:
        if not shape:
            raise SourceError.at(
                path, key, found=f"shape {shape}", mend="It must have one dimension or more"
            )
    elif shape is None or len(shape) != rank or 0 in shape:
        raise SourceError.at(
            path,
            key,
            found=f"shape {shape}",
            mend=f"It must have {rank} dimensions, each of at least 1",
        )
