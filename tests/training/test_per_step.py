"""Tasks with a label at each step: only labelled steps are learned, predicted and scored."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss

from rmfn_tf.data import Examples, epoch_batches, make_folds
from rmfn_tf.models import create_model
from rmfn_tf.task import Task
from rmfn_tf.training.fit import fit
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.predictions import predict
from rmfn_tf.training.run import Run
from support.random_examples import WIDTHS, make_examples

TASKS = {
    "regression": Task("regression", ("a",), per_step=True),
    "classification": Task("classification", ("a",), num_classes=2, per_step=True),
    "multilabel": Task("multilabel", ("a", "b", "c", "d"), per_step=True),
}
LENGTHS = [4, 1, 3, 6, 2]


def small(kind: str, model: str = "ef_lstm", **options) -> keras.Model:
    keras.utils.set_random_seed(0)
    options = {"units": 3} if model == "ef_lstm" else options
    return create_model(model, features=WIDTHS, task=TASKS[kind], **options)


def by_hand(kind: str, labels: np.ndarray, predicted: np.ndarray) -> float:
    """The loss of a task over rows, by NumPy and scikit-learn."""
    if kind == "regression":
        return float(np.abs(labels - predicted).mean())
    if kind == "classification":
        return log_loss(labels, predicted, labels=[0, 1])
    columns = zip(labels.T, predicted.T, strict=True)
    return float(np.mean([log_loss(y, p, labels=[0, 1]) for y, p in columns]))


def test_rows_are_the_labelled_steps_end_to_end() -> None:
    examples = make_examples(LENGTHS, per_step=True, videos=[0, 0, 1, 1, 2])
    rows = examples.rows
    assert rows.ids[:4] == ["example-0[0]", "example-0[2]", "example-0[3]", "example-1[0]"]
    assert rows.ids[-2:] == ["example-4[0]", "example-4[1]"]
    assert rows.examples.tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 3, 4, 4]
    assert rows.groups.tolist() == [f"video-{v}" for v in [0, 0, 0, 0, *[1] * 7, 2, 2]]
    assert rows.labels[1] == examples.labels[0][2]
    part = examples.take([2, 0]).rows
    assert part.ids == ["example-2[0]", "example-2[2]", *rows.ids[:3]]
    both = examples.take([2]).concatenate(examples.take([0])).rows
    assert both.ids == part.ids
    np.testing.assert_array_equal(both.labels, part.labels)


@pytest.mark.parametrize("how", ["padded", "lists", "mask in front"])
@pytest.mark.parametrize("columns", [None, 2])
def test_from_arrays(how: str, columns: int | None) -> None:
    features = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    labels = np.arange(2 * 3 * (columns or 1), dtype="float32").reshape(2, 3, -1)
    labels[0, 1] = np.nan
    if columns is None:
        labels = labels[..., 0]
    spans = [slice(0, 3), slice(0, 2)]
    if how == "padded":
        arguments = (features, labels, {"lengths": [3, 2]})
    elif how == "lists":
        cut = [[x[:3], y[:2]] for x, y in (features, labels)]
        arguments = (*cut, {})
    else:
        spans[1] = slice(1, 3)
        arguments = (features, labels, {"mask": [[1, 1, 1], [0, 1, 1]]})
    x, y, how_padded = arguments
    examples = Examples.from_arrays({"language": x}, y, per_step=True, **how_padded)
    wanted = [
        each[span].reshape(-1, columns or 1) for each, span in zip(labels, spans, strict=True)
    ]
    for got, right in zip(examples.labels, wanted, strict=True):
        np.testing.assert_array_equal(got, right)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[[1.0], [2.0]], [[1.0]]], "'0': it has 3 steps and 2 labels"),
        ([[[1.0], [2.0], [np.inf]], [[1.0]]], "'0': the label of a step is infinite"),
        ([[[1.0, 2.0], [2.0, np.nan], [1, 1]], [[1.0, 2.0]]], "'0': the label of a step is"),
        ([[[1.0], [2.0], [3.0]], [[np.nan]]], "'1': none of its steps has a label"),
        ([[0, 1, 1], [-1]], "'1': none of its steps has a label"),
        ([[0, 1, 1], [[1.0]]], "one type and width"),
    ],
)
def test_labels_that_cannot_be_right(labels: list, message: str) -> None:
    features = [np.ones((3, 2), "float32"), np.ones((1, 2), "float32")]
    with pytest.raises(ValueError, match=message):
        Examples.from_arrays({"language": features}, labels, per_step=True)


def test_batches_weigh_padding_and_unlabelled_steps_with_nothing() -> None:
    examples = make_examples(LENGTHS, per_step=True)
    given = [np.full(n, 1.0 + row) for row, n in enumerate(LENGTHS)]
    for weights in (given, np.arange(1.0, 6.0)):
        batches = epoch_batches(examples, 3, buckets=[4, 8], sample_weights=weights)
        (_, labels, weight), _ = batches.as_numpy_iterator()
        assert labels.shape == (3, 4, 1)
        assert weight.tolist() == [[1, 0, 1, 1], [2, 0, 0, 0], [3, 0, 3, 0]]
        assert labels[0, 0] == examples.labels[0][0]
        assert labels[0, 1] == labels[1, 1] == 0


@pytest.mark.parametrize("kind", TASKS)
def test_the_loss_is_the_mean_over_labelled_steps(kind: str) -> None:
    model, examples = small(kind), make_examples(LENGTHS, kind=kind, per_step=True)
    expected = by_hand(kind, examples.rows.labels, predict(model, examples))
    loss, metric = model.evaluate(epoch_batches(examples, 8, buckets=[9]), verbose=0)
    assert loss == pytest.approx(expected, rel=1e-5)
    if kind == "regression":
        assert metric == pytest.approx(expected, rel=1e-5)


def test_predictions_are_those_of_each_sequence_by_itself() -> None:
    model, examples = small("regression"), make_examples(LENGTHS, per_step=True)
    alone = [predict(model, examples.take([row])) for row in range(len(examples))]
    np.testing.assert_allclose(predict(model, examples), np.concatenate(alone), atol=1e-6)


def test_a_classification_weighs_classes_by_their_steps() -> None:
    """One step of gradient descent equals one with the weights that `balanced` stands for."""
    examples = make_examples(LENGTHS, kind="classification", per_step=True)
    counts = np.bincount(examples.rows.labels, minlength=2)
    by_class = counts.sum() / (2 * counts)
    weights = [np.where(x >= 0, by_class[x], 0.0) for x in examples.labels]
    trained = []
    for how in ({"class_weight": "balanced"}, {"sample_weights": weights}, {}):
        model = small("classification")
        fit(model, examples, task=TASKS["classification"], epochs=1, verbose=0, **how)
        trained.append(model.get_weights())
    for ours, theirs in zip(*trained[:2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert any((ours != other).any() for ours, other in zip(trained[0], trained[2], strict=True))


def test_what_unlabelled_steps_are_labelled_does_not_matter_but_they_are_read() -> None:
    examples = make_examples(LENGTHS, per_step=True)
    features = {m: [x.copy() for x in each] for m, each in examples.features.items()}
    features["language"][0][1] += 1.0  # the second step, which has no label
    other = replace(examples, features=features)
    model = small("regression")
    assert predict(model, other)[0] == pytest.approx(predict(model, examples)[0])
    assert abs(predict(model, other)[1] - predict(model, examples)[1]) > 1e-4


def test_floors_learn_from_the_features_of_each_step() -> None:
    """A label that is a linear function of the step's own features is found by ridge."""
    examples = make_examples([5] * 12, per_step=True)
    labels = [x[:, :1] * 3.0 for x in examples.features["acoustic"]]
    labels[0][2] = np.nan
    examples = replace(examples, labels=labels)
    floors = floor_predictions(TASKS["regression"], examples.take(range(8)), examples.take([8, 9]))
    right = np.concatenate(labels[8:10])
    assert floors["ridge"].shape == right.shape
    assert np.abs(floors["ridge"] - right).mean() < 0.05
    assert np.abs(floors["constant"] - right).mean() > 0.3


