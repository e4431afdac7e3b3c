"""Metrics of whole sets of predictions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.metrics import metrics_for


def score(task: Mapping[str, Any], labels: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """The data set's metrics (`metrics_for(task)`) of predictions `(N, outputs)`, by name."""
    result = {}
    for metric in metrics_for(task):
        metric.update_state(labels, predictions)
        result[metric.name] = float(metric.result())
    return result
