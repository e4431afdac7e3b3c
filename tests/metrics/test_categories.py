"""Accuracy and weighted F1 of every kind of category against scikit-learn and NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from rmfn_tf.metrics import Accuracy, MostProbable, RoundedScale, Threshold, WeightedF1
from support.metric_sets import CASES, PROBABILITIES, cuts, streamed, table, whole


def assert_equals_scikit_learn(data, categories, arrays, columns):
    """Both metrics of `arrays`, in drawn batches, against each column's (truth, prediction)."""
    places = data.draw(cuts(len(arrays[0])))
    accuracies, f1s = [], []
    for truth, prediction in columns:
        # scikit-learn has no score for an empty set; ours is 0.
        empty = len(truth) == 0
        accuracies.append(0.0 if empty else accuracy_score(truth, prediction))
        f1s.append(
            0.0
            if empty
            else f1_score(truth, prediction, average="weighted", zero_division=0, labels=range(9))
        )
    accuracy = streamed(Accuracy(categories), arrays, places)
    weighted_f1 = streamed(WeightedF1(categories), arrays, places)
    assert accuracy == pytest.approx(np.mean(accuracies), abs=1e-12)
    assert weighted_f1 == pytest.approx(np.mean(f1s), abs=1e-12)


@settings(max_examples=40)
@given(at=st.sampled_from([0.0, 3.5, -1.0]), data=st.data())
def test_threshold_compares_both_sides_alike(at, data):
    y_true, y_pred = data.draw(CASES["mae"].sets())
    columns = [(y >= at, p >= at) for y, p in zip(y_true.T, y_pred.T, strict=True)]
    assert_equals_scikit_learn(data, Threshold(at), (y_true, y_pred), columns)


@settings(max_examples=40)
@given(at=st.sampled_from([0.0, 3.5]), data=st.data())
def test_dropping_ties_leaves_out_labels_only(at, data):
    y_true, y_pred = data.draw(CASES["mae"].sets())
    columns = [(y[y != at] > at, p[y != at] > at) for y, p in zip(y_true.T, y_pred.T, strict=True)]
    categories = Threshold(at, drop_ties=True)
    assert_equals_scikit_learn(data, categories, (y_true, y_pred), columns)


@pytest.mark.parametrize(
    ("label", "prediction", "a2", "a2_non0"),
    [
        (0.0, 0.0, 1, None),
        (0.0, -0.0, 1, None),
        (0.0, -1e-30, 0, None),
        (1.0, 0.0, 1, 0),
        (-1.0, 0.0, 0, 1),
        (-1.0, 1e-30, 0, 0),
        (1e-30, 1.0, 1, 1),
        (-1e-30, -1.0, 1, 1),
    ],
)
def test_zero_is_on_the_right_side(label, prediction, a2, a2_non0):
    assert whole(Accuracy(Threshold(0.0)), [label], [prediction]) == a2
    # A sure hit beside it, so that a label left out (1) differs from a miss (1/2).
    pair = [label, 1.0], [prediction, 1.0]
    expected = 1.0 if a2_non0 is None else (1 + a2_non0) / 2
    assert whole(Accuracy(Threshold(0.0, drop_ties=True)), *pair) == expected


@settings(max_examples=40)
@given(bounds=st.sampled_from([(-3, 3), (-2, 2), (1, 7), (-1.6, 2.6)]), data=st.data())
def test_rounded_scale_clips_then_rounds_halves_to_even(bounds, data):
    y_true, y_pred = data.draw(CASES["mae"].sets())
    steps = [np.round(np.clip(values, *bounds)).astype(int) for values in (y_true, y_pred)]
    columns = zip(*(step.T - round(bounds[0]) for step in steps), strict=True)
    assert_equals_scikit_learn(data, RoundedScale(*bounds), (y_true, y_pred), columns)


@settings(max_examples=30)
@given(data=st.data())
def test_rounded_scale_has_a_range_per_column(data):
    low, high = [1, 1, -2], [7, 5, 2]
    y_true, y_pred = data.draw(CASES["mae"].sets(columns=3))
    steps = [np.round(np.clip(values + 3, low, high)).astype(int) for values in (y_true, y_pred)]
    columns = zip(*((step - low).T for step in steps), strict=True)
    assert_equals_scikit_learn(data, RoundedScale(low, high), (y_true + 3, y_pred + 3), columns)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([1, 1], [7, 7, 7], "could not be broadcast"),
        (3, 3, "at least two whole ratings"),
        ([1, 5], [7, 1], "at least two whole ratings"),
        (0, float("inf"), "finite"),
        (float("nan"), 3, "finite"),
    ],
)
def test_ranges_that_are_none_are_refused(low, high, message):
    with pytest.raises(ValueError, match=message):
        RoundedScale(low, high)


def test_ranges_for_other_columns_are_refused():
    metric = Accuracy(RoundedScale([1, 1], [7, 5]))
    with pytest.raises(ValueError, match="same columns; got 2 in `ranges`, 1 in `y_true`"):
        metric.update_state(np.ones(3), np.ones(3))


@settings(max_examples=40)
@given(classes=st.integers(2, 5), data=st.data())
def test_most_probable_is_the_first_of_the_largest(classes, data):
    rows = data.draw(st.integers(1, 12))
    y_true = table(data.draw, st.integers(0, classes - 1), rows, 1).astype("int64")
    y_pred = table(data.draw, PROBABILITIES, rows, classes)
    columns = [(y_true[:, 0], np.argmax(y_pred, axis=1))]
    assert_equals_scikit_learn(data, MostProbable(), (y_true[:, 0], y_pred), columns)


@pytest.mark.parametrize(("y_true", "y_pred"), [((4, 3), (4, 3)), ((4, 1), (4, 1)), ((4,), (4,))])
def test_one_hot_labels_and_single_probabilities_are_no_classes(y_true, y_pred):
    with pytest.raises(ValueError, match="integer labels"):
        Accuracy(MostProbable()).update_state(np.zeros(y_true), np.zeros(y_pred))


def test_scikit_learn_takes_the_same_sample_weights():
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(2, 50))
    weights = rng.uniform(0.1, 3, size=50)
    expected = f1_score(y_true >= 0, y_pred >= 0, average="weighted", sample_weight=weights)
    assert whole(WeightedF1(Threshold(0.0)), y_true, y_pred, weights) == pytest.approx(expected)
