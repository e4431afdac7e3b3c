from typing import Any

import keras
from keras import ops

from rmfn_tf.metrics.categories import Categories
from rmfn_tf.metrics.category_metric import CategoryMetric
from rmfn_tf.metrics.columns import weighted_sum


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Accuracy(CategoryMetric):
    """The share of samples whose prediction falls in the category of its label, averaged over
    the columns.

    A2 is `Accuracy(Threshold(0.0))`, A7 `Accuracy(RoundedScale(-3, 3))`; of a softmax it is
    `Accuracy(MostProbable())`, of sigmoid outputs `Accuracy(Threshold(0.5))`. A column without a
    sample that takes part counts as 0.
    """

    def __init__(
        self, categories: Categories, name: str = "accuracy", dtype: str | None = "float64"
    ):
        super().__init__(categories, name=name, dtype=dtype)

    def summarize(self, y_true: Any, y_pred: Any, weights: Any) -> Any:
        truth, prediction, counted, _ = self.categories(y_true, y_pred)
        right = ops.logical_and(truth == prediction, counted)
        statistics = ops.cast(ops.stack([right, counted], axis=-1), self.dtype)
        return weighted_sum(statistics, weights)

    def finish(self, summary: Any) -> Any:
        return ops.divide_no_nan(summary[:, 0], summary[:, 1])
