"""What a difference between two rows of a table is worth: intervals, p-values, Holm's correction.

All resampling takes whole groups (videos): segments of one video are not independent. It is over
items only. What another training seed would give is not in an interval or a p-value, which speak
of the trained models at hand: where a seed makes a network better or worse on all items alike, two
rows of one and the same model differ too, and get small p-values. So the spread over the seeds
belongs beside them in every table.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from rmfn_tf.training.weighted_scores import WeightedScorer, item_columns, row_blocks

_CONFIDENCE = 0.95
Name = TypeVar("Name", bound=Hashable)

# Resamples that tie with the observed difference may miss it by rounding.
_TIE = 1e-9
# Weights (rows × items) drawn at a time.
_DRAWN = 2**21


def bootstrap_intervals(
    task: Mapping[str, Any],
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
        task: `builder.info.metadata["task"]`.
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
    runs = _runs("predictions", predictions, len(truth))
    members, count = _members(groups, len(truth))
    if count < 2:
        raise ValueError(
            f"bootstrap_intervals: all {len(truth)} items are in one group, so that every "
            "resample would be the same; an interval needs at least two groups, and 20 or more "
            "to be worth something."
        )
    _check_draws(resamples, seed)

    def weights() -> Iterator[np.ndarray]:
        generator = np.random.default_rng(seed)
        shares = np.full(count, 1 / count)
        for rows in row_blocks(resamples, _DRAWN // len(truth)):
            yield generator.multinomial(count, shares, rows.stop - rows.start)[:, members]

    tail = (1 - _CONFIDENCE) / 2
    intervals = {}
    for name, values in _averages(task, truth, runs, weights()).items():
        low, high = np.quantile(values, [tail, 1 - tail])
        intervals[name] = (float(low), float(high))
    return intervals


def permutation_p_values(
    task: Mapping[str, Any],
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
        task: `builder.info.metadata["task"]`.
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
    ours = _runs("predictions", predictions, len(truth))
    theirs = _runs("reference", reference, len(truth))
    if len(ours) != len(theirs) or ours[0].shape != theirs[0].shape:
        raise ValueError(
            "permutation_p_values: `predictions` and `reference` are swapped with one another, so "
            f"both must have as many seeds and outputs; got {len(ours)} of {ours[0].shape} and "
            f"{len(theirs)} of {theirs[0].shape}. Repeat predictions that have no seed."
        )
    members, count = _members(groups, len(truth))
    _check_draws(resamples, seed)
    twice = np.concatenate([truth, truth])

    def averages(row: list[np.ndarray], other: list[np.ndarray]) -> dict[str, np.ndarray]:
        # The items of both rows end to end: a swap turns off those of one and on the other's.
        both = [np.concatenate(pair) for pair in zip(row, other, strict=True)]
        return _averages(task, twice, both, _swaps(members, count, resamples, seed))

    p_values = {}
    of_theirs = averages(theirs, ours)
    for name, values in averages(ours, theirs).items():
        differences = np.abs(values - of_theirs[name])
        tolerance = _TIE * (abs(values[0]) + abs(of_theirs[name][0]))
        # The first is the observed one, which counts itself: the 1 + of the formula.
        extreme = np.count_nonzero(differences >= differences[0] - tolerance)
        p_values[name] = float(extreme / len(differences))
    return p_values


def holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Holm's step-down adjustment of p-values for the number of them (Holm 1979).

        adjusted p_(i) = max over j ≤ i of min(1, (m - j + 1) · p_(j)),  p_(1) ≤ ... ≤ p_(m)

    Rejecting where the adjusted p ≤ α keeps the chance of any false rejection at α or below.

    Args:
        p_values: name → p, those of one family.

    Returns:
        Name → adjusted p, in the order given.

    Raises:
        ValueError: a p-value that is not between 0 and 1.
    """
    wrong = {name: p for name, p in p_values.items() if not 0 <= p <= 1}
    if wrong:
        raise ValueError(f"holm: p-values must be between 0 and 1; got {wrong!r}.")
    adjusted: dict[Name, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def _averages(
    task: Mapping[str, Any],
    labels: np.ndarray,
    runs: Sequence[np.ndarray],
    weights: Iterable[np.ndarray],
) -> dict[str, np.ndarray]:
    """Each metric averaged over the runs, for each row of the blocks of weights."""
    scorers = [WeightedScorer(task, labels, run) for run in runs]
    blocks: dict[str, list[np.ndarray]] = {}
    for block in weights:
        scores = [scorer(block) for scorer in scorers]
        for name in scores[0]:
            blocks.setdefault(name, []).append(np.mean([each[name] for each in scores], axis=0))
    return {name: np.concatenate(values) for name, values in blocks.items()}


def _swaps(members: np.ndarray, count: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Weights `(rows, 2N)` of a row's items and the other's: first nothing swapped, then draws."""
    generator = np.random.default_rng(seed)
    for rows in row_blocks(1 + resamples, _DRAWN // (2 * len(members))):
        swapped = (generator.random((rows.stop - rows.start, count)) < 0.5)[:, members]
        if rows.start == 0:
            swapped[0] = False
        yield np.concatenate([~swapped, swapped], axis=1)


def _runs(name: str, predictions: Sequence[np.ndarray], items: int) -> list[np.ndarray]:
    runs = [item_columns(f"{name}[{k}]", run) for k, run in enumerate(predictions)]
    shapes = [run.shape for run in runs]
    if not runs or len(set(shapes)) > 1 or len(runs[0]) != items:
        raise ValueError(
            f"`{name}` must be a list with one array (N, outputs) per seed, of the same N items "
            f"as `labels` ({items}); got the shapes {shapes}."
        )
    return runs


def _members(groups: np.ndarray, items: int) -> tuple[np.ndarray, int]:
    """The number of each item's group, and how many groups there are."""
    groups = np.asarray(groups)
    if groups.shape != (items,):
        raise ValueError(
            f"`groups` must name the group of each of the {items} items; got the shape "
            f"{groups.shape}."
        )
    names, members = np.unique(groups, return_inverse=True)
    return members, len(names)


def _check_draws(resamples: int, seed: int) -> None:
    if resamples < 1 or seed < 0:
        raise ValueError(
            f"`resamples` must be 1 or more and `seed` 0 or more; got {resamples} and {seed}."
        )
