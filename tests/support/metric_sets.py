"""Labels, predictions and ways to cut them into batches, for the tests of the metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from rmfn_tf.metrics import (
    Accuracy,
    MeanAbsoluteError,
    MostProbable,
    PearsonR,
    RoundedScale,
    Threshold,
    WeightedF1,
)

# Halves and whole numbers beyond every clipping bound: ties, zeros and equal columns are common.
HALVES = st.sampled_from([step / 2 for step in range(-9, 10)] + [-0.0])
PROBABILITIES = st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.6, 1.0])


@dataclass(frozen=True)
class Case:
    """A metric with the kind of data it takes.

    Attributes:
        make: builds the metric.
        labels: strategy of one label.
        predictions: strategy of one number of a prediction.
        classes: width of the predictions of a softmax; 0 where they have the labels' columns.
    """

    make: Callable[[], Any]
    labels: Any = HALVES
    predictions: Any = HALVES
    classes: int = 0

    @st.composite
    @staticmethod
    def _sets(draw: Any, case: "Case", columns: int | None) -> tuple[np.ndarray, np.ndarray]:
        rows = draw(st.integers(1, 12))
        width = 1 if case.classes else columns or draw(st.integers(1, 3))
        y_true = table(draw, case.labels, rows, width)
        return y_true, table(draw, case.predictions, rows, case.classes or width)

    def sets(self, columns: int | None = None) -> Any:
        """Strategy of `(y_true, y_pred)`, both with 2 axes."""
        return Case._sets(self, columns)


def table(draw: Any, values: Any, rows: int, width: int) -> np.ndarray:
    """A `(rows, width)` float32 array of drawn values."""
    flat = draw(st.lists(values, min_size=rows * width, max_size=rows * width))
    return np.array(flat, dtype="float32").reshape(rows, width)


# Every metric, and every kind of category under both of those that compare categories.
CASES = {
    "mae": Case(MeanAbsoluteError),
    "r": Case(PearsonR),
    **{
        f"{kind.__name__}-{name}": Case(
            lambda kind=kind, make=make: kind(make()), labels, predictions, classes
        )
        for kind in (Accuracy, WeightedF1)
        for name, make, labels, predictions, classes in (
            ("sign", lambda: Threshold(0.0), HALVES, HALVES, 0),
            ("non0", lambda: Threshold(0.0, drop_ties=True), HALVES, HALVES, 0),
            ("a7", lambda: RoundedScale(-3, 3), HALVES, HALVES, 0),
            ("sigmoid", lambda: Threshold(0.5), st.sampled_from([0.0, 1.0]), PROBABILITIES, 0),
            ("softmax", lambda: MostProbable(), st.sampled_from([0.0, 1.0, 2.0]), PROBABILITIES, 3),
        )
    },
}


def cuts(rows: int) -> Any:
    """Strategy of places to cut `rows` rows into batches, of any size, empty ones too."""
    return st.lists(st.integers(0, rows), max_size=4).map(sorted)


def streamed(metric: Any, arrays: tuple[np.ndarray, ...], places: list[int]) -> float:
    """The metric's value after the batches between the places."""
    for batch in zip(*(np.split(array, places) for array in arrays), strict=True):
        metric.update_state(*batch)
    return float(metric.result())


def whole(metric: Any, *arrays: Any) -> float:
    """The metric's value after one batch."""
    metric.update_state(*arrays)
    return float(metric.result())
