"""Scores under weights are those of the items written out as often as their weights say."""

import numpy as np
import pytest

from rmfn_tf.comparison.significance import weighted_scorer
from rmfn_tf.metrics import metrics_for, score
from rmfn_tf.task import Task

ITEMS = 12
# Five groups, of which no two items in a row are of one.
GROUPS = np.array(list("abcdebcdebcd"))


def ratings(low, high, columns):
    """Multiples of a half: ties with thresholds and between items are common."""

    def make(generator):
        shape = (ITEMS, columns)
        return (
            generator.integers(2 * low, 2 * high + 1, shape) / 2,
            generator.integers(2 * low - 2, 2 * high + 3, shape) / 2,
        )

    return make


def classes(generator):
    return generator.integers(0, 3, (ITEMS, 1)) / 1, generator.integers(0, 4, (ITEMS, 3)) / 4


def emotions(generator):
    return generator.integers(0, 2, (ITEMS, 2)) / 1, generator.integers(0, 5, (ITEMS, 2)) / 4


RANGES = {"confident": (1, 7), "relaxed": (1, 5)}
# Name → the task and what makes (labels, predictions).
CASES = {
    "default": (Task("regression", ("x", "y", "z")), ratings(-3, 3, 3)),
    "sentiment": (Task("regression", ("s",), metrics="sentiment"), ratings(-3, 3, 1)),
    "pom": (Task("regression", tuple(RANGES), ranges=RANGES, metrics="pom"), ratings(1, 7, 2)),
    "ict_mmmo": (Task("regression", ("s",), metrics="ict_mmmo"), ratings(1, 5, 1)),
    "classification": (Task("classification", ("emotion",), num_classes=3), classes),
    "multilabel": (Task("multilabel", ("happy", "sad")), emotions),
}
SENTIMENT = CASES["sentiment"][0]


@pytest.mark.parametrize(("task", "make"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("groups", [np.arange(ITEMS), GROUPS], ids=["items", "groups"])
def test_equal_the_scores_of_repeated_items(task, make, groups):
    names, members = np.unique(groups, return_inverse=True)
    generator = np.random.default_rng(0)
    labels, predictions = make(generator)
    other = generator.permutation(predictions)
    weights = generator.integers(0, 3, (8, len(names)))
    weights[0], weights[1], weights[2] = 1, 0, np.arange(len(names)) == 1
    values = weighted_scorer(task, labels, [predictions, other], groups)(weights)
    assert values.shape == (8, len(metrics_for(task)))
    for row, result in zip(weights[:, members], values, strict=True):
        items = np.repeat(np.arange(ITEMS), row)
        both = [score(task, labels[items], run[items]) for run in (predictions, other)]
        expected = [np.mean([run[name] for run in both]) for name in both[0]]
        assert result == pytest.approx(expected, abs=1e-12)


def test_labels_far_from_zero_lose_no_digits():
    generator = np.random.default_rng(0)
    labels = generator.normal(size=(50, 1))
    predictions = labels + generator.normal(size=(50, 1))
    weights, groups = generator.integers(0, 3, (5, 50)), np.arange(50)
    near = weighted_scorer(SENTIMENT, labels, [predictions], groups)(weights)[:, 1]
    far = weighted_scorer(SENTIMENT, labels + 1e6, [predictions + 1e6], groups)(weights)[:, 1]
    np.testing.assert_allclose(far, near, atol=1e-9)


@pytest.mark.parametrize("constant", [0.1, -2.3, 1e3 / 7])
def test_a_constant_row_has_exactly_no_correlation(constant):
    """Also where it is counted from the first item of another row, which a resample leaves out."""
    generator = np.random.default_rng(0)
    labels = np.tile(generator.normal(size=(50, 1)), (2, 1))
    predictions = np.concatenate([generator.normal(size=(50, 1)), np.full((50, 1), constant)])
    scorer = weighted_scorer(SENTIMENT, labels, [predictions], np.arange(100))
    weights = np.concatenate([np.zeros((9, 50)), generator.integers(0, 4, (9, 50))], axis=1)
    assert (scorer(weights)[:, 1] == 0).all()
    assert scorer(1 - weights.clip(0, 1))[0, 1] != 0
