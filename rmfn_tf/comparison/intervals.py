"""Bootstrap intervals over test items."""

from collections.abc import Iterator, Sequence

import numpy as np

from rmfn_tf.comparison.resampling import (
    averages,
    check_draws,
    checked_runs,
    draw_blocks,
    members_of,
)
from rmfn_tf.comparison.weighted_scores import item_columns
from rmfn_tf.task import Task

_CONFIDENCE = 0.95


def bootstrap_intervals(
    task: Task,
    labels: np.ndarray,
    predictions: Sequence[np.ndarray],
    groups: np.ndarray,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % percentile bootstrap intervals of the metrics, averaged over the training seeds.

    A resample draws as many groups as there are, with replacement; each brings all its items, and
    the resample is the same for every training seed (Efron, Tibshirani 1993, chapters 8 and 13).

    Args:
        task: what the labels are.
        labels: of N items, `(N, labels)`, or `(N,)` where there is one.
        predictions: one `(N, outputs)` per training seed.
        groups: `(N,)`, what each item belongs to (its video).
        resamples: how many.
        seed: of the resampling.

    Returns:
        Metric name → (low, high), the 2.5 and 97.5 percentiles.

    Raises:
        ValueError: what `WeightedScorer` raises, no predictions, groups of another length, only
            one group (every resample would be the same), or no resamples.
    """
    truth = item_columns("labels", labels)
    runs = checked_runs("predictions", predictions, len(truth))
    members, count = members_of(groups, len(truth))
    if count < 2:
        raise ValueError(
            f"bootstrap_intervals: all {len(truth)} items are in one group, so that every "
            "resample would be the same; an interval needs at least two groups, and 20 or more "
            "to be worth something."
        )
    check_draws(resamples, seed)

    def weights() -> Iterator[np.ndarray]:
        generator = np.random.default_rng(seed)
        shares = np.full(count, 1 / count)
        for rows in draw_blocks(resamples, len(truth)):
            yield generator.multinomial(count, shares, rows.stop - rows.start)[:, members]

    tail = (1 - _CONFIDENCE) / 2
    intervals = {}
    for name, values in averages(task, truth, runs, weights()).items():
        low, high = np.quantile(values, [tail, 1 - tail])
        intervals[name] = (float(low), float(high))
    return intervals
