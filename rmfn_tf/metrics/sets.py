"""The metrics of each data set, under the names its tables use."""

from typing import Any

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

    With several labels each is the mean over them.
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

    Labels are `(samples, labels)` and predictions `(samples, outputs)`; `(samples,)` is one
    column. Columns that the metrics do not take are a ValueError.
    """
    return {metric.name: float(metric(y_true, y_pred)) for metric in metrics_for(task)}
