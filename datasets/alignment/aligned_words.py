"""What `align_words` gives: the words of one video with all their modalities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures

Mode = Literal["default", "mmsdk"]


@dataclass(frozen=True, eq=False)
class AlignedWords:
    """W words of one video.

    Args:
        mode: how they were aligned, and so how segments take their words.
        rows: `(W,)` the row of each word in the words that were given, ascending.
        intervals: `(W, 2)` the words' own times in seconds, the earlier first.
        texts: `(W,)` strings, or None.
        modalities: modality -> W rows.
        skipped: rows of the words that have no length, and so are not among the W.
        num_dropped: modality -> frames left out because they hold NaN or infinities. Words whose
            own features do count likewise. Always 0 in mmsdk mode.
    """

    mode: Mode
    rows: np.ndarray
    intervals: np.ndarray
    texts: np.ndarray | None
    modalities: Mapping[str, AlignedFeatures]
    skipped: np.ndarray
    num_dropped: Mapping[str, int]
