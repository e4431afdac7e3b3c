"""Undoing the padding of stored arrays."""

from collections.abc import Mapping

import numpy as np


def strip_padding(features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The steps from the first to the last that holds anything.

    Published arrays are padded with zeros in front to a fixed number of steps, and a part of them
    ends in zero rows too. A step is padding where it is all zero in *every* modality and lies
    before the first or after the last step that is not. All-zero steps in between stay: they are
    words for which no modality has a frame.

    A sample without any value keeps one all-zero step. It has a label, so leaving it out would
    change the published counts, and no layer accepts a sequence of no steps; every modality of it
    is then "not present".

    Args:
        features: modality -> `(steps, F)`; NaN and infinities count as values.

    Returns:
        modality -> `(T, F)` copies with 1 <= T <= steps, one T for all.
    """
    holds_value = np.any([(rows != 0).any(axis=1) for rows in features.values()], axis=0)
    steps = np.flatnonzero(holds_value)
    first, last = (steps[0], steps[-1]) if steps.size else (0, 0)
    return {name: rows[first : last + 1].copy() for name, rows in features.items()}
