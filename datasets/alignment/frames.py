"""The frames of one modality of one video."""

from dataclasses import dataclass

import numpy as np

from rmfn_tf.datasets.alignment.intervals import as_intervals
from rmfn_tf.datasets.alignment.rows import as_rows


@dataclass(frozen=True, eq=False)
class Frames:
    """n frames in any order: what a face tracker or a voice analyser gives at its own rate.

    Args:
        features: `(n, F)` numbers, NaN and infinities among them.
        intervals: `(n, 2)` start and end of each frame in seconds. They may overlap and leave gaps.

    Raises:
        ValueError: an argument of another shape or type, or times that are not finite.
    """

    features: np.ndarray
    intervals: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", as_intervals("frames", self.intervals))
        object.__setattr__(self, "features", as_rows("frames", self.features, len(self.intervals)))

    def take(self, rows: np.ndarray) -> "Frames":
        """The frames of these rows, in their order."""
        return Frames(self.features[rows], self.intervals[rows])
