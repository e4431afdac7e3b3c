from typing import Any

import keras
from keras import ops

from rmfn_tf.metrics.column_metric import ColumnMetric
from rmfn_tf.metrics.columns import check_same_columns, weighted_sum


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MeanAbsoluteError(ColumnMetric):
    """MAE = Σ |y - ŷ| / N of each column, averaged over the columns, in units of the label.

    Keras' own takes `(batch,)` for one sample of many columns, rounds labels to the dtype of the
    predictions and adds up in float32.
    """

    _direction = "down"

    def __init__(self, name: str = "mae", dtype: str | None = "float64"):
        super().__init__(name=name, dtype=dtype)

    def summarize(self, y_true: Any, y_pred: Any, weights: Any) -> Any:
        check_same_columns(y_true, y_pred)
        errors = ops.abs(y_true - y_pred)
        return weighted_sum(ops.stack([errors, ops.ones_like(errors)], axis=-1), weights)

    def finish(self, summary: Any) -> Any:
        return ops.divide_no_nan(summary[:, 0], summary[:, 1])
