"""Paired permutation test over test items."""

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

# Resamples that tie with the observed difference may miss it by rounding.
_TIE = 1e-9


def permutation_p_values(
    task: Task,
    labels: np.ndarray,
    predictions: Sequence[np.ndarray],
    reference: Sequence[np.ndarray],
    groups: np.ndarray,
    *,
    resamples: int = 9999,
    seed: int = 0,
) -> dict[str, float]:
    """Two-sided p-values of a paired permutation test between two rows, for each metric.

        d = mean over seeds of metric(predictions) - mean over seeds of metric(reference)
        p = (1 + number of resamples with |d*| ≥ |d|) / (1 + resamples)

    Where nothing parts the two, either could have made the predictions of a group: a resample
    swaps all predictions of a group, of all seeds at once, with probability 1/2 (Phipson, Smyth
    2010 for the 1 +). The test holds its level for any number G of groups, but the exact p is at
    least 2^(1-G): few groups cannot show a difference, and one group gives 1.

    Args:
        task: what the labels are.
        labels: of N items, `(N, labels)`, or `(N,)` where there is one.
        predictions: one `(N, outputs)` per training seed.
        reference: as many, of the other row; give predictions without a seed once per seed.
        groups: `(N,)`, what each item belongs to (its video).
        resamples: how many.
        seed: of the resampling.

    Returns:
        Metric name → p; 1.0 where both predict the same.

    Raises:
        ValueError: what `WeightedScorer` raises, no predictions, different numbers of them,
            groups of another length, or no resamples.
    """
    truth = item_columns("labels", labels)
    ours = checked_runs("predictions", predictions, len(truth))
    theirs = checked_runs("reference", reference, len(truth))
    if len(ours) != len(theirs) or ours[0].shape != theirs[0].shape:
        raise ValueError(
            "permutation_p_values: `predictions` and `reference` are swapped with one another, so "
            f"both must have as many seeds and outputs; got {len(ours)} of {ours[0].shape} and "
            f"{len(theirs)} of {theirs[0].shape}. Repeat predictions that have no seed."
        )
    members, count = members_of(groups, len(truth))
    check_draws(resamples, seed)
    twice = np.concatenate([truth, truth])

    def averaged(row: list[np.ndarray], other: list[np.ndarray]) -> dict[str, np.ndarray]:
        # The items of both rows end to end: a swap turns off those of one and on the other's.
        both = [np.concatenate(pair) for pair in zip(row, other, strict=True)]
        return averages(task, twice, both, _swaps(members, count, resamples, seed))

    p_values = {}
    of_theirs = averaged(theirs, ours)
    for name, values in averaged(ours, theirs).items():
        differences = np.abs(values - of_theirs[name])
        tolerance = _TIE * (abs(values[0]) + abs(of_theirs[name][0]))
        # The first is the observed one, which counts itself: the 1 + of the formula.
        extreme = np.count_nonzero(differences >= differences[0] - tolerance)
        p_values[name] = float(extreme / len(differences))
    return p_values


def _swaps(members: np.ndarray, count: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Weights `(rows, 2N)` of a row's items and the other's: first nothing swapped, then draws."""
    generator = np.random.default_rng(seed)
    for rows in draw_blocks(1 + resamples, 2 * len(members)):
        swapped = (generator.random((rows.stop - rows.start, count)) < 0.5)[:, members]
        if rows.start == 0:
            swapped[0] = False
        yield np.concatenate([~swapped, swapped], axis=1)
