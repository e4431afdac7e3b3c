"""A data set's metrics under many sets of item weights at once: what every resampling needs."""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rmfn_tf.metrics import metrics_for
from rmfn_tf.metrics.column_metric import ColumnMetric
from rmfn_tf.metrics.columns import weights_like
from rmfn_tf.task import Task

# Weights (rows × items × columns) in one step: small enough for a core's cache.
_STEP = 2**19


class WeightedScorer:
    """The metrics of `metrics_for(task)` of one set of predictions, under sets of item weights.

    A whole-number weight k stands for k copies of the item, so that a bootstrap resample is a row
    of counts; an item of weight 0 is not there. The rows of weights are taken a few at a time:
    beyond the weights themselves, memory does not grow with them.

    Args:
        task: what the labels are.
        labels: of N items, `(N, labels)`, or `(N,)` where there is one.
        predictions: `(N, outputs)`, or `(N,)` where there is one.

    Raises:
        ValueError: no items, numbers of items that differ, labels or predictions that are not
            finite, or columns that the task does not take.
    """

    def __init__(self, task: Task, labels: np.ndarray, predictions: np.ndarray):
        truth, prediction = item_columns("labels", labels), item_columns("predictions", predictions)
        if len(truth) != len(prediction):
            raise ValueError(
                "`labels` and `predictions` must be of the same items; got shapes "
                f"{np.shape(labels)} and {np.shape(predictions)}."
            )
        self.items, columns = truth.shape
        self.rows_at_a_time = _STEP // truth.size
        self._metrics = {}
        for metric in metrics_for(task):
            prepare, score = _compiled(_describe(metric), columns, prediction.shape[1])
            prepared = prepare(tf.constant(truth), tf.constant(prediction))
            self._metrics[metric.name] = (score, prepared)

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Metric name → `(R,)` float64, in the order of the data set's table.

        A row without any item is 0.0, as for `metrics_for`.

        Args:
            weights: `(R, N)`, none negative; ValueError for anything else.
        """
        weights = np.asarray(weights, dtype="float64")
        if weights.ndim != 2 or weights.shape[1] != self.items:
            raise ValueError(
                f"`weights` must have shape (R, {self.items}), a row for each set of weights of "
                f"the {self.items} items; got {weights.shape}."
            )
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ValueError(
                "`weights` must be finite and none negative; got "
                f"{weights.min()} to {weights.max()}."
            )
        scores = {name: np.empty(len(weights)) for name in self._metrics}
        for rows in row_blocks(len(weights), self.rows_at_a_time):
            block = tf.constant(weights[rows])
            for name, (score, prepared) in self._metrics.items():
                scores[name][rows] = score(prepared, block)
        return scores


def item_columns(name: str, values: Any) -> np.ndarray:
    """`values` as `(N, columns)` float64; ValueError where it is no finite table of N ≥ 1 items."""
    array = np.asarray(values, dtype="float64")
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"`{name}` must have shape (N, columns) or (N,), with at least one item and one "
            f"column; got {np.shape(values)}."
        )
    broken = ~np.isfinite(array).all(axis=1)
    if broken.any():
        raise ValueError(
            f"`{name}` must be finite: {broken.sum()} of {len(array)} items hold NaN or infinity, "
            f"the first at row {broken.argmax()}. Leave those items out, for every row compared."
        )
    return array


def row_blocks(rows: int, at_a_time: int) -> Iterator[slice]:
    """Slices that cover `rows` rows in order, `at_a_time` of them in each, but at least one."""
    at_a_time = max(1, at_a_time)
    for start in range(0, rows, at_a_time):
        yield slice(start, min(rows, start + at_a_time))


def _describe(metric: ColumnMetric) -> str:
    return json.dumps(keras.saving.serialize_keras_object(metric), sort_keys=True)


@functools.lru_cache(maxsize=128)  # compiling takes longer than a small comparison
def _compiled(description: str, columns: int, outputs: int) -> tuple[Any, Any]:
    """A metric as two compiled functions.

    Returns:
        `prepare`, of labels `(N, columns)` and predictions `(N, outputs)`, and `score`, of what
        that returned and weights `(R, N)`, to `(R,)`.
    """
    metric = keras.saving.deserialize_keras_object(json.loads(description))
    table = functools.partial(tf.TensorSpec, dtype=metric.dtype)

    def items_apart(y_true: Any, y_pred: Any) -> Any:
        once = tf.ones((1, columns), dtype=metric.dtype)
        return tf.vectorized_map(
            lambda item: metric.summarize(item[0][tf.newaxis], item[1][tf.newaxis], once),
            (y_true, y_pred),
            warn=False,
        )

    def items_together(prepared: Any, weights: Any) -> Any:
        y_true, y_pred = prepared
        return tf.vectorized_map(
            lambda row: metric.summarize(y_true, y_pred, weights_like(row, y_true, metric.dtype)),
            weights,
            warn=False,
        )

    # Where the summary of a set is the sum of its parts', so is it of single items: then a matrix
    # product gives all rows, ten times as fast as a summary for each.
    if type(metric).merge is ColumnMetric.merge:
        prepare, summaries = items_apart, lambda items, weights: tf.tensordot(weights, items, 1)
    else:
        prepare, summaries = lambda y_true, y_pred: (y_true, y_pred), items_together

    def score(prepared: Any, weights: Any) -> Any:
        values = tf.vectorized_map(metric.finish, summaries(prepared, weights), warn=False)
        return tf.reduce_mean(values, axis=-1)

    prepare = _concrete(prepare, table((None, columns)), table((None, outputs)))
    prepared = tf.nest.map_structure(lambda output: table(output.shape), prepare.structured_outputs)
    return prepare, _concrete(score, prepared, table((None, None)))


def _concrete(function: Callable[..., Any], *signature: Any) -> Any:
    # AutoGraph would bury a metric's ValueError under a trace of its own.
    return tf.function(function, autograph=False).get_concrete_function(*signature)
