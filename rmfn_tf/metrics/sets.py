"""The metrics of each data set, under the names its tables use."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rmfn_tf.metrics.accuracy import Accuracy
from rmfn_tf.metrics.categories import MostProbable, RoundedScale, Threshold
from rmfn_tf.metrics.column_metric import ColumnMetric
from rmfn_tf.metrics.mean_absolute_error import MeanAbsoluteError
from rmfn_tf.metrics.pearson_r import PearsonR
from rmfn_tf.metrics.weighted_f1 import WeightedF1
from rmfn_tf.task import Task


def metrics_for(task: Task) -> list[ColumnMetric]:
    """New metrics for a data set, in the order of its table.

    | kind | metrics | names |
    |---|---|---|
    | regression | default | mae, r |
    | regression | sentiment (CMU-MOSI) | mae, r, a2, f1, a2_non0, f1_non0, a7, a5 |
    | regression | pom | mae, r, accuracy (ratings rounded in each trait's range) |
    | regression | ict_mmmo | mae, r, a2 (at 3.5) |
    | classification | default | accuracy, weighted_f1 |
    | multilabel | default, iemocap | accuracy, weighted_f1 (each label a task of its own) |

    With several labels each is the mean over them; `per_label_table` gives them one by one.
    """
    return _SETS[task.kind, task.metrics](task)


def per_label_table(task: Task, y_true: Any, y_pred: Any) -> list[dict[str, Any]]:
    """The metrics of `metrics_for(task)` for each label by itself.

    Args:
        task: what the labels are.
        y_true: labels of the whole set, `(samples, labels)`; `(samples,)` where there is one.
        y_pred: predictions, likewise; of a classification `(samples, classes)`.

    Returns:
        A row per label, in order: `{"label": name, <metric>: value, ...}`.

    Raises:
        ValueError: columns that are not those of `task.labels`.
    """
    truth = _columns("y_true", y_true, len(task.labels))
    # The columns of a classification's predictions are its classes, not its labels.
    whole = task.kind == "classification"
    prediction = np.asarray(y_pred) if whole else _columns("y_pred", y_pred, len(task.labels))
    table = []
    for column, label in enumerate(task.labels):
        row: dict[str, Any] = {"label": label}
        for metric in metrics_for(task if whole else task.select([label])):
            metric.update_state(truth[:, column], prediction if whole else prediction[:, column])
            row[metric.name] = float(metric.result())
        table.append(row)
    return table


def _sentiment(task: Task) -> list[ColumnMetric]:
    return [
        *_regression(task),
        Accuracy(Threshold(0.0), name="a2"),
        WeightedF1(Threshold(0.0), name="f1"),
        Accuracy(Threshold(0.0, drop_ties=True), name="a2_non0"),
        WeightedF1(Threshold(0.0, drop_ties=True), name="f1_non0"),
        Accuracy(RoundedScale(-3, 3), name="a7"),
        Accuracy(RoundedScale(-2, 2), name="a5"),
    ]


def _pom(task: Task) -> list[ColumnMetric]:
    low, high = zip(*(task.ranges[label] for label in task.labels), strict=True)
    return [*_regression(task), Accuracy(RoundedScale(low, high))]


def _ict_mmmo(task: Task) -> list[ColumnMetric]:
    return [*_regression(task), Accuracy(Threshold(3.5), name="a2")]


def _regression(task: Task) -> list[ColumnMetric]:
    return [MeanAbsoluteError(), PearsonR()]


def _classification(task: Task) -> list[ColumnMetric]:
    return [Accuracy(MostProbable()), WeightedF1(MostProbable())]


def _multilabel(task: Task) -> list[ColumnMetric]:
    return [Accuracy(Threshold(0.5)), WeightedF1(Threshold(0.5))]


_SETS: dict[tuple[str, str], Callable[[Task], list[ColumnMetric]]] = {
    ("regression", "default"): _regression,
    ("regression", "sentiment"): _sentiment,
    ("regression", "pom"): _pom,
    ("regression", "ict_mmmo"): _ict_mmmo,
    ("classification", "default"): _classification,
    ("multilabel", "default"): _multilabel,
    ("multilabel", "iemocap"): _multilabel,
}


def _columns(name: str, values: Any, width: int) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] != width:
        raise ValueError(
            f"`{name}` must have shape (samples, {width}), a column per label of the task; "
            f"got {np.shape(values)}."
        )
    return array
