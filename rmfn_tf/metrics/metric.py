"""Metrics as sums of what each sample adds; those of numbers: the mean error and Pearson's r."""

from typing import Any

import keras
from keras import ops


class SumMetric(keras.metrics.Metric):
    """A function of weighted sums over all samples, of each label column, averaged over these.

        value = mean over columns of finish(Σ over samples of weight · statistics)

    A subclass says what a sample adds (`statistics`) and what the sums give (`finish`). So the
    value is that of the whole set, however it was cut into batches, and resampling takes a product
    of weights and statistics (`rmfn_tf.comparison.significance`). The sums are float64: those of a
    million float32 errors would be off in the third digit. Without any sample the value is 0.0.

    Args:
        name: column of the results; by default the metric's usual name, as "mae".
        dtype: of the state and the value; lower it only where there is no float64.

    Call arguments:
        y_true: labels, `(batch, columns)`; `(batch,)` is one column.
        y_pred: predictions, likewise; class probabilities `(batch, classes)` where a metric
            says so.
        sample_weight: `None`, a number, `(batch,)`, `(batch, 1)` or `(batch, columns)`. Samples
            of weight 0 count for nothing, whatever they hold.

    Raises:
        ValueError: other shapes, or a batch of other widths than the first.
    """

    usual_name: str | None = None
    aggregation = "sum"  # how Keras joins the replicas of a distributed run: right for sums
    _direction = "up"  # what callbacks with `mode="auto"` look at
    # The first batch makes these: numbers of columns of `y_true` and `y_pred`, and the state.
    widths: tuple[int, int] | None = None
    sums: Any = None

    def __init__(self, name: str | None = None, dtype: str | None = None):
        super().__init__(name=name or self.usual_name, dtype=dtype or "float64")

    def statistics(self, y_true: Any, y_pred: Any) -> Any:
        """What each sample adds, `(batch, columns, statistics)`, of labels `(batch, columns)`."""
        raise NotImplementedError

    def finish(self, sums: Any) -> Any:
        """`(..., columns)` values of sums `(..., columns, statistics)`: here the first sum over
        the second, and 0 where that is 0."""
        return ops.divide_no_nan(sums[..., 0], sums[..., 1])

    def look_at(self, y_true: Any, y_pred: Any, weights: Any) -> None:
        """Sees each batch, all `(batch, columns)`, before its statistics are asked for."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = _as_columns("y_true", y_true, self.dtype)
        y_pred = _as_columns("y_pred", y_pred, self.dtype)
        check_same("rows", y_true=y_true, y_pred=y_pred)
        weights = ops.convert_to_tensor(1.0 if sample_weight is None else sample_weight, self.dtype)
        if len(weights.shape):
            weights = _as_columns("sample_weight", weights, self.dtype)
            check_same("rows", y_true=y_true, sample_weight=weights)
            if weights.shape[-1] != 1:
                check_same("columns", y_true=y_true, sample_weight=weights)
        weights = ops.broadcast_to(weights, ops.shape(y_true))
        widths = y_true.shape[-1], y_pred.shape[-1]
        if self.widths not in (None, widths):
            raise ValueError(
                f"Metric {self.name!r} has seen batches whose `y_true` and `y_pred` have "
                f"{self.widths} columns; this one has {widths}. Use a metric for each."
            )
        self.look_at(y_true, y_pred, weights)
        weights = ops.expand_dims(weights, -1)
        each = self.statistics(y_true, y_pred)
        batch = ops.sum(ops.where(weights != 0, weights * each, 0.0), axis=0)
        if self.sums is None:
            self.widths = widths
            self.sums = self.add_variable(
                batch.shape, "zeros", self.dtype, self.aggregation, name="sums"
            )
        self.sums.assign(self.sums + batch)

    def result(self) -> Any:
        if self.sums is None:
            return ops.zeros((), dtype=self.dtype)
        return ops.mean(self.finish(ops.convert_to_tensor(self.sums)))


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MeanAbsoluteError(SumMetric):
    """MAE = Σ |y - ŷ| / N of each column, averaged over the columns, in units of the label.

    Keras' own takes `(batch,)` for one sample of many columns, rounds labels to the dtype of the
    predictions and adds up in float32.
    """

    usual_name = "mae"
    _direction = "down"

    def statistics(self, y_true: Any, y_pred: Any) -> Any:
        check_same("columns", y_true=y_true, y_pred=y_pred)
        errors = ops.abs(y_true - y_pred)
        return ops.stack([errors, ops.ones_like(errors)], axis=-1)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class PearsonR(SumMetric):
    """Pearson's r of each column over all samples, averaged over the columns.

        r = (N Σ yŷ - Σy Σŷ) / √((N Σ y² - (Σy)²) · (N Σ ŷ² - (Σŷ)²))

    A column whose labels or predictions are constant has no correlation and counts as 0.

    y and ŷ are counted from those of the first sample, which changes nothing but the rounding:
    labels far from zero lose no digits, and a constant column gives sums of exactly 0. Of samples
    that do not include the first, as of a resample, those that vary by less than a millionth of
    their distance from it count as constant.

    Replicas of a distributed strategy would each count from another sample, so that several raise
    instead of adding up to a wrong number: evaluate on one device.
    """

    usual_name = "r"
    aggregation = "none"
    first: Any = None  # `(3, columns)`, made by the first batch

    def look_at(self, y_true: Any, y_pred: Any, weights: Any) -> None:
        check_same("columns", y_true=y_true, y_pred=y_pred)
        if self.first is None:
            shape = (3, y_true.shape[-1])
            self.first = self.add_variable(shape, "zeros", self.dtype, "none", name="first")
        # y, ŷ and whether it counts: of the first sample so far, then of the batch.
        counts = ops.cast(weights != 0, self.dtype)
        samples = ops.stack([y_true, y_pred, counts], axis=1)
        samples = ops.concatenate([ops.expand_dims(self.first, 0), samples])
        index = ops.argmax(samples[:, 2], axis=0)
        self.first.assign(ops.take_along_axis(samples, index[None, None], axis=0)[0])

    def statistics(self, y_true: Any, y_pred: Any) -> Any:
        y, p = y_true - self.first[0], y_pred - self.first[1]
        return ops.stack([ops.ones_like(y), y, p, y * y, y * p, p * p], axis=-1)

    def finish(self, sums: Any) -> Any:
        n, y, p, yy, yp, pp = ops.unstack(sums, num=6, axis=-1)
        deviations = [
            # What rounding leaves of 0 is 0; NaN stays.
            ops.sqrt(ops.where(spread <= 1e-12 * n * squares, 0.0, spread))
            for spread, squares in ((n * yy - y * y, yy), (n * pp - p * p, pp))
        ]
        r = ops.divide_no_nan(n * yp - y * p, deviations[0] * deviations[1])
        return ops.clip(r, -1.0, 1.0)


def check_same(what: str, **tensors: Any) -> None:
    """A ValueError where known numbers of "rows" or "columns" differ: one would broadcast."""
    axis = {"rows": 0, "columns": -1}[what]
    sizes = {name: tensor.shape[axis] for name, tensor in tensors.items()}
    if len(set(sizes.values()) - {None}) > 1:
        listed = ", ".join(f"{size} in `{name}`" for name, size in sizes.items())
        raise ValueError(f"The arguments must have the same {what}; got {listed}.")


def _as_columns(name: str, values: Any, dtype: str) -> Any:
    """`values` of shape `(batch, columns)` or `(batch,)` as a `(batch, columns)` tensor."""
    values = ops.convert_to_tensor(values, dtype=dtype)
    if len(values.shape) == 1:
        values = ops.expand_dims(values, -1)
    if len(values.shape) != 2 or values.shape[-1] is None:
        raise ValueError(
            f"`{name}` must have shape (batch, columns), with a known number of columns, or "
            f"(batch,); got {tuple(values.shape)}."
        )
    return values
