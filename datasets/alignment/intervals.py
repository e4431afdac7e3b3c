"""Start and end times in seconds, and when two of them are the same."""

from typing import Any

import numpy as np

# Times that differ by less are the same: the CMU-MultimodalSDK's own constant, in seconds.
EPSILON = 1e-5


def as_intervals(name: str, values: Any) -> np.ndarray:
    """The intervals as `(n, 2)` float64, so that the file's own type does not move a comparison.

    Args:
        name: what they are, for the message.
        values: `(n, 2)` start and end of each row in seconds; an empty list is no rows.

    Raises:
        ValueError: another shape, no numbers, or times that are NaN or infinite.
    """
    intervals = np.asarray(values)
    if intervals.size == 0 and intervals.ndim < 2:
        intervals = np.zeros((0, 2))
    if intervals.dtype.kind not in "fiu" or intervals.ndim != 2 or intervals.shape[1] != 2:
        raise ValueError(
            f"The intervals of the {name} must be numbers of shape (n, 2), start and end of each "
            f"row in seconds; got {intervals.dtype} of shape {intervals.shape}."
        )
    finite = np.isfinite(intervals)
    if not finite.all():
        bad = np.flatnonzero(~finite.all(axis=1))
        raise ValueError(
            f"The intervals of the {name} must be finite; got {len(bad)} rows that are not, the "
            f"first is row {bad[0]}: {intervals[bad[0]].tolist()}. Leave those rows out."
        )
    return intervals.astype(np.float64, copy=False)


def is_too_short(intervals: np.ndarray, mode: str) -> np.ndarray:
    """`(n,)` bool: the words or segments that are skipped, for they have no length.

    The SDK looks at the distance between start and end, so that it keeps a row that ends before it
    starts; the default mode skips that row too.
    """
    lengths = intervals[:, 1] - intervals[:, 0]
    return (np.abs(lengths) if mode == "mmsdk" else lengths) < EPSILON
