"""Metrics of categories: accuracies and F1s, and the ways in which numbers become categories."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from rmfn_tf.metrics.metric import SumMetric, check_same


class Categories:
    """A way to turn labels `(batch, columns)` and predictions into categories 0 .. n - 1."""

    def __call__(self, y_true: Any, y_pred: Any) -> tuple[Any, Any, Any, int]:
        """The categories of the labels and of the predictions, int `(batch, columns)`; whether
        each label takes part, bool likewise; and n."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, ready for JSON."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Categories":
        """The inverse of `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Threshold(Categories):
    """Two categories per column: y ≥ at against ŷ ≥ at.

    A2 of the sentiment papers is `Threshold(0.0)`, A2-non0 `Threshold(0.0, drop_ties=True)`;
    sigmoid probabilities of 0/1 labels take `Threshold(0.5)`.

    Args:
        at: the threshold, in units of the label.
        drop_ties: whether labels equal to `at` are left out and both sides compared strictly,
            y > at against ŷ > at: a prediction of exactly `at` is then not positive.
    """

    def __init__(self, at: float = 0.0, drop_ties: bool = False):
        self.at = float(at)
        self.drop_ties = bool(drop_ties)

    def __call__(self, y_true: Any, y_pred: Any) -> tuple[Any, Any, Any, int]:
        check_same("columns", y_true=y_true, y_pred=y_pred)
        positive = ops.greater if self.drop_ties else ops.greater_equal
        truth, prediction = (ops.cast(positive(y, self.at), "int32") for y in (y_true, y_pred))
        return truth, prediction, ops.logical_or(y_true != self.at, not self.drop_ties), 2

    def get_config(self) -> dict[str, Any]:
        return {"at": self.at, "drop_ties": self.drop_ties}


@keras.saving.register_keras_serializable(package="rmfn_tf")
class RoundedScale(Categories):
    """The steps of a rating scale: round(clip(y, low, high)), halves to even, for y and ŷ.

    A7 of CMU-MOSI is `RoundedScale(-3, 3)`, A5 `RoundedScale(-2, 2)`. POM's traits have ranges of
    their own, one per column; the code published for it does not clip.

    Args:
        low: lowest rating, a number for all columns or one for each.
        high: highest rating, likewise.

    Raises:
        ValueError: a range that is not finite or holds no two whole ratings.
    """

    def __init__(self, low: float | Sequence[float], high: float | Sequence[float]):
        self.low, self.high = np.asarray(low, "float64"), np.asarray(high, "float64")
        self.steps = np.round(self.high) - np.round(self.low)  # of each column, less one
        if not np.isfinite(self.steps).all() or not (self.steps >= 1).all():
            raise ValueError(
                "RoundedScale: every range must be finite and hold at least two whole ratings; "
                f"got low={low!r}, high={high!r}."
            )

    def __call__(self, y_true: Any, y_pred: Any) -> tuple[Any, Any, Any, int]:
        check_same("columns", y_true=y_true, y_pred=y_pred)
        if self.steps.ndim:
            check_same("columns", ranges=self.steps, y_true=y_true)
        truth, prediction = (
            ops.cast(ops.round(ops.clip(y, self.low, self.high)) - np.round(self.low), "int32")
            for y in (y_true, y_pred)
        )
        return truth, prediction, ops.ones_like(truth, dtype="bool"), int(self.steps.max()) + 1

    def get_config(self) -> dict[str, Any]:
        return {"low": self.low.tolist(), "high": self.high.tolist()}


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MostProbable(Categories):
    """The classes 0 .. n-1: integer labels `(batch,)` or `(batch, 1)` against probabilities
    `(batch, n)`, whose largest is the prediction (the first of equals)."""

    def __call__(self, y_true: Any, y_pred: Any) -> tuple[Any, Any, Any, int]:
        if y_true.shape[-1] != 1 or y_pred.shape[-1] < 2:
            raise ValueError(
                "MostProbable takes integer labels of shape (batch,) or (batch, 1) and class "
                f"probabilities of shape (batch, classes); got {y_true.shape[-1]} columns in "
                f"`y_true` and {y_pred.shape[-1]} in `y_pred`."
            )
        truth = ops.cast(y_true, "int32")
        prediction = ops.cast(ops.argmax(y_pred, axis=-1, keepdims=True), "int32")
        return truth, prediction, ops.ones_like(truth, dtype="bool"), y_pred.shape[-1]


class CategoryMetric(SumMetric):
    """A `SumMetric` of categories, made by a `Threshold`, `RoundedScale` or `MostProbable`."""

    def __init__(self, categories: Categories, name: str | None = None, dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)
        self.categories = categories

    def get_config(self) -> dict[str, Any]:
        categories = keras.saving.serialize_keras_object(self.categories)
        return {"categories": categories, **super().get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CategoryMetric":
        categories = keras.saving.deserialize_keras_object(config["categories"])
        return cls(**{**config, "categories": categories})


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Accuracy(CategoryMetric):
    """The share of samples whose prediction falls in the category of its label, averaged over
    the columns. A column without a sample that takes part counts as 0.
    """

    usual_name = "accuracy"

    def statistics(self, y_true: Any, y_pred: Any) -> Any:
        truth, prediction, counted, _ = self.categories(y_true, y_pred)
        right = ops.logical_and(truth == prediction, counted)
        return ops.cast(ops.stack([right, counted], axis=-1), self.dtype)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class WeightedF1(CategoryMetric):
    """F1 of every category, weighted by its support, averaged over the columns.

        F1_k = 2 · right_k / (predicted_k + support_k) ;  value = Σ_k support_k F1_k / Σ_k support_k

    `support_k`, `predicted_k` and `right_k` count the samples of category k, those predicted as
    k, and those that are both. An empty category has F1 = 0 and no weight. This is scikit-learn's
    `f1_score(average="weighted", zero_division=0)` of each column by itself: a label that is
    present or not is a task of two categories, both weighted, as IEMOCAP's emotions are scored.
    """

    usual_name = "weighted_f1"

    def statistics(self, y_true: Any, y_pred: Any) -> Any:
        truth, prediction, counted, num_classes = self.categories(y_true, y_pred)
        counted = ops.expand_dims(ops.cast(counted, self.dtype), -1)
        support = counted * ops.one_hot(truth, num_classes, dtype=self.dtype)
        predicted = counted * ops.one_hot(prediction, num_classes, dtype=self.dtype)
        return ops.concatenate([support, predicted, support * predicted], axis=-1)

    def finish(self, sums: Any) -> Any:
        support, predicted, right = ops.split(sums, 3, axis=-1)
        f1 = ops.divide_no_nan(2 * right, predicted + support)
        return ops.divide_no_nan(ops.sum(support * f1, axis=-1), ops.sum(support, axis=-1))
