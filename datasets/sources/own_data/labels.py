"""The labels of a user's own data."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data.checks import INTEGERS, NUMBERS, check_array, of_example
from rmfn_tf.task import Task

_KEY = "label"


def read_labels(path: Path, array: np.ndarray, task: Task, ids: Sequence[str]) -> np.ndarray:
    """Labels as samples hold them, one row for each.

    Args:
        path: the NPZ file, for the message.
        array: `(N,)` or `(N, C)`; with one column either will do.
        task: what they must be.
        ids: the N examples'.

    Returns:
        Classes `(N,)` int64; or numbers as float32, `(N,)` for one column, otherwise `(N, C)`.

    Raises:
        SourceError: they have another shape or type, or a label is not finite or none that the
            task has; the message names the example and the column.
    """
    rows, columns = len(ids), len(task.columns)
    shape = (rows, columns) if columns > 1 or array.shape == (rows, 1) else (rows,)
    kinds = INTEGERS if task.kind == "classification" else NUMBERS
    why = f"one for each id, and a column for each of {', '.join(task.columns)}"[:300]
    check_array(path, _KEY, array, kinds, shape, why)
    table = array.reshape(rows, columns)
    for column, name in enumerate(task.columns):
        _check_column(path, name, table[:, column], task, ids)
    labels = table.astype(np.int64 if task.kind == "classification" else np.float32)
    return labels if columns > 1 else labels[:, 0]


def _check_column(
    path: Path, name: str, values: np.ndarray, task: Task, ids: Sequence[str]
) -> None:
    if task.kind == "classification":
        right = (values >= 0) & (values < task.num_classes)
        wanted = f"an integer from 0 to {task.num_classes - 1} (num_classes in data.toml)"
    elif task.kind == "multilabel":
        right = (values == 0) | (values == 1)
        wanted = "0 or 1"
    else:
        with np.errstate(over="ignore"):  # beyond float32: infinite
            right = np.isfinite(values.astype(np.float32))
        wanted = "a finite number"
        if right.all() and name in task.ranges:
            low, high = task.ranges[name]
            right = (values >= low) & (values <= high)
            wanted = f"from {low} to {high} (task.ranges in data.toml)"
    if not right.all():
        row = int(np.argmin(right))
        raise SourceError.at(
            path,
            _KEY,
            found=f"{name} is {values[row]} {of_example(ids, row)}",
            mend=f"It must be {wanted}",
        )
