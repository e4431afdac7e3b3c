import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from rmfn_tf.metrics import PearsonR
from support.metric_sets import CASES, cuts, streamed, whole


def reference(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """SciPy's r of each column, 0 for constant ones, averaged."""
    columns = zip(y_true.T.astype("float64"), y_pred.T.astype("float64"), strict=True)
    values = [
        0.0 if np.ptp(y) == 0 or np.ptp(p) == 0 else pearsonr(y, p).statistic for y, p in columns
    ]
    return float(np.mean(values))


@settings(max_examples=60)
@given(data=st.data())
def test_equals_scipy(data):
    y_true, y_pred = data.draw(CASES["r"].sets())
    places = data.draw(cuts(len(y_true)))
    assert streamed(PearsonR(), (y_true, y_pred), places) == pytest.approx(
        reference(y_true, y_pred), abs=1e-12
    )


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    mean=st.sampled_from([0.0, -1e4, 1e4, 1e8]),
    spread=st.sampled_from([1e-2, 1.0, 1e3]),
    data=st.data(),
)
def test_keeps_its_digits_far_from_zero(seed, mean, spread, data):
    # The digits that the mean itself has; sums of squares have the square of this error.
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(30, 2))
    y_true = mean + spread * signal
    y_pred = -mean + spread * (signal + rng.normal(size=signal.shape))
    places = data.draw(cuts(30))
    assert streamed(PearsonR(), (y_true, y_pred), places) == pytest.approx(
        reference(y_true, y_pred), abs=1e-12 + 10 * np.finfo("float64").eps * abs(mean) / spread
    )


def test_is_of_the_whole_set_and_no_mean_over_batches():
    y_true = np.array([0.0, 1, 10, 11])
    y_pred = np.array([1.0, 0, 11, 10])  # -1 within each batch of two
    assert streamed(PearsonR(), (y_true, y_pred), [2]) == pytest.approx(99 / 101)


@settings(max_examples=40)
@given(
    constant=st.floats(-1e6, 1e6),
    dtype=st.sampled_from(["float32", "float64"]),
    which=st.sampled_from(["labels", "predictions", "both"]),
    weights=st.lists(st.sampled_from([0.0, 0.1, 0.7, 3.0]), min_size=7, max_size=7),
    places=cuts(7),
)
def test_a_constant_column_is_exactly_zero(constant, dtype, which, weights, places):
    varied = np.array([0.1, 0.7, -2.3, 1e3, 5.0, 0.3, 0.1], dtype=dtype)
    fixed = np.full(7, constant, dtype=dtype)
    y_true = varied if which == "predictions" else fixed
    y_pred = varied if which == "labels" else fixed
    assert streamed(PearsonR(), (y_true, y_pred), places) == 0.0
    assert streamed(PearsonR(), (y_true, y_pred, np.array(weights)), places) == 0.0


@settings(max_examples=30)
@given(
    labels=st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=9),
    scale=st.sampled_from([-3.0, 0.1, 7.0]),
    data=st.data(),
)
def test_a_line_is_one_and_never_more(labels, scale, data):
    y_true = np.array(labels)
    assume(np.ptp(y_true) > 1e-3)
    value = streamed(PearsonR(), (y_true, scale * y_true + 0.3), data.draw(cuts(len(labels))))
    assert value == pytest.approx(np.sign(scale), abs=1e-9)
    assert abs(value) <= 1.0


def test_a_nan_prediction_shows():
    assert np.isnan(whole(PearsonR(), np.array([0.0, 1, 2]), np.array([np.nan, 1, 0])))
