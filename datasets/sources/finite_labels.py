"""Labels as every reader hands them on."""

from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError


def to_finite_labels(path: Path, key: str, labels: np.ndarray) -> np.ndarray:
    """Labels as float32, one row a sample; every one must be a finite number.

    Args:
        path: the file, for the message.
        key: where the labels lie in it, for the message.
        labels: `(N,)` or `(N, columns)`.

    Raises:
        SourceError: a label is NaN, or infinite (in float32).
    """
    with np.errstate(over="ignore"):  # beyond float32: infinite, which is refused below
        labels = labels.astype(np.float32)
    bad = np.argwhere(~np.isfinite(labels))
    if bad.size:
        raise SourceError.at(
            path,
            key,
            found=f"{len(bad)} labels that are not finite, the first in row {bad[0, 0]}",
            mend="Every sample needs a label: take the file from another copy",
        )
    return labels
