"""The metrics of each data set, under the names its tables use."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rmfn_tf.metrics.accuracy import Accuracy
from rmfn_tf.metrics.categories import MostProbable, RoundedScale, Threshold
from rmfn_tf.metrics.column_metric import ColumnMetric
from rmfn_tf.metrics.mean_absolute_error import MeanAbsoluteError
from rmfn_tf.metrics.pearson_r import PearsonR
from rmfn_tf.metrics.weighted_f1 import WeightedF1

Task = Mapping[str, Any]


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

    Args:
        task: what a builder stores in `builder.info.metadata["task"]`: `kind`, `labels` (names
            of the scored label columns, in order), `metrics` ("default" where it is missing) and,
            for "pom", `ranges` (label -> [low, high]). Other keys are not looked at.

    Raises:
        ValueError: an unknown kind or set of metrics, no labels, several labels in a
            classification, a missing range.
    """
    kind = _one_of("kind", task.get("kind"), _SETS)
    labels = task.get("labels")
    if not isinstance(labels, list | tuple) or not labels:
        raise ValueError(
            "The task's `labels` must be a list with the names of the label columns; "
            f"got {labels!r}."
        )
    if kind == "classification" and len(labels) > 1:
        raise ValueError(
            "A classification has one label column, holding the class; got the labels "
            f"{list(labels)!r}. Several labels that are present or not are kind 'multilabel'."
        )
    return _SETS[kind][_one_of("metrics", task.get("metrics", "default"), _SETS[kind])](task)


def per_label_table(task: Task, y_true: Any, y_pred: Any) -> list[dict[str, Any]]:
    """The metrics of `metrics_for(task)` for each label by itself.

    Args:
        task: as `metrics_for` takes it.
        y_true: labels of the whole set, `(samples, labels)`; `(samples,)` where there is one.
        y_pred: predictions, likewise; of a classification `(samples, classes)`.

    Returns:
        A row per label, in order: `{"label": name, <metric>: value, ...}`.

    Raises:
        ValueError: as `metrics_for`, or columns that are not those of `task["labels"]`.
    """
    metrics_for(task)
    labels = task["labels"]
    truth = _columns("y_true", y_true, len(labels))
    # The columns of a classification's predictions are its classes, not its labels.
    whole = task["kind"] == "classification"
    prediction = np.asarray(y_pred) if whole else _columns("y_pred", y_pred, len(labels))
    table = []
    for column, label in enumerate(labels):
        row: dict[str, Any] = {"label": label}
        for metric in metrics_for({**task, "labels": [label]}):
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
    ranges = task.get("ranges") or {}
    missing = [label for label in task["labels"] if len(ranges.get(label, ())) != 2]
    if missing:
        raise ValueError(
            "The 'pom' metrics round within each label's range, and `ranges` has no [low, high] "
            f"for {missing!r}; give one for each label."
        )
    low, high = zip(*(ranges[label] for label in task["labels"]), strict=True)
    return [*_regression(task), Accuracy(RoundedScale(low, high))]


def _ict_mmmo(task: Task) -> list[ColumnMetric]:
    return [*_regression(task), Accuracy(Threshold(3.5), name="a2")]


def _regression(task: Task) -> list[ColumnMetric]:
    return [MeanAbsoluteError(), PearsonR()]


def _classification(task: Task) -> list[ColumnMetric]:
    return [Accuracy(MostProbable()), WeightedF1(MostProbable())]


def _multilabel(task: Task) -> list[ColumnMetric]:
    return [Accuracy(Threshold(0.5)), WeightedF1(Threshold(0.5))]


_SETS: dict[str, dict[str, Callable[[Task], list[ColumnMetric]]]] = {
    "regression": {
        "default": _regression,
        "sentiment": _sentiment,
        "pom": _pom,
        "ict_mmmo": _ict_mmmo,
    },
    "classification": {"default": _classification},
    "multilabel": {"default": _multilabel, "iemocap": _multilabel},
}


def _one_of(key: str, value: Any, choices: Mapping[str, Any]) -> str:
    if value not in list(choices):  # a list: the value may not be hashable
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"The task's `{key}` must be one of {listed}; got {value!r}.")
    return str(value)


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
