"""A report says what was predicted, and which predictions never vary."""

import numpy as np

from rmfn_tf.metrics import score
from rmfn_tf.training.scores import report


def test_constant_predictions_are_named(tasks):
    labels = np.array([[1.0], [2.0], [4.0]])
    predictions = {
        "model": np.array([[1.0], [2.0], [2.0]]),
        "constant": np.full((3, 1), 2.0),
    }
    said = report("test", tasks["regression"], labels, predictions)
    assert said["split"] == "test"
    assert said["constant_predictions"] == ["constant"]
    for row, values in predictions.items():
        assert said["metrics"][row] == score(tasks["regression"], labels, values)
    assert said["metrics"]["constant"]["r"] == 0
