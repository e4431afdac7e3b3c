"""Fitting keeps the best epoch, repeats itself, and says so when it fails."""

from dataclasses import replace

import keras
import keras_tuner
import numpy as np
import pytest

from rmfn_tf import Task, create_model
from rmfn_tf.data import fit_scaling, training_batches
from rmfn_tf.metrics import score
from rmfn_tf.training.fit import fit
from rmfn_tf.training.predictions import predict
from rmfn_tf.training.splits import LearningData
from rmfn_tf.training.trainer import Trainer, build_model
from rmfn_tf.tuning import RMFNHyperModel
from support.random_examples import make_examples

pytestmark = [pytest.mark.usefixtures("eager"), pytest.mark.slow]

LENGTHS = [3, 5, 4, 2, 3, 4]
FILES = {"checkpoint.npz", "history.csv"}


@pytest.fixture
def train():
    return make_examples(LENGTHS, seed=0)


@pytest.fixture
def validation():
    return make_examples([4, 2, 3, 5], seed=1)


def test_the_best_epoch_is_kept(tmp_path, tiny_config, tasks, train, validation):
    # With so high a rate the validation loss goes up and down; 0 decay would end at the best.
    config = tiny_config(epochs=6, optimizer={"learning_rate": 0.3})
    data = LearningData(tasks["regression"], train, validation)
    model, state = Trainer(config).fit(data, tmp_path)
    losses = [row["val_loss"] for row in state.history]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1, "the last epoch is the best: the test would show nothing"
    loss = np.abs(predict(model, validation) - validation.labels).mean()
    assert loss == pytest.approx(losses[best], rel=1e-5)
    assert [row["epoch"] for row in state.history] == [1, 2, 3, 4, 5, 6]
    assert {each.name for each in tmp_path.iterdir()} == FILES


def test_without_validation_the_last_epoch_counts(tmp_path, tiny_config, tasks, train):
    data = LearningData(tasks["regression"], train)
    _, state = Trainer(tiny_config(epochs=2)).fit(data, tmp_path)
    assert [set(row) for row in state.history] == [{"epoch", "loss", "mae"}] * 2


def test_the_epoch_is_chosen_by_a_metric_of_the_task(
    tmp_path, tiny_config, tasks, train, validation
):
    config = tiny_config(epochs=6, optimizer={"learning_rate": 0.3}, select_by="r")
    data = LearningData(tasks["regression"], train, validation)
    model, state = Trainer(config).fit(data, tmp_path)
    values, losses = ([row[name] for row in state.history] for name in ("val_r", "val_loss"))
    assert state.best_row()["epoch"] == np.argmax(values) + 1
    assert np.argmax(values) != np.argmin(losses), "the test would show nothing"
    now = score(data.task, validation.labels, predict(model, validation))["r"]
    assert now == pytest.approx(max(values), rel=1e-6)


def test_fewer_epochs_at_the_pace_of_all(tmp_path, tiny_config, tasks, train):
    """The model of all of the data stops where the folds were best, at the rate they had there."""
    data, trainer = LearningData(tasks["regression"], train), Trainer(tiny_config(epochs=4))
    _, short = trainer.fit(data, tmp_path / "short", epochs=2)
    _, whole = trainer.fit(data, tmp_path / "whole")
    assert short.history == whole.history[:2]


@pytest.mark.parametrize(
    ("weights", "by_class"),
    [
        ("balanced", {0: 8 / (2 * 2), 1: 8 / (2 * 6)}),
        ([4.0, 0.8], {0: 4.0, 1: 0.8}),
        ({0: 4.0, 1: 0.8}, {0: 4.0, 1: 0.8}),
    ],
)
def test_class_weights_are_those_of_keras(tasks, weights, by_class):
    examples = make_examples([3] * 8, kind="classification")
    examples = replace(examples, labels=np.array([0, 1, 1, 1, 1, 1, 1, 0]))

    def make():
        keras.utils.set_random_seed(0)
        return create_model("ef_lstm", features=examples.widths, task=task, units=2)

    task, how = tasks["classification"], {"epochs": 1, "verbose": 0}
    ours = fit(make(), examples, task=task, batch_size=8, class_weight=weights, **how)
    batches, steps = training_batches(examples, 8, seed=0)
    plain = make().fit(batches, steps_per_epoch=steps, shuffle=False, class_weight=by_class, **how)
    assert ours.history["loss"] == pytest.approx(plain.history["loss"], rel=1e-5)


