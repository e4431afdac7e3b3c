"""Fitting keeps the best epoch, repeats itself, and says so when it fails."""

import numpy as np
import pytest

from rmfn_tf.training.fitting import build_model, fit_model, predict
from support.random_examples import make_examples

LENGTHS = [3, 5, 4, 2, 3, 4]


@pytest.fixture
def train():
    return make_examples(LENGTHS, seed=0)


@pytest.fixture
def validation():
    return make_examples([4, 2, 3, 5], seed=1)


def test_the_best_epoch_is_kept(tmp_path, tiny_config, tasks, train, validation):
    # With so high a rate the validation loss goes up and down; 0 decay would end at the best.
    config = tiny_config(epochs=6, learning_rate=0.3)
    fitted = fit_model(config, tasks["regression"], train, validation, scratch=tmp_path)
    losses = [row["val_loss"] for row in fitted.history]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1, "the last epoch is the best: the test would show nothing"
    loss = np.abs(predict(fitted.model, validation) - validation.labels).mean()
    assert loss == pytest.approx(losses[best], rel=1e-5)
    assert [row["epoch"] for row in fitted.history] == [1, 2, 3, 4, 5, 6]
    assert list(tmp_path.iterdir()) == []


def test_without_validation_the_last_epoch_counts(tmp_path, tiny_config, tasks, train):
    fitted = fit_model(tiny_config(epochs=2), tasks["regression"], train, None, scratch=tmp_path)
    assert [set(row) for row in fitted.history] == [{"epoch", "loss"}] * 2


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits(tmp_path, tiny_config, tasks, train, validation):
    def run(seed):
        hyperparameters = {"units": 2, "head_units": 2, "dropout": 0.3, "head_dropout": 0.3}
        config = tiny_config(epochs=2, seed=seed, hyperparameters=hyperparameters)
        fitted = fit_model(config, tasks["regression"], train, validation, scratch=tmp_path)
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
    with pytest.raises(ValueError, match=r"loss became nan at batch 1 .*learning rate"):
        fit_model(tiny_config(), tasks["regression"], train, validation, scratch=tmp_path)


def test_weights_that_left_the_numbers_after_the_last_batch(
    tmp_path, tiny_config, tasks, train, validation
):
    # The training loss is still finite: it is taken before the step that ruins the weights.
    config = tiny_config(
        batch_size=100, learning_rate=1e38, hyperparameters={"units": 2, "head_units": 2}
    )
    with pytest.raises(ValueError, match=r"validation loss became (nan|inf) after epoch 1\..*rate"):
        fit_model(config, tasks["regression"], train, validation, scratch=tmp_path)


def test_on_epoch_counts_from_one(tmp_path, tiny_config, tasks, train, validation):
    seen = []
    fit_model(
        tiny_config(epochs=2),
        tasks["regression"],
        train,
        validation,
        scratch=tmp_path,
        on_epoch=lambda epoch, epochs, logs: seen.append((epoch, epochs, sorted(logs))),
    )
    assert seen == [(1, 2, ["loss", "val_loss"]), (2, 2, ["loss", "val_loss"])]


@pytest.mark.parametrize(
    ("kind", "outputs"), [("regression", 1), ("classification", 2), ("multilabel", 4)]
)
def test_outputs_of_each_kind(tiny_config, tasks, kind, outputs):
    examples = make_examples(LENGTHS, kind=kind)
    predictions = predict(build_model(tiny_config(), tasks[kind], examples), examples)
    assert predictions.shape == (len(LENGTHS), outputs)
    if kind != "regression":
        assert ((predictions >= 0) & (predictions <= 1)).all()


@pytest.mark.slow
def test_scaling_learns_from_the_training_examples_alone(tmp_path, tiny_config, tasks, train):
    config = tiny_config(seed=1)
    models = [
        fit_model(config, tasks["regression"], train, other, scratch=tmp_path).model
        for other in (make_examples([3, 3], seed=8), make_examples([3, 3], seed=9))
    ]
    probe = make_examples([3, 4], seed=5)
    np.testing.assert_array_equal(*(predict(model, probe) for model in models))


def test_an_unknown_hyperparameter(tmp_path, tiny_config, tasks, train):
    config = tiny_config(hyperparameters={"unit": 3})
    with pytest.raises(ValueError, match="units"):
        fit_model(config, tasks["regression"], train, None, scratch=tmp_path)


def test_a_regression_starts_from_the_training_medians(tiny_config, tasks, train):
    model = build_model(tiny_config(), tasks["regression"], train)
    bias = model.get_layer("prediction").bias
    np.testing.assert_allclose(bias, np.median(train.labels, axis=0))
    model = build_model(
        tiny_config(), tasks["multilabel"], make_examples(LENGTHS, kind="multilabel")
    )
    assert not np.any(model.get_layer("prediction").bias)
