"""Checks that the arrays of a user's own data share."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data.mistakes import ARRAYS
from rmfn_tf.names import did_you_mean

TEXT, INTEGERS, NUMBERS = "US", "iu", "biuf"  # kinds of dtype
_KINDS = {TEXT: "text", INTEGERS: "integers", NUMBERS: "numbers"}
_REQUIRED = ("id", "split", "label", "num_steps")


def check_names(path: Path, names: Collection[str], modalities: Sequence[str]) -> None:
    """Every array that must be there is, and no other.

    Args:
        path: the NPZ file, for the message.
        names: of its arrays.
        modalities: of the data set.

    Raises:
        SourceError: one is unknown, or missing.
    """
    known = (*ARRAYS, *modalities)
    for name in names:
        if name not in known:
            raise SourceError.at(
                path,
                name,
                found="an unknown array",
                mend=f"{did_you_mean(name, known)} Known are {', '.join(known)}; other features "
                "must be named in `modalities` of data.toml".lstrip(),
            )
    for name in (*_REQUIRED, *modalities):
        if name not in names:
            found = f"missing; there are {', '.join(names) or 'no arrays'}"
            raise SourceError.at(path, name, found=found, mend="Every file must hold this array")


def check_width(path: Path, name: str, shape: tuple[int, ...]) -> int:
    """F of features `(S, F)`; a SourceError where they have another rank, or F is 0."""
    if len(shape) != 2 or not shape[1]:
        mend = "Features must have shape (S, F): the steps of all examples, one after another"
        raise SourceError.at(path, name, found=f"shape {shape}", mend=mend)
    return shape[1]


def check_array(
    path: Path, name: str, array: np.ndarray, kinds: str, shape: tuple[int, ...], why: str
) -> None:
    """Type and shape of one array.

    Args:
        path: the NPZ file, for the message.
        name: the array's.
        array: the array.
        kinds: `TEXT`, `INTEGERS` or `NUMBERS`.
        shape: that it must have.
        why: where that shape comes from, as "one for each id".

    Raises:
        SourceError: it has others.
    """
    if array.dtype.kind not in kinds:
        mend = f"It must hold {_KINDS[kinds]}"
        raise SourceError.at(path, name, found=f"values of type {array.dtype}", mend=mend)
    if array.shape != shape:
        mend = f"It must have shape {shape}: {why}"
        raise SourceError.at(path, name, found=f"shape {array.shape}", mend=mend)


def read_text(path: Path, name: str, array: np.ndarray) -> list[str]:
    """An array of text `(N,)` as N texts.

    Args:
        path: the NPZ file, for the message.
        name: the array's.
        array: of kind U, or of kind S and then UTF-8.

    Raises:
        SourceError: any is not text.
    """
    if array.dtype.kind == "U":
        # Characters that cannot be end in a SystemError where NumPy makes text of them.
        codes = np.ascontiguousarray(array).view(f"{array.dtype.byteorder}u4")
        right = (codes < 0xD800) | ((codes > 0xDFFF) & (codes < 0x110000))
        texts = array.tolist() if right.all() else None
    else:
        try:
            texts = [value.decode("utf-8") for value in array.tolist()]
        except UnicodeDecodeError:
            texts = None
    if texts is None:
        found = "text that is not Unicode (UTF-8 where it is bytes)"
        raise SourceError.at(path, name, found=found, mend="Save it as an array of str")
    return texts


def read_names(path: Path, name: str, array: np.ndarray) -> list[str]:
    """As `read_text`, and none may be empty."""
    texts = read_text(path, name, array)
    for row, text in enumerate(texts):
        if not text.strip():
            mend = "Give every example one"
            raise SourceError.at(path, name, found=f"empty text in row {row}", mend=mend)
    return texts


def of_example(ids: Sequence[str], row: int) -> str:
    """`of id 'video_2' (row 7)`, for errors about one example."""
    return f"of id {ids[row][:80]!a} (row {row})"
