"""One video's rows of a computational sequence."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Recording:
    """What a computational sequence holds of one video: n rows, each with its time.

    Args:
        features: `(n, ...)`, numbers in the file's own type, or text where the file holds words.
        intervals: `(n, 2)` float64, start and end of each row in seconds, finite, start <= end.
            Rows can be out of time order, overlap, or last no time.
        num_reversed: rows that end before they start in the file. Here they end where they
            start, so that they last no time and no word or frame lies in them.
    """

    features: np.ndarray
    intervals: np.ndarray
    num_reversed: int = 0
