"""Checking the rows of features that users hand in."""

from typing import Any

import numpy as np


def as_rows(name: str, values: Any, num_rows: int) -> np.ndarray:
    """The features as a contiguous `(n, F)` array: float32 as it is, all else as float64.

    Rows of float64 are averaged in float64 and rounded once, at the end. Contiguous, because the
    order in which NumPy adds depends on the layout, and with it the last bit.

    Args:
        name: the modality, for the message.
        values: `(n, F)` numbers.
        num_rows: n, which the intervals give.

    Raises:
        ValueError: another shape, or no numbers.
    """
    rows = np.asarray(values)
    if rows.dtype.kind not in "fiu" or rows.ndim != 2 or len(rows) != num_rows:
        raise ValueError(
            f"The features of {name!r} must be numbers of shape ({num_rows}, F), a row for each "
            f"of its intervals; got {rows.dtype} of shape {rows.shape}."
        )
    return np.ascontiguousarray(rows, np.float32 if rows.dtype == np.float32 else np.float64)


def are_finite(rows: np.ndarray) -> np.ndarray:
    """`(n,)` bool: whether all values of a row are finite as float32."""
    finite = np.isfinite(to_float32(rows))
    return np.ones(len(rows), bool) if finite.all() else finite.all(axis=1)


def to_float32(rows: np.ndarray) -> np.ndarray:
    """The rows as float32; what lies beyond float32 becomes infinite."""
    with np.errstate(over="ignore"):
        return rows.astype(np.float32, copy=False)
