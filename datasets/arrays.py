"""What published arrays have in common: padding, infinities, and labels that must be numbers."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.source import SourceError


def to_float32(array: np.ndarray) -> np.ndarray:
    """The array as float32; what lies beyond it is infinite, as COVAREP's own infinities are."""
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def to_finite_labels(path: Path, key: str, labels: np.ndarray) -> np.ndarray:
    """Labels as float32, one row a sample; a SourceError where one is NaN, or infinite then."""
    labels = to_float32(labels)
    bad = np.argwhere(~np.isfinite(labels))
    if bad.size:
        found = f"{len(bad)} labels that are not finite, the first in row {bad[0, 0]}"
        mend = "Every sample needs a label: take the file from another copy"
        raise SourceError.at(path, key, found=found, mend=mend)
    return labels


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
        modality -> `(T, F)` float32 copies with 1 <= T <= steps, one T for all.
    """
    holds_value = np.any([(rows != 0).any(axis=1) for rows in features.values()], axis=0)
    steps = np.flatnonzero(holds_value)
    first, last = (steps[0], steps[-1]) if steps.size else (0, 0)
    return {name: to_float32(rows[first : last + 1]) for name, rows in features.items()}
