"""What a table says of each row: means, spread, intervals, differences and their p-values."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.comparison.significance import (
    bootstrap_intervals,
    holm,
    permutation_p_values,
    seeds_p_value,
)
from rmfn_tf.metrics import metrics_for, score
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import Predictions

BOOTSTRAP, PERMUTATION = 2000, 9999  # resamples


def summarize(
    task: Task,
    items: Predictions,
    by_row: Mapping[str, list[np.ndarray]],
    reference: str,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Row → metric → `mean`, `std`, `low`, `high`, `best`, `difference`, `p_items`, `p_seeds`, `p`
    and `p_holm`; a value that does not exist is None.

    A difference counts only where neither the choice of items nor the luck of seeds explains it:
    `p` is the larger of `p_items` (`permutation_p_values`) and `p_seeds` (`seeds_p_value`), which
    keeps the level of both tests (Berger 1982, intersection-union). `p_holm` corrects the `p` of
    all rows and metrics together.

    Args:
        task: what the labels are.
        items: the items that are predicted.
        by_row: row → its predictions of the items, one array per seed.
        reference: the row that the others are tested against.
    """
    labels, groups, lower = items.labels, items.groups, lower_is_better(task)
    scores = {row: [score(task, labels, run) for run in runs] for row, runs in by_row.items()}
    table: dict[str, dict[str, dict[str, Any]]] = {}
    for row, runs in by_row.items():
        intervals = bootstrap_intervals(task, labels, runs, groups, resamples=BOOTSTRAP)
        table[row] = {}
        for name, (low, high) in intervals.items():
            mine = [run[name] for run in scores[row]]
            table[row][name] = {
                "mean": float(np.mean(mine)),
                "std": float(np.std(mine, ddof=1)) if len(mine) > 1 else None,
                "low": low,
                "high": high,
                "best": min(mine) if name in lower else max(mine),
                **dict.fromkeys(("difference", "p_items", "p_seeds", "p", "p_holm")),
            }
    tested = {}
    for row, runs in by_row.items():
        if row == reference:
            continue
        p_items = permutation_p_values(
            task, labels, runs, by_row[reference], groups, resamples=PERMUTATION
        )
        for name, values in table[row].items():
            pair = ([run[name] for run in scores[each]] for each in (row, reference))
            p_seeds = seeds_p_value(*pair)
            tested[row, name] = max(p_items[name], p_seeds or 0.0)
            values |= {
                "difference": values["mean"] - table[reference][name]["mean"],
                "p_items": p_items[name],
                "p_seeds": p_seeds,
                "p": tested[row, name],
            }
    for (row, name), p in holm(tested).items():
        table[row][name]["p_holm"] = p
    return table


def lower_is_better(task: Task) -> list[str]:
    """The names of a data set's metrics that are errors."""
    return [each.name for each in metrics_for(task) if each._direction == "down"]
