"""What a run or an evaluation says of its predictions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.metrics import score
from rmfn_tf.task import Task


def report(
    split: str, task: Task, labels: np.ndarray, predictions: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """What a run or an evaluation says: a row of metrics for each set of predictions.

    Args:
        split: what was predicted, in words.
        task: what the labels are.
        labels: of N examples.
        predictions: row name → `(N, outputs)`.

    Returns:
        `{"split", "metrics": {row: {metric: value}}, "constant_predictions": [rows]}`; the last are
        the rows that predict one and the same for every example, whose r is 0 by convention.
    """
    return {
        "split": split,
        "metrics": {row: score(task, labels, values) for row, values in predictions.items()},
        "constant_predictions": [
            row for row, values in predictions.items() if (values == values[:1]).all()
        ],
    }
