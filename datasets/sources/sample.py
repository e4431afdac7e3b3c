"""What every reader of source files yields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled segment: T aligned steps (words or sentences) and one label.

    Args:
        id: unique in the data set; `<split>-<row>` where the source names none.
        features: modality -> `(T, F)` float32, T >= 1 the same for all. A row that is all zero is
            a step for which the modality has nothing.
        label: a class, a score, or one score per label column.
        video_id: the recording; segments of one video must not be spread over splits or folds.
            Its default is `id`: one segment a video.
        segment: the segment's number in its video, from 0.
        words: T words; None where the source has none.
        intervals: `(T, 2)` start and end of each step in seconds; None where unknown.
        extra: further values that one data set alone has.
    """

    id: str
    features: Mapping[str, np.ndarray]
    label: np.ndarray | float | int
    video_id: str = ""
    segment: int = 0
    words: Sequence[str] | None = None
    intervals: np.ndarray | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.video_id:
            object.__setattr__(self, "video_id", self.id)

    @property
    def num_steps(self) -> int:
        """T."""
        return len(next(iter(self.features.values())))

    @property
    def present(self) -> dict[str, bool]:
        """modality -> whether any of its values differs from zero."""
        return {name: bool(rows.any()) for name, rows in self.features.items()}
