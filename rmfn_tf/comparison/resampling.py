"""What bootstrap and permutation share: runs, groups, and metrics under blocks of weights."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rmfn_tf.comparison.weighted_scores import WeightedScorer, item_columns, row_blocks
from rmfn_tf.task import Task

# Weights (rows × items) drawn at a time.
_DRAWN = 2**21


def averages(
    task: Task,
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


def checked_runs(name: str, predictions: Sequence[np.ndarray], items: int) -> list[np.ndarray]:
    """The predictions as `(N, outputs)` float64, one array a seed; ValueError, which calls them
    `name`, where they are none or not all of the N items."""
    runs = [item_columns(f"{name}[{k}]", run) for k, run in enumerate(predictions)]
    shapes = [run.shape for run in runs]
    if not runs or len(set(shapes)) > 1 or len(runs[0]) != items:
        raise ValueError(
            f"`{name}` must be a list with one array (N, outputs) per seed, of the same N items "
            f"as `labels` ({items}); got the shapes {shapes}."
        )
    return runs


def members_of(groups: np.ndarray, items: int) -> tuple[np.ndarray, int]:
    """The number of each item's group, and how many groups there are."""
    groups = np.asarray(groups)
    if groups.shape != (items,):
        raise ValueError(
            f"`groups` must name the group of each of the {items} items; got the shape "
            f"{groups.shape}."
        )
    names, members = np.unique(groups, return_inverse=True)
    return members, len(names)


def check_draws(resamples: int, seed: int) -> None:
    """ValueError for no resamples or a negative seed."""
    if resamples < 1 or seed < 0:
        raise ValueError(
            f"`resamples` must be 1 or more and `seed` 0 or more; got {resamples} and {seed}."
        )


def draw_blocks(draws: int, items: int) -> Iterator[slice]:
    """Slices that cover the draws, as many at a time as memory should hold of `items` weights."""
    return row_blocks(draws, _DRAWN // items)
