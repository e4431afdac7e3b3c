"""The words of one video: what everything else is aligned to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rmfn_tf.datasets.alignment.intervals import as_intervals
from rmfn_tf.datasets.alignment.rows import as_rows

PAUSE = "sp"


@dataclass(frozen=True, eq=False)
class Words:
    """n words of one video, in the order of its file.

    Args:
        intervals: `(n, 2)` start and end of each word in seconds.
        texts: n strings, `"sp"` for a pause; None where unknown.
        features: modality -> `(n, F)`, for what has a row for each word already (word vectors).

    Raises:
        ValueError: an argument of another shape or type, or times that are not finite.
    """

    intervals: np.ndarray
    texts: Sequence[str] | np.ndarray | None = None
    features: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", as_intervals("words", self.intervals))
        if self.texts is not None:
            object.__setattr__(self, "texts", _as_texts(self.texts, len(self.intervals)))
        checked = {
            name: as_rows(name, rows, len(self.intervals)) for name, rows in self.features.items()
        }
        object.__setattr__(self, "features", checked)

    def __len__(self) -> int:
        """n."""
        return len(self.intervals)

    def take(self, rows: np.ndarray, intervals: np.ndarray | None = None) -> "Words":
        """The words of these rows, with their own or with other intervals."""
        return Words(
            self.intervals[rows] if intervals is None else intervals,
            None if self.texts is None else np.asarray(self.texts)[rows],
            {name: values[rows] for name, values in self.features.items()},
        )

    def find_pauses(self) -> np.ndarray:
        """`(n,)` bool.

        Raises:
            ValueError: the words have no texts.
        """
        if self.texts is None:
            raise ValueError(
                "The words have no texts, so nothing says which are pauses: give Words the texts "
                f"(with {PAUSE!r} for a pause), or keep the pauses."
            )
        return np.asarray(self.texts) == PAUSE


def _as_texts(texts: Sequence[str] | np.ndarray, num_words: int) -> np.ndarray:
    array = np.array(texts, dtype=object)
    wrong = [text for text in array.ravel() if not isinstance(text, str)]
    if array.shape != (num_words,) or wrong:
        found = f"{type(wrong[0]).__name__} {wrong[0]!r}" if wrong else f"shape {array.shape}"
        raise ValueError(
            f"The texts must be {num_words} strings, one for each interval of the words; got "
            f"{found}. Decode bytes first."
        )
    return array.astype(str)
