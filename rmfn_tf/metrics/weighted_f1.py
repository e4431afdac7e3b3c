from typing import Any

import keras
from keras import ops

from rmfn_tf.metrics.categories import Categories
from rmfn_tf.metrics.category_metric import CategoryMetric
from rmfn_tf.metrics.columns import weighted_sum


@keras.saving.register_keras_serializable(package="rmfn_tf")
class WeightedF1(CategoryMetric):
    """F1 of every category, weighted by its support, averaged over the columns.

        F1_k = 2 · right_k / (predicted_k + support_k) ;  value = Σ_k support_k F1_k / Σ_k support_k

    `support_k`, `predicted_k` and `right_k` count the samples of category k, those predicted as
    k, and those that are both. An empty category has F1 = 0 and no weight. This is scikit-learn's
    `f1_score(average="weighted", zero_division=0)` of each column by itself: a label that is
    present or not is a task of two categories, both weighted, as IEMOCAP's emotions are scored.
    """

    def __init__(
        self, categories: Categories, name: str = "weighted_f1", dtype: str | None = "float64"
    ):
        super().__init__(categories, name=name, dtype=dtype)

    def summarize(self, y_true: Any, y_pred: Any, weights: Any) -> Any:
        truth, prediction, counted, num_classes = self.categories(y_true, y_pred)
        counted = ops.expand_dims(ops.cast(counted, self.dtype), -1)
        support = counted * ops.one_hot(truth, num_classes, dtype=self.dtype)
        predicted = counted * ops.one_hot(prediction, num_classes, dtype=self.dtype)
        statistics = ops.concatenate([support, predicted, support * predicted], axis=-1)
        return weighted_sum(statistics, weights)

    def finish(self, summary: Any) -> Any:
        support, predicted, right = ops.split(summary, 3, axis=-1)
        f1 = ops.divide_no_nan(2 * right, predicted + support)
        return ops.divide_no_nan(ops.sum(support * f1, axis=-1), ops.sum(support, axis=-1))
