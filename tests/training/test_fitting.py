"""Fitting keeps the best epoch, repeats itself, and says so when it fails."""

import numpy as np
import pytest

from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.fitting import build_model, fit_model, predict
from rmfn_tf.training.splits import LearningData
from support.random_examples import make_examples

LENGTHS = [3, 5, 4, 2, 3, 4]
FILES = {"checkpoint.npz", "history.csv", "tensorboard"}


@pytest.fixture
def train():
    return make_examples(LENGTHS, seed=0)


@pytest.fixture
def validation():
    return make_examples([4, 2, 3, 5], seed=1)


def test_the_best_epoch_is_kept(tmp_path, tiny_config, tasks, train, validation):
    # With so high a rate the validation loss goes up and down; 0 decay would end at the best.
    config = tiny_config(epochs=6, optimizer={"learning_rate": 0.3})
    fitted = fit_model(config, LearningData(tasks["regression"], train, validation), tmp_path)
    losses = [row["val_loss"] for row in fitted.history]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1, "the last epoch is the best: the test would show nothing"
    loss = np.abs(predict(fitted.model, validation) - validation.labels).mean()
    assert loss == pytest.approx(losses[best], rel=1e-5)
    assert [row["epoch"] for row in fitted.history] == [1, 2, 3, 4, 5, 6]
    assert {each.name for each in tmp_path.iterdir()} == FILES


def test_without_validation_the_last_epoch_counts(tmp_path, tiny_config, tasks, train):
    fitted = fit_model(
        tiny_config(epochs=2), LearningData(tasks["regression"], train, None), tmp_path
    )
    assert [set(row) for row in fitted.history] == [{"epoch", "loss"}] * 2


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits(tmp_path, tiny_config, tasks, train, validation):
    def run(seed):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        hyperparameters = {"units": 2, "head_units": 2, "dropout": 0.3, "head_dropout": 0.3}
        config = tiny_config(epochs=2, seed=seed, hyperparameters=hyperparameters)
        fitted = fit_model(config, LearningData(tasks["regression"], train, validation), folder)
        return predict(fitted.model, validation), fitted.history

    first, history = run(3)
    again, same_history = run(3)
    np.testing.assert_array_equal(first, again)
    assert history == same_history
    assert not np.array_equal(first, run(4)[0])


def test_nan_is_one_clear_error(tmp_path, tiny_config, tasks, train, validation, monkeypatch):
    # Labels are checked to be finite and features are cleaned, so the loss itself must fail.
    import keras

    def nan_loss(truth, prediction):
        return keras.ops.sum(prediction, axis=-1) * float("nan")

    monkeypatch.setitem(fit_model.__globals__["_LOSSES"], "regression", nan_loss)
    with pytest.raises(ValueError, match=r"nan in epoch 1, at batch 1; .*norm \d.*learning rate"):
        fit_model(tiny_config(), LearningData(tasks["regression"], train, validation), tmp_path)


def test_weights_that_left_the_numbers_after_the_last_batch(
    tmp_path, tiny_config, tasks, train, validation
):
    # The training loss is still finite: it is taken before the step that ruins the weights.
    config = tiny_config(
        batch_size=100,
        optimizer={"learning_rate": 1e38},
        hyperparameters={"units": 2, "head_units": 2},
    )
    with pytest.raises(ValueError, match=r"validation loss became (nan|inf) in epoch 1, .*rate"):
        fit_model(config, LearningData(tasks["regression"], train, validation), tmp_path)


def test_on_epoch_counts_from_one(tmp_path, tiny_config, tasks, train, validation):
    seen = []
    fit_model(
        tiny_config(epochs=2),
        LearningData(tasks["regression"], train, validation),
        tmp_path,
        on_epoch=lambda report: seen.append((report.epoch, report.epochs, sorted(report.logs))),
    )
    assert seen == [(1, 2, ["loss", "val_loss"]), (2, 2, ["loss", "val_loss"])]


@pytest.mark.parametrize(
    ("kind", "outputs"), [("regression", 1), ("classification", 2), ("multilabel", 4)]
)
def test_outputs_of_each_kind(tiny_config, tasks, kind, outputs):
    examples = make_examples(LENGTHS, kind=kind)
    model = build_model(tiny_config(), LearningData(tasks[kind], examples, None))
    predictions = predict(model, examples)
    assert predictions.shape == (len(LENGTHS), outputs)
    if kind != "regression":
        assert ((predictions >= 0) & (predictions <= 1)).all()


@pytest.mark.slow
def test_scaling_learns_from_the_training_examples_alone(tmp_path, tiny_config, tasks, train):
    config = tiny_config(seed=1)
    models = []
    for seed in (8, 9):
        (folder := tmp_path / str(seed)).mkdir()
        data = LearningData(tasks["regression"], train, make_examples([3, 3], seed=seed))
        models.append(fit_model(config, data, folder).model)
    probe = make_examples([3, 4], seed=5)
    np.testing.assert_array_equal(*(predict(model, probe) for model in models))


