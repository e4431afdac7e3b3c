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

BOOTSTRAP, PERMUTATION = 2000, 9999
Values = dict[str, dict[str, dict[str, float | None]]]


def summarize(
    task: Task,
    items: Predictions,
    by_row: Mapping[str, list[np.ndarray]],
    reference: str,
) -> Values:
    """Row → metric → `mean`, `std`, `low`, `high`, `best`, `difference`, `p_items`, `p_seeds`, `p`
    and `p_holm`; what does not exist is None.

    A difference counts only where it is neither the choice of items nor the luck of seeds: `p` is
    the larger of `p_items` (`permutation_p_values`) and `p_seeds` (`seeds_p_value`), which keeps
    the level of both tests (Berger 1982, intersection-union). `p_holm` corrects the `p` of all rows
    and metrics together.

    Args:
        task: what the labels are.
        items: what is predicted.
        by_row: row → its predictions of the items, one a seed.
        reference: the row that the others are tested against.
    """
    scores = {row: _scores(task, items.labels, runs) for row, runs in by_row.items()}
    table = {row: _described(task, items, by_row[row], scores[row]) for row in by_row}
    tested = [row for row in by_row if row != reference]
    for row in tested:
        p_items = permutation_p_values(
            task,
            items.labels,
            by_row[row],
            by_row[reference],
            items.groups,
            resamples=PERMUTATION,
        )
        for name, values in table[row].items():
            theirs = scores[reference][name]
            p_seeds = seeds_p_value(scores[row][name], theirs)
            values |= {
                "difference": float(np.mean(scores[row][name]) - np.mean(theirs)),
                "p_items": p_items[name],
                "p_seeds": p_seeds,
                "p": max(p_items[name], p_seeds or 0.0),
            }
    adjusted = holm(
        {(row, name): values["p"] for row in tested for name, values in table[row].items()}
    )
    for (row, name), p in adjusted.items():
        table[row][name]["p_holm"] = p
    return table


def _scores(task: Task, labels: np.ndarray, runs: list[np.ndarray]) -> dict[str, list[float]]:
    scored = [score(task, labels, run) for run in runs]
    return {name: [run[name] for run in scored] for name in scored[0]}


def _described(
    task: Task,
    items: Predictions,
    runs: list[np.ndarray],
    scores: Mapping[str, list[float]],
) -> dict[str, dict[str, Any]]:
    """What is known of a row by itself."""
    intervals: Mapping[str, tuple[float | None, float | None]] = {}
    if len(np.unique(items.groups)) > 1:
        intervals = bootstrap_intervals(task, items.labels, runs, items.groups, resamples=BOOTSTRAP)
    lower = lower_is_better(task)
    described = {}
    for name, mine in scores.items():
        low, high = intervals.get(name, (None, None))
        described[name] = {
            "mean": float(np.mean(mine)),
            "std": float(np.std(mine, ddof=1)) if len(mine) > 1 else None,
            "low": low,
            "high": high,
            "best": min(mine) if name in lower else max(mine),
            **dict.fromkeys(("difference", "p_items", "p_seeds", "p", "p_holm")),
        }
    return described


def lower_is_better(task: Task) -> list[str]:
    """The names of a data set's metrics that are errors."""
    return [each.name for each in metrics_for(task) if each._direction == "down"]