def test_sample_weights_of_nothing_teach_nothing(train):
    model = create_model("ef_lstm", features=train.widths, units=2)
    before = [np.array(each) for each in model.trainable_weights[:-1]]
    fit(model, train, epochs=1, sample_weights=np.zeros(len(train)), verbose=0)
    for mine, its in zip(model.trainable_weights[:-1], before, strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize(
    ("model", "precision"),
    [
        *(("rmfn", precision) for precision in ("float64", "mixed_bfloat16", "mixed_float16")),
        ("ef_lstm", "mixed_float16"),
    ],
)
def test_other_precisions(tmp_path, tiny_config, tasks, train, validation, precision, model):
    small = {"units": {"language": 2, "acoustic": 2, "visual": 2}, "summary_units": 2}
    changes = {"model": "rmfn", "hyperparameters": {**small, "fusion_units": 2, "num_stages": 2}}
    config = tiny_config(precision=precision, **(changes if model == "rmfn" else {}))
    before = keras.config.dtype_policy()
    data = LearningData(tasks["regression"], train, validation)
    fitted, _ = Trainer(config).fit(data, tmp_path)
    assert keras.config.dtype_policy() == before
    assert fitted.dtype_policy.name == precision
    scaled = isinstance(fitted.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (precision == "mixed_float16")
    predictions = predict(fitted, validation)
    assert np.isfinite(predictions).all()
    assert predictions.dtype == ("float64" if precision == "float64" else "float32")
    again, _ = Trainer(config).fit(data, tmp_path)  # from the checkpoint
    np.testing.assert_array_equal(predict(again, validation), predictions)


def test_nan_is_one_clear_error(train):
    # Labels are checked to be finite and features are cleaned, so the weights must be broken.
    model = create_model("ef_lstm", features=train.widths, units=2)
    model.get_layer("prediction").bias.assign([np.nan])
    with pytest.raises(ValueError, match=r"nan in epoch 1, at batch 1; .*norm nan.*learning rate"):
        fit(model, train, epochs=1, verbose=0)


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
        Trainer(config).fit(LearningData(tasks["regression"], train, validation), tmp_path)


def first_bias(task, examples, **arguments):
    """The bias of the last layer where training starts."""
    model = create_model("ef_lstm", features=examples.widths, task=task, units=2)
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(np.array(model.get_layer("prediction").bias))

    for _ in range(2):
        fit(model, examples, task=task, epochs=1, callbacks=[Look()], verbose=0)
    return seen


def test_a_regression_starts_from_the_training_medians_and_goes_on_from_where_it_is(train):
    five = train.take(range(5))  # of an even number the gradient at the median is 0
    first, second = first_bias("regression", five)
    np.testing.assert_allclose(first, np.median(five.labels, axis=0))
    assert (first != second).all()
    labels = Task("multilabel", ("a", "b", "c", "d"))
    assert not first_bias(labels, make_examples(LENGTHS, kind="multilabel"))[0].any()


def test_the_rate_falls_linearly_to_zero_over_all_epochs(train):
    model = create_model("ef_lstm", features=train.widths, units=2)
    rates = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(float(model.optimizer.learning_rate))

    fit(model, train, epochs=4, batch_size=4, callbacks=[Look()], verbose=0)
    np.testing.assert_allclose(rates, [1.5e-3, 1e-3, 0.5e-3, 0], atol=1e-9)


def test_the_seed_of_a_run_decides_its_weights_and_the_order_of_its_batches(
    tmp_path, tiny_config, tasks, train, monkeypatch
):
    weights, orders = [], []

    def look(model, *given, seed, **arguments):
        weights.append(np.concatenate([np.ravel(each) for each in model.trainable_weights]))
        orders.append(seed)

    monkeypatch.setattr("rmfn_tf.training.trainer.fit", look)
    for seed in (3, 4, 3):
        Trainer(tiny_config(seed=seed)).fit(LearningData(tasks["regression"], train), tmp_path)
    assert orders == [3, 4, 3]
    assert (weights[0] == weights[2]).all()
    assert (weights[0] != weights[1]).any()


def test_the_order_of_batches_is_that_of_the_seed(train):
    def trained(seed):
        keras.utils.set_random_seed(0)
        model = create_model("ef_lstm", features=train.widths, units=2)
        fit(model, train, epochs=1, batch_size=2, seed=seed, verbose=0)
        return predict(model, train)

    assert (trained(1) != trained(2)).any()


@pytest.mark.parametrize("method", ["robust", "standard", "max_abs"])
def test_the_model_scales_as_the_config_says_and_by_the_training_examples_alone(
    tiny_config, tasks, train, validation, method
):
    data = LearningData(tasks["regression"], train, validation)
    model = build_model(tiny_config(scaling=method), data)
    for name, expected in fit_scaling(train, method).items():
        layer = model.get_layer(f"{name}_scaling")
        np.testing.assert_array_equal(layer.center, expected["center"])
        np.testing.assert_array_equal(layer.scale, expected["scale"])


@pytest.mark.slow
def test_one_recipe_whoever_calls_it(tmp_path, tiny_config, tasks, train, validation):
    """`rmfn train`, `create_model` with `fit`, and a trial of KerasTuner end with the same bits."""
    config = tiny_config(epochs=2, optimizer={"learning_rate": 5e-3}, seed=7)
    data = LearningData(tasks["regression"], train, validation)
    of_run, state = Trainer(config).fit(data, tmp_path)

    keras.utils.set_random_seed(7)
    model = create_model(
        "ef_lstm", features=train.widths, scaling=fit_scaling(train), **config.hyperparameters
    )
    settings = {"epochs": 2, "batch_size": 4, "seed": 7, "verbose": 0}
    fit(model, train, validation, optimizer={"learning_rate": 5e-3}, **settings)

    hypermodel = RMFNHyperModel(
        train.widths,
        "ef_lstm",
        scaling=fit_scaling(train),
        tune=["learning_rate"],
        **config.hyperparameters,
    )
    values = keras_tuner.HyperParameters()
    values.values["learning_rate"] = 5e-3
    keras.utils.set_random_seed(7)
    of_trial = hypermodel.build(values)
    history = hypermodel.fit(values, of_trial, train, validation_data=validation, **settings)

    assert history.history["val_loss"] == [row["val_loss"] for row in state.history]
    for ours, plain, tuned in zip(of_run.weights, model.weights, of_trial.weights, strict=True):
        np.testing.assert_array_equal(ours, plain)
        np.testing.assert_array_equal(ours, tuned)


def test_patience_ends_training_and_a_second_call_knows(tmp_path, tiny_config, tasks, train):
    # The rate is so high that the loss soon rises.
    data = LearningData(tasks["regression"], train, make_examples([4, 2, 3, 5], seed=1))
    config = tiny_config(epochs=30, patience=2, optimizer={"learning_rate": 0.5})
    history = Trainer(config).fit(data, tmp_path)[1].history
    best = min(history, key=lambda row: row["val_loss"])
    assert len(history) == best["epoch"] + 2 < 30
    seen = []
    look = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    assert Trainer(config, [look]).fit(data, tmp_path)[1].history == history
    assert seen == []


def test_a_damaged_checkpoint(tmp_path, tiny_config, tasks, train):
    data = LearningData(tasks["regression"], train)
    Trainer(tiny_config()).fit(data, tmp_path)
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match=r"checkpoint\.npz is damaged"):
        Trainer(tiny_config(epochs=2)).fit(data, tmp_path)


def test_a_checkpoint_of_another_model(tmp_path, tiny_config, tasks, train):
    data = LearningData(tasks["regression"], train)
    Trainer(tiny_config()).fit(data, tmp_path)
    other = tiny_config(epochs=2, hyperparameters={"units": 3, "head_units": 0})
    with pytest.raises(ValueError, match="of another model"):
        Trainer(other).fit(data, tmp_path)


@pytest.mark.parametrize(
    ("kind", "task", "said"),
    [
        ("classification", "regression", "are classes, which a regression does not learn"),
        ("regression", Task.of("classification", 2), "are numbers, which a classification"),
    ],
)
def test_labels_of_another_task(kind, task, said):
    examples = make_examples(LENGTHS, kind=kind)
    model = create_model("ef_lstm", features=examples.widths, task=task, units=2)
    with pytest.raises(ValueError, match=said):
        fit(model, examples, task=task, epochs=1)
