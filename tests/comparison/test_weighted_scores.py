"""Scores under weights are those of the items written out as often as their weights say."""

import numpy as np
import pytest

from rmfn_tf.comparison import weighted_scores as module
from rmfn_tf.comparison.weighted_scores import WeightedScorer
from rmfn_tf.metrics import metrics_for
from rmfn_tf.task import Task
from rmfn_tf.training.scores import score

ITEMS = 12


def weighted_scores(task, labels, predictions, weights):
    return WeightedScorer(task, labels, predictions)(weights)


def halves(generator, low, high, shape):
    """Multiples of a half: ties with thresholds and between items are common."""
    return generator.integers(2 * low, 2 * high + 1, shape) / 2


def ratings(low, high, columns):
    def make(generator):
        shape = (ITEMS, columns)
        return halves(generator, low, high, shape), halves(generator, low - 1, high + 1, shape)

    return make


def classes(generator):
    return generator.integers(0, 3, ITEMS), generator.integers(0, 4, (ITEMS, 3)) / 4


def emotions(generator):
    labels = generator.integers(0, 2, (ITEMS, 2)).astype(float)
    return labels, generator.integers(0, 5, (ITEMS, 2)) / 4


# Name → the task and what makes (labels, predictions).
CASES = {
    "default": (Task("regression", ("x", "y", "z")), ratings(-3, 3, 3)),
    "sentiment": (
        Task("regression", ("sentiment",), metrics="sentiment"),
        ratings(-3, 3, 1),
    ),
    "pom": (
        Task(
            "regression",
            ("confident", "relaxed"),
            ranges={"confident": (1, 7), "relaxed": (1, 5)},
            metrics="pom",
        ),
        ratings(1, 7, 2),
    ),
    "ict_mmmo": (
        Task("regression", ("sentiment",), metrics="ict_mmmo"),
        ratings(1, 5, 1),
    ),
    "classification": (Task("classification", ("emotion",), num_classes=3), classes),
    "multilabel": (Task("multilabel", ("happy", "sad")), emotions),
}
SENTIMENT = CASES["sentiment"][0]


@pytest.mark.parametrize(("task", "make"), CASES.values(), ids=CASES)
def test_equal_the_scores_of_repeated_items(task, make, monkeypatch):
    # Four rows of weights at a time, so that rows are scored in several blocks.
    monkeypatch.setattr(module, "_STEP", 4 * ITEMS * len(task.labels))
    for seed in range(4):
        generator = np.random.default_rng(seed)
        labels, predictions = make(generator)
        weights = generator.integers(0, 3, (9, ITEMS))
        weights[0], weights[1, 1:] = 1, 0
        weights[1, 0] = 2
        result = weighted_scores(task, labels, predictions, weights)
        assert list(result) == [metric.name for metric in metrics_for(task)]
        for r, row in enumerate(weights):
            items = np.repeat(np.arange(ITEMS), row)
            expected = score(task, labels[items], predictions[items])
            assert {name: values[r] for name, values in result.items()} == pytest.approx(
                expected, abs=1e-12
            )


def test_rows_without_items_and_no_rows():
    labels, predictions = CASES["sentiment"][1](np.random.default_rng(0))
    empty = weighted_scores(SENTIMENT, labels, predictions, np.zeros((2, ITEMS)))
    assert all(np.array_equal(values, [0, 0]) for values in empty.values())
    none = weighted_scores(SENTIMENT, labels, predictions, np.zeros((0, ITEMS)))
    assert all(values.shape == (0,) for values in none.values())


def test_labels_and_predictions_of_one_column_may_be_flat():
    labels, predictions = CASES["sentiment"][1](np.random.default_rng(0))
    weights = np.ones((1, ITEMS))
    flat = weighted_scores(SENTIMENT, labels[:, 0], predictions[:, 0], weights)
    assert flat == weighted_scores(SENTIMENT, labels, predictions, weights)


def test_labels_far_from_zero_lose_no_digits():
    generator = np.random.default_rng(0)
    labels = generator.normal(size=(50, 1))
    predictions = labels + generator.normal(size=(50, 1))
    weights = generator.integers(0, 3, (5, 50))
    near = weighted_scores(SENTIMENT, labels, predictions, weights)["r"]
    far = weighted_scores(SENTIMENT, labels + 1e6, predictions + 1e6, weights)["r"]
    np.testing.assert_allclose(far, near, atol=1e-9)


def test_tasks_do_not_share_what_was_compiled():
    labels, predictions = np.full((4, 1), 5.0), np.array([[5.0], [6.0], [7.0], [4.0]])
    for high, expected in ((5, 3 / 4), (6, 1 / 4), (7, 1 / 4)):
        task = Task("regression", ("trait",), ranges={"trait": (1, high)}, metrics="pom")
        result = weighted_scores(task, labels, predictions, np.ones((1, 4)))
        assert result["accuracy"] == [expected]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.ones((0, 1)), "predictions": np.ones((0, 1))}, "at least one item"),
        ({"labels": np.ones((3, 1, 1))}, r"\(N, columns\)"),
        ({"predictions": np.ones((4, 1))}, "the same items"),
        ({"labels": [[1.0], [np.nan], [np.inf]]}, "2 of 3 items .* first at row 1"),
        ({"predictions": [[1.0], [2.0], [-np.inf]]}, "`predictions` must be finite"),
        ({"weights": np.ones((2, 4))}, r"shape \(R, 3\)"),
        ({"weights": np.ones(3)}, r"shape \(R, 3\)"),
        ({"weights": [[1, -1, 0]]}, "none negative; got -1.0 to 1.0"),
        ({"weights": [[1, np.nan, 0]]}, "must be finite"),
        ({"predictions": np.ones((3, 2))}, "^`y_true` and `y_pred` must have the same columns"),
    ],
)
def test_mistakes(change, message):
    arguments = {
        "task": SENTIMENT,
        "labels": np.ones((3, 1)),
        "predictions": np.ones((3, 1)),
        "weights": np.ones((1, 3)),
    }
    with pytest.raises(ValueError, match=message):
        weighted_scores(**{**arguments, **change})


def test_weights_may_come_in_parts():
    labels, predictions = CASES["sentiment"][1](np.random.default_rng(0))
    weights = np.random.default_rng(1).integers(0, 3, (6, ITEMS))
    scorer = WeightedScorer(SENTIMENT, labels, predictions)
    parts = [scorer(part) for part in (weights[:2], weights[2:])]
    for name, values in weighted_scores(SENTIMENT, labels, predictions, weights).items():
        joined = np.concatenate([part[name] for part in parts])
        np.testing.assert_allclose(joined, values, atol=1e-12)
