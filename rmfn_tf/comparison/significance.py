"""What the numbers of a table are worth: intervals and p-values over items, p-values over training
seeds, and Holm's correction of many p-values."""

import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from keras import ops
from scipy.stats import permutation_test, ttest_ind_from_stats

from rmfn_tf.metrics import metrics_for
from rmfn_tf.task import Task

Name = TypeVar("Name", bound=Hashable)

# Weights (resamples × groups) drawn at a time.
_DRAWN = 2**21


def weighted_scorer(
    task: Task, labels: np.ndarray, predictions: Sequence[np.ndarray], groups: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """The metrics of `metrics_for(task)`, averaged over the runs, as a function of weights.

    A group's whole-number weight k stands for k copies of its items. The metrics are functions of
    sums over the items (`rmfn_tf.metrics.metric`), so that a product of many rows of weights with
    the sums of each group gives them for all rows at once.

    Args:
        task: what the labels are.
        labels: of N items, `(N, labels)` float64.
        predictions: one `(N, outputs)` float64 per run.
        groups: `(N,)`, what each item belongs to.

    Returns:
        weights `(..., G)`, in the order of the groups' sorted names → values `(..., metrics)`, in
        the order of the data set's table. Without any item they are 0.

    Raises:
        ValueError: columns that the task does not take.
    """
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)

    def sums_of_groups(metric, run):
        metric.reset_state()
        metric.update_state(labels, run)  # checks the columns, and r counts from the first item
        each = ops.convert_to_numpy(metric.statistics(labels, run))
        return np.add.reduceat(each[order], starts)

    tables = [
        (metric, np.stack([sums_of_groups(metric, run) for run in predictions], axis=1))
        for metric in metrics_for(task)
    ]

    def score(weights: np.ndarray) -> np.ndarray:
        values = []
        for metric, table in tables:  # (groups, runs, columns, statistics)
            sums = ops.convert_to_tensor(np.tensordot(weights, table, axes=1))
            values.append(ops.mean(metric.finish(sums), axis=(-2, -1)))
        return ops.convert_to_numpy(ops.stack(values, axis=-1))

    return score


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
        resamples: how many, at least 1.
        seed: of the resampling.

    Returns:
        Metric name → (low, high), the 2.5 and 97.5 percentiles.

    Raises:
        ValueError: no items, items that are not finite, no predictions or some of other items or
            columns, groups of another length, or only one group (every resample would be the same).
    """
    truth = _columns("labels", labels)
    runs = _runs("predictions", predictions, len(truth))
    members, count = _members(groups, len(truth))
    if count < 2:
        raise ValueError(
            f"bootstrap_intervals: all {len(truth)} items are in one group, so that every "
            "resample would be the same; an interval needs at least two groups, and 20 or more "
            "to be worth something."
        )
    score = weighted_scorer(task, truth, runs, members)
    generator, shares = np.random.default_rng(seed), np.full(count, 1 / count)
    at_once = max(1, _DRAWN // count)
    draws = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    values = np.concatenate([score(generator.multinomial(count, shares, n)) for n in draws])
    low, high = np.quantile(values, [0.025, 0.975], axis=0).tolist()
    names = [metric.name for metric in metrics_for(task)]
    return dict(zip(names, zip(low, high, strict=True), strict=True))


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
        p = share of the swaps with |d*| ≥ |d|

    Where nothing parts the two, either could have made the predictions of a group: a swap exchanges
    all predictions of some groups, of all seeds at once. Of G groups there are 2^G swaps. All are
    tried where that is at most `resamples`, and p is exact; else `resamples` are drawn and what was
    observed counts as one more (Phipson, Smyth 2010). The test holds its level for any G, but no
    exact p is below 2^(1-G): few groups cannot show a difference, and one group gives 1.

    Args:
        task: what the labels are.
        labels: of N items, `(N, labels)`, or `(N,)` where there is one.
        predictions: one `(N, outputs)` per training seed.
        reference: as many, of the other row; give predictions without a seed once per seed.
        groups: `(N,)`, what each item belongs to (its video).
        resamples: the most swaps to try, at least 1.
        seed: of the resampling.

    Returns:
        Metric name → p; 1.0 where both predict the same.

    Raises:
        ValueError: no items, items that are not finite, no predictions or some of other items or
            columns, different numbers of them, or groups of another length.
    """
    truth = _columns("labels", labels)
    ours = _runs("predictions", predictions, len(truth))
    theirs = _runs("reference", reference, len(truth))
    if len(ours) != len(theirs) or ours[0].shape != theirs[0].shape:
        raise ValueError(
            "permutation_p_values: `predictions` and `reference` are swapped with one another, so "
            f"both must have as many seeds and outputs; got {len(ours)} of {ours[0].shape} and "
            f"{len(theirs)} of {theirs[0].shape}. Repeat predictions that have no seed."
        )
    members, count = _members(groups, len(truth))
    names = [metric.name for metric in metrics_for(task)]
    if count < 2:
        return dict.fromkeys(names, 1.0)
    # The items of both rows end to end: a swap turns off those of one and on the other's.
    both = [np.concatenate(pair) for pair in zip(ours, theirs, strict=True)]
    ends = np.concatenate([members, members + count])
    score = weighted_scorer(task, np.concatenate([truth, truth]), both, ends)

    def scores(on: Any, off: Any, axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
        return score(np.concatenate([on, off], axis)), score(np.concatenate([off, on], axis))

    unswapped = np.ones(count), np.zeros(count)
    # Swaps tie for SciPy within 2e-14 of what was observed. Added to |d|, this makes it 2e-10 of
    # the scores, whose rounding may be larger than their difference.
    size = 1e4 * np.sum(np.abs(scores(*unswapped)), axis=0)
    p_values = permutation_test(
        unswapped,
        lambda on, off, axis: size + np.abs(np.subtract(*scores(on, off, axis))),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=max(1, _DRAWN // count),
        alternative="greater",
        rng=np.random.default_rng(seed),
    ).pvalue
    return dict(zip(names, p_values.tolist(), strict=True))


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
    rows = []
    for row in (scores, reference):
        deviation = float(np.std(row, ddof=1))
        # No more than rounding is none.
        rows.append((np.mean(row), deviation * (deviation > 1e-9 * np.abs(row).max()), len(row)))
    if not any(deviation for _, deviation, _ in rows):
        return None
    return float(ttest_ind_from_stats(*rows[0], *rows[1], equal_var=False).pvalue)


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
    ranked = sorted(p_values, key=lambda name: p_values[name])
    steps = (min(1.0, (len(ranked) - k) * p_values[name]) for k, name in enumerate(ranked))
    adjusted = dict(zip(ranked, itertools.accumulate(steps, max), strict=True))
    return {name: adjusted[name] for name in p_values}


def _columns(name: str, values: np.ndarray) -> np.ndarray:
    """`values` as `(N, columns)` float64; ValueError where it is no finite table of N ≥ 1 items."""
    array = np.asarray(values, dtype="float64")
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"`{name}` must have shape (N, columns) or (N,), with at least one item and one "
            f"column; got {np.shape(values)}."
        )
    broken = ~np.isfinite(array).all(axis=1)
    if broken.any():
        raise ValueError(
            f"`{name}` must be finite: {broken.sum()} of {len(array)} items hold NaN or infinity, "
            f"the first at row {broken.argmax()}. Leave those items out, for every row compared."
        )
    return array


def _runs(name: str, predictions: Sequence[np.ndarray], items: int) -> list[np.ndarray]:
    """The predictions as `(N, outputs)` float64, one array a seed."""
    runs = [_columns(f"{name}[{k}]", run) for k, run in enumerate(predictions)]
    shapes = [run.shape for run in runs]
    if not runs or len(set(shapes)) > 1 or len(runs[0]) != items:
        raise ValueError(
            f"`{name}` must be a list with one array (N, outputs) per seed, of the same N items "
            f"as `labels` ({items}); got the shapes {shapes}."
        )
    return runs


def _members(groups: np.ndarray, items: int) -> tuple[np.ndarray, int]:
    """The number of each item's group, and how many groups there are."""
    if np.shape(groups) != (items,):
        raise ValueError(
            f"`groups` must name the group of each of the {items} items; got the shape "
            f"{np.shape(groups)}."
        )
    names, members = np.unique(groups, return_inverse=True)
    return members, len(names)
