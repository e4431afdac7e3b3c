from typing import Any

import keras
from keras import ops

from rmfn_tf.metrics.column_metric import ColumnMetric
from rmfn_tf.metrics.columns import check_same_columns


@keras.saving.register_keras_serializable(package="rmfn_tf")
class PearsonR(ColumnMetric):
    """Pearson's r of each column over all samples, averaged over the columns.

        r = Σ (y - ȳ)(ŷ - ŷ̄) / √(Σ (y - ȳ)² · Σ (ŷ - ŷ̄)²)

    A column whose labels or predictions are constant has no correlation and counts as 0.

    It keeps the count, both means and the three sums of products of deviations, merged as in
    Chan, Golub, LeVeque 1979 (Welford's method for batches): labels far from zero lose no
    digits, and a constant column gives sums of exactly 0.

    Means of replicas cannot be added up, so a distributed strategy of several replicas raises
    instead of giving a wrong number; evaluate on one device.
    """

    aggregation = "none"

    def __init__(self, name: str = "r", dtype: str | None = "float64"):
        super().__init__(name=name, dtype=dtype)

    def summarize(self, y_true: Any, y_pred: Any, weights: Any) -> Any:
        check_same_columns(y_true, y_pred)
        counted = weights != 0
        count = ops.sum(weights, axis=0)
        values = ops.stack([y_true, y_pred])
        # Counting from a value that occurs, not from 0: a constant column then has offsets of
        # exactly 0, where the mean of n equal numbers can miss them by a rounding error.
        origin = ops.max(
            ops.where(counted, values, -float("inf")), axis=1, keepdims=True, initial=-float("inf")
        )
        origin = ops.where(count != 0, origin, 0.0)
        offsets = ops.where(counted, values - origin, 0.0)
        shift = ops.divide_no_nan(ops.sum(weights * offsets, axis=1, keepdims=True), count)
        y, p = ops.unstack(offsets - shift, num=2)
        mean_y, mean_p = ops.unstack(ops.squeeze(origin + shift, axis=1), num=2)
        products = [ops.sum(weights * product, axis=0) for product in (y * y, y * p, p * p)]
        return ops.stack([count, mean_y, mean_p, *products], axis=-1)

    def merge(self, summary: Any, other: Any) -> Any:
        count_a, *means_a, yy_a, yp_a, pp_a = ops.unstack(summary, num=6, axis=-1)
        count_b, *means_b, yy_b, yp_b, pp_b = ops.unstack(other, num=6, axis=-1)
        count = count_a + count_b
        share = ops.divide_no_nan(count_b, count)
        y, p = (b - a for a, b in zip(means_a, means_b, strict=True))
        merged = [
            count,
            means_a[0] + y * share,
            means_a[1] + p * share,
            yy_a + yy_b + y * y * count_a * share,
            yp_a + yp_b + y * p * count_a * share,
            pp_a + pp_b + p * p * count_a * share,
        ]
        return ops.stack(merged, axis=-1)

    def finish(self, summary: Any) -> Any:
        yy, yp, pp = ops.unstack(summary[:, 3:], num=3, axis=-1)
        r = ops.divide_no_nan(yp, ops.sqrt(yy) * ops.sqrt(pp))
        return ops.clip(r, -1.0, 1.0)
