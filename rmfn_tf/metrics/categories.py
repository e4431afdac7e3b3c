"""What a label and a prediction have in common: the category both fall in.

Every accuracy and F1 of the field compares categories; they differ in how a number becomes one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from rmfn_tf.metrics.columns import check_same_columns


class Categorized(NamedTuple):
    """Categories 0 .. num_classes - 1 of a batch.

    Attributes:
        truth: of the labels, `(batch, columns)`.
        prediction: of the predictions, `(batch, columns)`.
        counted: whether the label takes part, bool `(batch, columns)`.
        num_classes: number of categories.
    """

    truth: Any
    prediction: Any
    counted: Any
    num_classes: int


class Categories:
    """A way to turn labels `(batch, columns)` and predictions into categories."""

    def __call__(self, y_true: Any, y_pred: Any) -> Categorized:
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

    With `drop_ties`, labels equal to `at` are left out and the comparison is strict on both
    sides, y > at against ŷ > at: a prediction of exactly `at` is then not positive.

    A2 of the sentiment papers is `Threshold(0.0)`, A2-non0 `Threshold(0.0, drop_ties=True)`;
    sigmoid probabilities of 0/1 labels take `Threshold(0.5)`.

    Args:
        at: the threshold, in units of the label.
        drop_ties: see above.
    """

    def __init__(self, at: float = 0.0, drop_ties: bool = False):
        self.at = float(at)
        self.drop_ties = bool(drop_ties)

    def __call__(self, y_true: Any, y_pred: Any) -> Categorized:
        check_same_columns(y_true, y_pred)
        positive = ops.greater if self.drop_ties else ops.greater_equal
        counted = y_true != self.at if self.drop_ties else ops.ones_like(y_true, dtype="bool")
        truth = ops.cast(positive(y_true, self.at), "int32")
        prediction = ops.cast(positive(y_pred, self.at), "int32")
        return Categorized(truth, prediction, counted, num_classes=2)

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
        ValueError: a range that is not finite or holds no two steps, or `low` and `high` of
            different lengths.
    """

    def __init__(self, low: float | Sequence[float], high: float | Sequence[float]):
        self.low = np.asarray(low, dtype="float64")
        self.high = np.asarray(high, dtype="float64")
        if self.low.ndim > 1 or self.low.shape != self.high.shape:
            raise ValueError(
                "RoundedScale: `low` and `high` must both be numbers, or both have one number per "
                f"column; got {low!r} and {high!r}."
            )
        steps = np.round(self.high) - np.round(self.low)
        if not np.isfinite(steps).all() or not (steps >= 1).all():
            raise ValueError(
                "RoundedScale: every range must be finite and hold at least two whole ratings; "
                f"got low={low!r}, high={high!r}."
            )
        self.num_classes = int(steps.max()) + 1

    def __call__(self, y_true: Any, y_pred: Any) -> Categorized:
        check_same_columns(y_true, y_pred)
        if self.low.ndim and len(self.low) != y_true.shape[-1]:
            raise ValueError(
                f"RoundedScale has ranges for {len(self.low)} columns, but `y_true` has "
                f"{y_true.shape[-1]}."
            )
        counted = ops.ones_like(y_true, dtype="bool")
        return Categorized(self._step(y_true), self._step(y_pred), counted, self.num_classes)

    def _step(self, values: Any) -> Any:
        low = ops.convert_to_tensor(self.low, dtype=values.dtype)
        high = ops.convert_to_tensor(self.high, dtype=values.dtype)
        clipped = ops.minimum(ops.maximum(values, low), high)
        return ops.cast(ops.round(clipped) - ops.round(low), "int32")

    def get_config(self) -> dict[str, Any]:
        return {"low": self.low.tolist(), "high": self.high.tolist()}


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MostProbable(Categories):
    """The classes 0 .. n-1: integer labels `(batch,)` or `(batch, 1)` against probabilities
    `(batch, n)`, whose largest is the prediction (the first of equals)."""

    def __call__(self, y_true: Any, y_pred: Any) -> Categorized:
        if y_true.shape[-1] != 1 or y_pred.shape[-1] < 2:
            raise ValueError(
                "MostProbable takes integer labels of shape (batch,) or (batch, 1) and class "
                f"probabilities of shape (batch, classes); got {y_true.shape[-1]} columns in "
                f"`y_true` and {y_pred.shape[-1]} in `y_pred`."
            )
        prediction = ops.argmax(y_pred, axis=-1, keepdims=True)
        return Categorized(
            ops.cast(y_true, "int32"),
            ops.cast(prediction, "int32"),
            ops.ones_like(y_true, dtype="bool"),
            num_classes=y_pred.shape[-1],
        )
