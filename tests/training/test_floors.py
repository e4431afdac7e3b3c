"""The trivial floors: exactly what they say, from the training examples alone."""

from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.task import KINDS, Task
from rmfn_tf.training.floors import floor_predictions
from support.random_examples import make_examples

LENGTHS = [3, 5, 4, 2, 3, 4, 1, 6] * 4


def with_labels(examples, labels):
    return replace(examples, labels=labels)


def two_columns(seed=0):
    examples = make_examples(LENGTHS, seed=seed)
    labels = np.random.default_rng(seed).exponential(size=(len(LENGTHS), 2)).astype("float32")
    return with_labels(examples, labels)


TWO = Task("regression", ("a", "b"))


def test_constant_is_the_training_median_of_each_column():
    train, test = two_columns(0), make_examples([2, 3, 4], seed=1)
    constant = floor_predictions(TWO, train, test)["constant"]
    np.testing.assert_array_equal(constant, [np.median(train.labels, axis=0)] * 3)


@pytest.mark.parametrize("kind", ["regression", "classification", "multilabel"])
def test_no_floor_sees_the_test_labels(kind, tasks):
    train, test = make_examples(LENGTHS, kind=kind), make_examples(LENGTHS, kind=kind, seed=1)
    other = with_labels(test, np.ascontiguousarray(test.labels[::-1]))
    assert not np.array_equal(other.labels, test.labels)
    first = floor_predictions(tasks[kind], train, test)
    second = floor_predictions(tasks[kind], train, other)
    outputs = {"regression": 1, "classification": 2, "multilabel": 4}[kind]
    assert tuple(first) == KINDS[kind].floors
    for name, values in first.items():
        assert values.shape == (len(LENGTHS), outputs)
        np.testing.assert_array_equal(values, second[name])


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_in_training(tasks, label):
    train = make_examples(LENGTHS, kind="classification")
    train = with_labels(train, np.full(len(train), label))
    test = make_examples([2, 3], kind="classification", seed=1)
    for values in floor_predictions(tasks["classification"], train, test).values():
        np.testing.assert_array_equal(values, [np.eye(2)[label]] * 2)


@pytest.mark.parametrize("label", [0, 1])
def test_one_label_that_is_always_the_same(tasks, label):
    train = make_examples(LENGTHS, kind="multilabel")
    labels = train.labels.copy()
    labels[:, 1] = label
    test = make_examples([2, 3], kind="multilabel", seed=1)
    for values in floor_predictions(tasks["multilabel"], with_labels(train, labels), test).values():
        np.testing.assert_array_equal(values[:, 1], [label, label])


def test_majority_of_each_label(tasks):
    train = make_examples(LENGTHS, kind="multilabel")
    labels = np.tile(np.array([1, 0, 1, 0], "float32"), (len(train), 1))
    labels[:5] = 1 - labels[:5]
    test = make_examples([2, 3], kind="multilabel", seed=1)
    majority = floor_predictions(tasks["multilabel"], with_labels(train, labels), test)["majority"]
    np.testing.assert_array_equal(majority, [[1, 0, 1, 0]] * 2)


def test_ridge_is_nearly_right_where_labels_are_linear_in_the_means():
    train, test = make_examples(LENGTHS * 3, seed=0), make_examples(LENGTHS, seed=1)
    weights = np.random.default_rng(2).normal(size=(10, 2))

    def label(examples):
        means = np.concatenate(
            [[s.mean(axis=0) for s in sequences] for sequences in examples.features.values()],
            axis=1,
        )
        return with_labels(examples, (means @ weights).astype("float32"))

    train, test = label(train), label(test)
    ridge = floor_predictions(TWO, train, test)["ridge"]
    constant = np.abs(np.median(train.labels, axis=0) - test.labels).mean()
    assert np.abs(ridge - test.labels).mean() < 0.1 * constant


def test_a_step_that_a_modality_has_not_is_left_out_of_its_mean():
    train, test, longer = two_columns(), make_examples([3, 2], seed=1), make_examples([4, 3])
    for name, sequences in test.features.items():
        longer.features[name][:] = [np.insert(each, 1, 0, axis=0) for each in sequences]
    shorter, same = (floor_predictions(TWO, train, each)["ridge"] for each in (test, longer))
    np.testing.assert_allclose(same, shorter, rtol=1e-5)
    longer.features["visual"][0][:] = 0  # a modality that an example has not at all
    assert np.isfinite(floor_predictions(TWO, train, longer)["ridge"]).all()


def test_features_that_are_no_numbers():
    train, test = two_columns(0), two_columns(1)
    test.features["acoustic"][0][0] = [np.nan, np.inf, -np.inf]
    assert np.isfinite(floor_predictions(TWO, train, test)["ridge"]).all()


@pytest.mark.parametrize("few", [1, 2, 3, 4])
def test_a_class_with_few_members(tasks, few):
    train = with_labels(make_examples([3] * 12, kind="classification"), np.arange(12) // (12 - few))
    test = make_examples([2, 3], kind="classification", seed=1)
    logistic = floor_predictions(tasks["classification"], train, test)["logistic"]
    np.testing.assert_allclose(logistic.sum(axis=1), 1.0)
    assert (logistic > 0).all()
