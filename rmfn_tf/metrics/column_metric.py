from typing import Any

import keras
from keras import ops

from rmfn_tf.metrics.columns import as_columns, check_same_rows, weights_like


class ColumnMetric(keras.metrics.Metric):
    """A streaming metric of every label column, averaged over the columns.

        value = mean over columns of finish(merge(... merge(0, summary of batch 1), ...))

    A subclass says what it keeps of a batch (`summarize`), how two summaries become that of all
    their rows (`merge`: their sum, unless it says otherwise), and what the number is (`finish`).
    So the value is that of the whole set, however it was cut into batches. Summaries are float64:
    sums of a million float32 errors would be off in the third digit.

    The number of columns is taken from the first batch. Without any row the value is 0.0.

    Args:
        name: column of the results.
        dtype: of the state and the value; lower it only where there is no float64.

    Call arguments:
        y_true: labels, `(batch, columns)`; `(batch,)` is one column.
        y_pred: predictions, likewise; class probabilities `(batch, classes)` where a metric
            says so.
        sample_weight: `None`, a number, `(batch,)`, `(batch, 1)` or `(batch, columns)`. Rows of
            weight 0 count for nothing, whatever they hold.

    Raises:
        ValueError: other shapes, or a batch with another number of columns than the first.
    """

    # How Keras adds up the replicas of a distributed run: right for sums.
    aggregation = "sum"
    # What callbacks with `mode="auto"` look at.
    _direction = "up"

    def __init__(self, name: str | None = None, dtype: str | None = "float64"):
        super().__init__(name=name, dtype=dtype or "float64")
        self.summary: Any = None

    def summarize(self, y_true: Any, y_pred: Any, weights: Any) -> Any:
        """`(columns, statistics)` of the batch; `y_true` and `weights` are `(batch, columns)`."""
        raise NotImplementedError

    def merge(self, summary: Any, other: Any) -> Any:
        """The summary of all the rows that two summaries stand for."""
        return summary + other

    def finish(self, summary: Any) -> Any:
        """`(columns,)` values of `(columns, statistics)`."""
        raise NotImplementedError

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = as_columns(y_true, "y_true", self.dtype)
        y_pred = as_columns(y_pred, "y_pred", self.dtype)
        check_same_rows(y_true=y_true, y_pred=y_pred)
        batch = self.summarize(y_true, y_pred, weights_like(sample_weight, y_true, self.dtype))
        if self.summary is None:
            self.summary = self.add_variable(
                shape=tuple(batch.shape),
                initializer="zeros",
                dtype=self.dtype,
                aggregation=self.aggregation,
                name="summary",
            )
        if tuple(batch.shape) != tuple(self.summary.shape):
            raise ValueError(
                f"Metric {self.name!r} holds (columns, statistics) = {tuple(self.summary.shape)} "
                f"of earlier batches, but this one gives {tuple(batch.shape)}: `y_true` has "
                f"{y_true.shape[-1]} columns, `y_pred` {y_pred.shape[-1]}. Use a metric for each."
            )
        self.summary.assign(self.merge(ops.convert_to_tensor(self.summary), batch))

    def result(self) -> Any:
        if self.summary is None:
            return ops.zeros((), dtype=self.dtype)
        return ops.mean(self.finish(ops.convert_to_tensor(self.summary)))
