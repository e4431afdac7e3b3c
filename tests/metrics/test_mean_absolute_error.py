import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error

from rmfn_tf.metrics import MeanAbsoluteError
from support.metric_sets import CASES, cuts, streamed, whole


@settings(max_examples=40)
@given(data=st.data())
def test_equals_scikit_learn(data):
    y_true, y_pred = data.draw(CASES["mae"].sets())
    places = data.draw(cuts(len(y_true)))
    assert streamed(MeanAbsoluteError(), (y_true, y_pred), places) == pytest.approx(
        mean_absolute_error(y_true.astype("float64"), y_pred), abs=1e-12
    )


def test_samples_without_a_second_axis_weigh_the_same():
    # Keras' own averages each such batch first: 0.75 here.
    assert streamed(MeanAbsoluteError(), (np.zeros(4), np.array([1.0, 1, 1, 0])), [3]) == 0.75
    assert streamed(MeanAbsoluteError(), (np.zeros(4), np.array([1.0, 0, 0, 0])), [1]) == 0.25


def test_labels_keep_their_digits_beside_low_precision_predictions():
    predictions = np.zeros(1, dtype="float16")
    assert whole(MeanAbsoluteError(), np.array([0.1]), predictions) == 0.1


def test_many_small_errors_add_up():
    metric = MeanAbsoluteError()
    metric.update_state([2.0**24], [0.0])
    for _ in range(3):
        metric.update_state([1.0], [0.0])  # lost in a float32 sum
    assert float(metric.result()) == (2.0**24 + 3) / 4


def test_a_nan_prediction_shows():
    assert np.isnan(whole(MeanAbsoluteError(), np.zeros(2), np.array([np.nan, 0.0])))
