"""The metrics of each data set, under the names its tables use."""

from typing import Any

import numpy as np

from rmfn_tf.metrics.categories import Accuracy, MostProbable, RoundedScale, Threshold, WeightedF1
from rmfn_tf.metrics.metric import MeanAbsoluteError, PearsonR, SumMetric
from rmfn_tf.task import Task


def metrics_for(task: Task) -> list[SumMetric]:
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
    if task.kind != "regression":
        categories = MostProbable() if task.kind == "classification" else Threshold(0.5)
        return [Accuracy(categories), WeightedF1(categories)]
    metrics: list[SumMetric] = [MeanAbsoluteError(), PearsonR()]
    if task.metrics == "sentiment":
        zero, non0 = Threshold(0.0), Threshold(0.0, drop_ties=True)
        metrics += [Accuracy(zero, name="a2"), WeightedF1(zero, name="f1")]
        metrics += [Accuracy(non0, name="a2_non0"), WeightedF1(non0, name="f1_non0")]
        metrics += [Accuracy(RoundedScale(-n, n), name=f"a{2 * n + 1}") for n in (3, 2)]
    elif task.metrics == "pom":
        low, high = zip(*(task.ranges[label] for label in task.labels), strict=True)
        metrics += [Accuracy(RoundedScale(low, high))]
    elif task.metrics == "ict_mmmo":
        metrics += [Accuracy(Threshold(3.5), name="a2")]
    return metrics


def score(task: Task, y_true: Any, y_pred: Any) -> dict[str, float]:
    """The values of `metrics_for(task)` on a whole set, by name.

    Args:
        task: what the labels are.
        y_true: labels of N samples, `(N, labels)`; `(N,)` where there is one.
        y_pred: predictions `(N, outputs)`, likewise.

    Raises:
        ValueError: columns that the metrics do not take.
    """
    metrics = metrics_for(task)
    return {metric.name: float(metric(y_true, y_pred)) for metric in metrics}


def per_label_table(task: Task, y_true: Any, y_pred: Any) -> list[dict[str, Any]]:
    """What `score` says of each label by itself.

    Args:
        task: what the labels are.
        y_true: labels of the whole set, `(samples, labels)`; `(samples,)` where there is one.
        y_pred: predictions, likewise; of a classification `(samples, classes)`.

    Returns:
        A row per label, in order: `{"label": name, <metric>: value, ...}`.

    Raises:
        ValueError: columns that are not those of `task.labels`.
    """
    if task.kind == "classification":  # the columns of the predictions are its classes
        return [{"label": task.labels[0], **score(task, y_true, y_pred)}]
    truth = _columns("y_true", y_true, len(task.labels))
    prediction = _columns("y_pred", y_pred, len(task.labels))
    return [
        {"label": label, **score(task.select([label]), truth[:, k], prediction[:, k])}
        for k, label in enumerate(task.labels)
    ]


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