@pytest.mark.parametrize("folds", [0, 2])
def test_a_run(tmp_path, memory_builder, tiny_config, folds: int) -> None:
    """Its scores are those of the rows that it writes, every labelled step once."""
    whole = make_examples(LENGTHS * 2, per_step=True)
    splits = {"all": whole}
    if not folds:
        splits = {"train": whole.take(range(6)), "validation": whole.take(range(6, 10))}
    builder = memory_builder(splits, TASKS["regression"])
    run = Run(tmp_path / "run")
    result = run.train(tiny_config(folds=folds), builder)
    judged = whole if folds else splits["validation"]
    rows = run.predictions("out_of_fold" if folds else "validation")
    assert rows.ids == judged.rows.ids
    np.testing.assert_array_equal(rows.labels, judged.rows.labels)
    error = np.abs(rows.by_row["ef_lstm"] - judged.rows.labels).mean()
    assert result["metrics"]["ef_lstm"]["mae"] == pytest.approx(error, rel=1e-6)
    if folds:  # each from the fold that has not seen its video
        from rmfn_tf.training.trainer import LearningData, Trainer

        config = run.config
        inside, outside = make_folds(whole, 2, config.seed)[0]
        inner = LearningData(TASKS["regression"], whole.take(inside))
        model, _ = Trainer(config).fit(inner, tmp_path / "fold")
        own = rows.by_row["ef_lstm"][np.isin(whole.rows.examples, outside)]
        np.testing.assert_allclose(predict(model, whole.take(outside)), own, atol=1e-6)


def test_without_validation_the_last_epoch_is_kept(tmp_path, memory_builder, tiny_config) -> None:
    builder = memory_builder(
        {"train": make_examples(LENGTHS, per_step=True), "test": None}, TASKS["regression"]
    )
    run = Run(tmp_path / "run")
    assert run.train(tiny_config(epochs=2), builder)["split"] == "train"
    assert [row["epoch"] for row in run.history] == [1, 2]
    assert "test" not in builder.opened
    for changes in ({"patience": 2}, {"select_by": "r"}):
        with pytest.raises(ValueError, match="has no validation split"):
            Run(tmp_path / "other").train(tiny_config(**changes), builder)
