"""One labelled segment with its words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures


@dataclass(frozen=True, eq=False)
class Segment:
    """T words between the start and the end of one label, in the order of their starts.

    Args:
        name: `VIDEO[row]`.
        row: the label's row in its file, counting the rows that were skipped.
        words: `(T,)` indices into the aligned words.
        intervals: `(T, 2)` seconds; in mmsdk mode cut to the segment, as the SDK does.
        texts: `(T,)` strings, or None.
        members: modality -> indices of its rows into the aligned words.
        modalities: modality -> its rows. In default mode T, always. In mmsdk mode each modality has
            the words that its own, narrowed intervals bring into the segment: their numbers may
            differ, and one may have none (the SDK's `hard_unify` then removes the segment).
    """

    name: str
    row: int
    words: np.ndarray
    intervals: np.ndarray
    texts: np.ndarray | None
    members: Mapping[str, np.ndarray]
    modalities: Mapping[str, AlignedFeatures]

    def on_words(self, modality: str, words: np.ndarray, width: int) -> np.ndarray:
        """`(len(words), width)` float32: the modality's row of each word, zeros where it has none.

        Args:
            modality: its name; one that was not aligned has no rows.
            words: indices into the aligned words, all that the modality has among them.
            width: F.
        """
        rows = np.zeros((len(words), width), np.float32)
        if modality in self.modalities:
            place = {word: row for row, word in enumerate(words.tolist())}
            places = [place[word] for word in self.members[modality].tolist()]
            rows[places] = self.modalities[modality].features
        return rows

    def is_out_of_step(self, words: np.ndarray) -> bool:
        """Whether a modality lacks one of these words."""
        return any(len(members) != len(words) for members in self.members.values())
