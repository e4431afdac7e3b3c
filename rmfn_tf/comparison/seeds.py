"""What a difference between two rows is worth beside their spread over training seeds."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import ttest_ind_from_stats


def seeds_p_value(scores: Sequence[float], reference: Sequence[float]) -> float | None:
    """Two-sided p-value of Welch's t-test between the scores of two rows' runs.

    Resampling items cannot see that a seed makes a network better or worse on all items alike; this
    test sees nothing else. A row that is the same in all its runs (a floor) leaves a one-sample
    test of the other's. Runs on the same folds are correlated, which makes p larger than it need
    be, never smaller.

    Args:
        scores: one a run.
        reference: likewise, of the other row.

    Returns:
        p, or None where neither row varies over its runs: then there is no spread to judge by.

    Raises:
        ValueError: a row without runs.
    """
    if not len(scores) or not len(reference):
        raise ValueError(
            f"seeds_p_value: both rows need runs; got {len(scores)} and {len(reference)}."
        )
    if len(scores) < 2 or len(reference) < 2:
        return None
    ours, theirs = _deviation(scores), _deviation(reference)
    if not ours and not theirs:
        return None
    return float(
        ttest_ind_from_stats(
            *(np.mean(scores), ours, len(scores)),
            *(np.mean(reference), theirs, len(reference)),
            equal_var=False,
        ).pvalue
    )


def _deviation(scores: Sequence[float]) -> float:
    """The standard deviation, 0 where it is no more than rounding."""
    deviation = float(np.std(scores, ddof=1))
    return deviation if deviation > 1e-9 * np.abs(scores).max() else 0.0