def test_an_unknown_hyperparameter(tmp_path, tiny_config, tasks, train):
    config = tiny_config(hyperparameters={"unit": 3})
    with pytest.raises(ValueError, match="units"):
        fit_model(config, LearningData(tasks["regression"], train, None), tmp_path)


def test_a_regression_starts_from_the_training_medians(tiny_config, tasks, train):
    model = build_model(tiny_config(), LearningData(tasks["regression"], train, None))
    bias = model.get_layer("prediction").bias
    np.testing.assert_allclose(bias, np.median(train.labels, axis=0))
    examples = make_examples(LENGTHS, kind="multilabel")
    model = build_model(tiny_config(), LearningData(tasks["multilabel"], examples, None))
    assert not np.any(model.get_layer("prediction").bias)


def test_patience_ends_training_and_a_second_call_knows(tmp_path, tiny_config, tasks, train):
    # The rate is so high that the loss soon rises.
    data = LearningData(tasks["regression"], train, make_examples([4, 2, 3, 5], seed=1))
    config = tiny_config(epochs=30, patience=2, optimizer={"learning_rate": 0.5})
    history = fit_model(config, data, tmp_path).history
    best = min(history, key=lambda row: row["val_loss"])
    assert len(history) == best["epoch"] + 2 < 30
    seen = []
    assert fit_model(config, data, tmp_path, on_epoch=seen.append).history == history
    assert seen == []


def test_going_on_gives_the_bits_of_never_having_stopped(tmp_path, tiny_config, tasks, train):
    hyperparameters = {"units": 2, "head_units": 2, "dropout": 0.3, "head_dropout": 0.3}
    config = tiny_config(epochs=4, hyperparameters=hyperparameters)
    data = LearningData(tasks["regression"], train, make_examples([4, 2, 3, 5], seed=1))

    class Stop(Exception):
        pass

    def stop(report):
        raise Stop

    folders = [tmp_path / "whole", tmp_path / "stopped"]
    for folder in folders:
        folder.mkdir()
    whole = fit_model(config, data, folders[0])
    for _ in range(3):
        with pytest.raises(Stop):
            fit_model(config, data, folders[1], on_epoch=stop)
    again = fit_model(config, data, folders[1])
    assert again.history == whole.history
    for mine, its in zip(again.model.variables, whole.model.variables, strict=True):
        np.testing.assert_array_equal(mine, its)
    states = [Checkpoint.read(folder / "checkpoint.npz") for folder in folders]
    for mine, its in zip(*(state.variables for state in states), strict=True):
        np.testing.assert_array_equal(mine, its)
    read = [(folder / "history.csv").read_bytes() for folder in folders]
    assert read[0] == read[1]


def test_a_damaged_checkpoint(tmp_path, tiny_config, tasks, train):
    data = LearningData(tasks["regression"], train, None)
    fit_model(tiny_config(), data, tmp_path)
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r"checkpoint\.npz is damaged"):
        fit_model(tiny_config(epochs=2), data, tmp_path)


def test_a_checkpoint_of_another_model(tmp_path, tiny_config, tasks, train):
    data = LearningData(tasks["regression"], train, None)
    fit_model(tiny_config(), data, tmp_path)
    other = tiny_config(epochs=2, hyperparameters={"units": 3, "head_units": 0})
    with pytest.raises(ValueError, match="of another model"):
        fit_model(other, data, tmp_path)


def test_a_write_that_fails_leaves_the_last_good_checkpoint(
    tmp_path, tiny_config, tasks, train, monkeypatch
):
    data = LearningData(tasks["regression"], train, None)
    fit_model(tiny_config(), data, tmp_path)
    good = (tmp_path / "checkpoint.npz").read_bytes()

    def full(path, **arrays):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        fit_model(tiny_config(epochs=2), data, tmp_path)
    assert (tmp_path / "checkpoint.npz").read_bytes() == good
    assert {each.name for each in tmp_path.iterdir()} == FILES


def test_tensorboard_shows_the_history(tmp_path, tiny_config, tasks, train, validation):
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    data = LearningData(tasks["regression"], train, validation)
    fit_model(tiny_config(), data, tmp_path)
    history = fit_model(tiny_config(epochs=2), data, tmp_path).history
    for part, key in (("train", "loss"), ("validation", "val_loss")):
        events = EventAccumulator(str(tmp_path / "tensorboard" / part)).Reload()
        values = [
            (each.step, float(tf.make_ndarray(each.tensor_proto)))
            for each in events.Tensors("loss")
        ]
        assert values == [(row["epoch"], np.float32(row[key])) for row in history]
