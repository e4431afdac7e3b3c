"""One modality, a row for each word."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class AlignedFeatures:
    """T words of one modality.

    Args:
        features: `(T, F)` float32; a word without frames is a row of zeros.
        intervals: `(T, 2)` seconds. Default mode: the word's own. mmsdk mode: from the start of
            its first frame to the end of its last, inside the word; its own where it has none.
        has_frames: `(T,)` bool.
    """

    features: np.ndarray
    intervals: np.ndarray
    has_frames: np.ndarray
