"""What the numbers of a table are worth: means and their spread, intervals and p-values over items,
p-values over training seeds, and Holm's correction of many p-values."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from keras import ops
from scipy.stats import permutation_test, ttest_ind_from_stats

from rmfn_tf.metrics import metrics_for, score
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import Predictions

BOOTSTRAP, PERMUTATION = 2000, 9999  # resamples
_DRAWN = 2**21  # weights (resamples × groups) drawn at a time

Runs = Sequence[np.ndarray] | np.ndarray  # one array of predictions per training seed


def summarize(
    task: Task, items: Predictions, by_row: Mapping[str, list[np.ndarray]], reference: str
) -> dict[str, dict[str, dict[str, Any]]]:
    """Row → metric → `mean`, `std`, `low`, `high`, `best`, `difference`, `p_items`, `p_seeds`, `p`
    and `p_holm`; a value that does not exist is None. `by_row`: row → its predictions of the items,
    one array per seed; `reference`: the row that the others are tested against.

    A difference counts only where neither the choice of items nor the luck of seeds explains it:
    `p` is the larger of `p_items` (`permutation_p_values`) and `p_seeds` (`seeds_p_value`), which
    keeps the level of both tests (Berger 1982, intersection-union). `p_holm` corrects the `p` of
    all rows and metrics together.
    """
    labels, groups = items.labels, items.groups
    scores = {row: [score(task, labels, run) for run in runs] for row, runs in by_row.items()}
    table: dict[str, dict[str, dict[str, Any]]] = {}
    tested = {}
    for row, runs in by_row.items():
        intervals = bootstrap_intervals(task, labels, runs, groups, resamples=BOOTSTRAP)
        p_items: dict[str, float] = {}
        if row != reference:
            p_items = permutation_p_values(
                task, labels, runs, by_row[reference], groups, resamples=PERMUTATION
            )
        table[row] = {}
        for metric in metrics_for(task):
            name = metric.name
            ours, theirs = ([run[name] for run in scores[each]] for each in (row, reference))
            values = table[row][name] = {
                "mean": float(np.mean(ours)),
                "std": float(np.std(ours, ddof=1)) if len(ours) > 1 else None,
                **dict(zip(("low", "high"), intervals[name], strict=True)),
                "best": min(ours) if metric._direction == "down" else max(ours),
                **dict.fromkeys(("difference", "p_items", "p_seeds", "p", "p_holm")),
            }
            if p_items:
                p_seeds = seeds_p_value(ours, theirs)
                tested[row, name] = max(p_items[name], p_seeds or 0.0)
                values["difference"] = values["mean"] - float(np.mean(theirs))
                values |= {"p_items": p_items[name], "p_seeds": p_seeds, "p": tested[row, name]}
    for (row, name), p in holm(tested).items():
        table[row][name]["p_holm"] = p
    return table


def weighted_scorer(
    task: Task, labels: np.ndarray, predictions: Runs, groups: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """A function of weights `(..., G)` of the groups, sorted by name, that gives the metrics of the
    task, averaged over the runs, `(..., metrics)`. A group of weight k counts as k copies of its
    items. The arguments are as in `bootstrap_intervals`.

    The metrics are functions of sums over the items (`rmfn_tf.metrics.metric`), so that a product
    of many rows of weights with the sums of each group gives them for all rows at once.
    """
    if len(groups) != len(labels):
        raise ValueError("`groups` must name one group for each item.")
    truth = np.reshape(labels, (len(labels), -1)).astype("float64")
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)

    def sums_of_groups(metric, run):
        metric.reset_state()
        metric.update_state(truth, run)  # checks the columns, and r counts from the first item
        each = ops.convert_to_numpy(metric.statistics(truth, run))
        return np.add.reduceat(each[order], starts)

    runs = np.asarray(predictions, "float64")
    tables = [
        (metric, np.stack([sums_of_groups(metric, run) for run in runs], axis=1))
        for metric in metrics_for(task)
    ]

    def values_of(weights: np.ndarray) -> np.ndarray:
        values = []
        for metric, table in tables:  # (groups, runs, columns, statistics)
            sums = ops.convert_to_tensor(np.tensordot(weights, table, axes=1))
            values.append(ops.mean(metric.finish(sums), axis=(-2, -1)))
        return ops.convert_to_numpy(ops.stack(values, axis=-1))

    return values_of


def bootstrap_intervals(
    task: Task,
    labels: np.ndarray,
    predictions: Runs,
    groups: np.ndarray,
    *,
    resamples: int = BOOTSTRAP,
    seed: int = 0,
) -> dict[str, tuple[float | None, float | None]]:
    """95 % percentile bootstrap intervals of the metrics, averaged over the training seeds.

    A resample draws as many groups as there are, with replacement; each brings all its items, and
    the resample is the same for every training seed (Efron, Tibshirani 1993, chapters 8 and 13).

    Args:
        labels: `(N, labels)` of N items, or `(N,)` where there is one label.
        predictions: one `(N, outputs)` per training seed.
        groups: `(N,)`, what each item belongs to (its video).

    Returns:
        Metric name → (low, high), the 2.5 and 97.5 percentiles; both None where all items are in
        one group, since every resample would be the same.

    Raises:
        ValueError: labels, predictions and groups are not of the same N items.
    """
    names = [metric.name for metric in metrics_for(task)]
    if (count := len(np.unique(groups))) < 2:
        return dict.fromkeys(names, (None, None))
    values_of = weighted_scorer(task, labels, predictions, groups)
    generator, shares = np.random.default_rng(seed), np.full(count, 1 / count)
    at_once = max(1, _DRAWN // count)
    draws = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    values = np.concatenate([values_of(generator.multinomial(count, shares, n)) for n in draws])
    low, high = np.quantile(values, [0.025, 0.975], axis=0).tolist()
    return dict(zip(names, zip(low, high, strict=True), strict=True))


def permutation_p_values(
    task: Task,
    labels: np.ndarray,
    predictions: Runs,
    reference: Runs,
    groups: np.ndarray,
    *,
    resamples: int = PERMUTATION,
    seed: int = 0,
) -> dict[str, float]:
    """Two-sided p-values of a paired permutation test between two rows, for each metric.

        d = mean over seeds of metric(predictions) - mean over seeds of metric(reference)
        p = share of the swaps with |d*| ≥ |d|

    Where the two rows are alike, either could have made the predictions of a group: a swap
    exchanges all predictions of some groups, of all seeds at once. Of G groups all 2^G swaps are
    tried where they are at most `resamples`, and p is exact; otherwise so many are drawn, and the
    observed difference counts as one more (Phipson, Smyth 2010). The test holds its level for any
    G, but no exact p is below 2^(1-G): few groups cannot show a difference, and one group gives 1.

    The arguments are those of `bootstrap_intervals`; `reference` are the predictions of the other
    row, as many (repeat predictions that have no seed). Gives metric name → p.
    """
    names = [metric.name for metric in metrics_for(task)]
    members = np.unique(groups, return_inverse=True)[1]
    if (count := members.max() + 1) < 2:
        return dict.fromkeys(names, 1.0)
    # The items of both rows end to end: a swap turns off those of one and on the other's.
    both = np.concatenate([predictions, reference], axis=1)
    ends = np.concatenate([members, members + count])
    values_of = weighted_scorer(task, np.concatenate([labels, labels]), both, ends)

    def scores(on: np.ndarray, off: np.ndarray) -> np.ndarray:
        return values_of(np.concatenate([on, off], axis=-1))

    ours = np.ones(count), np.zeros(count)
    # Swaps tie for SciPy within 2e-14 of what was observed. Added to |d|, this makes it 2e-10 of
    # the scores, whose rounding may be larger than their difference.
    size = 1e4 * (np.abs(scores(*ours)) + np.abs(scores(*ours[::-1])))
    p_values = permutation_test(
        ours,
        lambda on, off, axis: size + np.abs(scores(on, off) - scores(off, on)),
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
    be, never smaller. None where a row has fewer than two runs, or neither varies over its runs.
    """
    if min(len(scores), len(reference)) < 2:
        return None
    rows: list[Any] = []
    for row in (scores, reference):
        deviation = np.std(row, ddof=1)
        is_rounding = deviation <= 1e-9 * np.abs(row).max()
        rows += [np.mean(row), 0.0 if is_rounding else deviation, len(row)]
    if rows[1] == rows[4] == 0:
        return None
    return float(ttest_ind_from_stats(*rows, equal_var=False).pvalue)


def holm(p_values: Mapping[Any, float]) -> dict[Any, float]:
    """Holm's step-down adjustment of p-values for the number of them (Holm 1979).

        adjusted p_(i) = max over j ≤ i of min(1, (m - j + 1) · p_(j)),  p_(1) ≤ ... ≤ p_(m)

    Rejecting where the adjusted p ≤ α keeps the chance of any false rejection at α or below.
    """
    ranked = sorted(p_values, key=lambda name: p_values[name])
    steps = (min(1.0, (len(ranked) - k) * p_values[name]) for k, name in enumerate(ranked))
    return dict(zip(ranked, itertools.accumulate(steps, max), strict=True))
