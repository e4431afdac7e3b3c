"""The metrics inside Keras: compiled steps, callbacks, saved models, several replicas."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.metrics import (
    Accuracy,
    MeanAbsoluteError,
    MostProbable,
    PearsonR,
    RoundedScale,
    Threshold,
    WeightedF1,
)
from support.metric_sets import CASES, whole

RNG = np.random.default_rng(5)
FEATURES = RNG.normal(size=(11, 3)).astype("float32")
LABELS = RNG.normal(size=(11, 2)).astype("float32")
WEIGHTS = RNG.uniform(0.1, 2.0, size=11).astype("float32")


def regression_metrics() -> list[keras.metrics.Metric]:
    return [
        MeanAbsoluteError(),
        PearsonR(),
        Accuracy(Threshold(0.0), name="a2"),
        WeightedF1(Threshold(0.0, drop_ties=True), name="f1_non0"),
        Accuracy(RoundedScale([-3, -1], [3, 1]), name="a7"),
    ]


def model(outputs: int, activation: str | None = None, **arguments) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,))
    built = keras.Model(inputs, keras.layers.Dense(outputs, activation, dtype="float32")(inputs))
    built.compile(optimizer=keras.optimizers.SGD(0.0), **arguments)
    return built


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_and_evaluate_give_the_values_of_the_whole_set(jit_compile):
    trained = model(
        2,
        loss="mae",
        metrics=regression_metrics(),
        weighted_metrics=[MeanAbsoluteError(name="mae_weighted")],
        jit_compile=jit_compile,
    )
    predictions = trained.predict(FEATURES, verbose=0)
    expected = {m.name: whole(m, LABELS, predictions) for m in regression_metrics()}
    expected["mae_weighted"] = whole(MeanAbsoluteError(), LABELS, predictions, WEIGHTS)
    # A step size of 0: the values of an epoch are those of the fixed model.
    history = trained.fit(
        FEATURES, LABELS, sample_weight=WEIGHTS, batch_size=4, epochs=2, verbose=0
    ).history
    results = trained.evaluate(
        FEATURES, LABELS, sample_weight=WEIGHTS, batch_size=5, verbose=0, return_dict=True
    )
    for name, value in expected.items():
        assert history[name] == pytest.approx([value] * 2, abs=1e-6)
        assert results[name] == pytest.approx(value, abs=1e-6)


def test_flat_labels_in_a_data_set_do_not_broadcast():
    trained = model(1, loss="mae", metrics=[MeanAbsoluteError(), PearsonR()])
    predictions = trained.predict(FEATURES, verbose=0)
    data = tf.data.Dataset.from_tensor_slices((FEATURES, LABELS[:, 0])).batch(4)
    results = trained.evaluate(data, verbose=0, return_dict=True)
    expected = np.mean(np.abs(LABELS[:, 0] - predictions[:, 0]))
    assert results["mae"] == pytest.approx(expected, abs=1e-6)
    assert results["r"] == pytest.approx(np.corrcoef(LABELS[:, 0], predictions[:, 0])[0, 1])


def test_class_probabilities_in_fit():
    labels = RNG.integers(0, 3, size=11)
    metrics = [Accuracy(MostProbable()), WeightedF1(MostProbable())]
    trained = model(3, "softmax", loss="sparse_categorical_crossentropy", metrics=metrics)
    predictions = trained.predict(FEATURES, verbose=0)
    history = trained.fit(FEATURES, labels, batch_size=4, verbose=0).history
    assert history["accuracy"] == [pytest.approx(np.mean(predictions.argmax(1) == labels))]
    assert history["weighted_f1"] == [whole(WeightedF1(MostProbable()), labels, predictions)]


def test_a_step_of_ones_own_can_build_the_state():
    metric = PearsonR()
    step = tf.function(metric.update_state)
    step(LABELS[:4, 0], FEATURES[:4, 0])
    step(LABELS[4:, 0], FEATURES[4:, 0])
    assert float(metric.result()) == pytest.approx(whole(PearsonR(), LABELS[:, 0], FEATURES[:, 0]))


def test_a_saved_model_brings_its_metrics_back(tmp_path):
    trained = model(2, loss="mae", metrics=regression_metrics())
    before = trained.evaluate(FEATURES, LABELS, verbose=0, return_dict=True)
    trained.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.evaluate(FEATURES, LABELS, verbose=0, return_dict=True) == before


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_callbacks_know_which_way_is_better(case):
    metric = case.make()
    values = iter([0.5, 0.6, 0.4])
    stopping = keras.callbacks.EarlyStopping(monitor=metric.name, mode="auto", patience=9)
    if case.classes:
        loss, outputs, labels = "sparse_categorical_crossentropy", 3, np.zeros(11)
    else:
        loss, outputs, labels = "mae", 2, LABELS
    trained = model(outputs, loss=loss, metrics=[metric])
    trained.evaluate(FEATURES, labels, verbose=0)
    stopping.set_model(trained)
    stopping.on_train_begin()
    for epoch, value in enumerate(values):
        stopping.on_epoch_end(epoch, {metric.name: value})
    assert stopping.best == (0.4 if metric.name == "mae" else 0.6)


REPLICAS = """
import json
import numpy as np, keras, tensorflow as tf
from rmfn_tf.metrics import Accuracy, MeanAbsoluteError, PearsonR, Threshold

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
y = np.array([[0.0], [1], [-2], [3], [5]])
results = {}
for metric in (MeanAbsoluteError(), Accuracy(Threshold(0.5)), PearsonR()):
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        inputs = keras.Input((1,))
        model = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs))
        model.compile(loss="mse", metrics=[type(metric).from_config(metric.get_config())])
    try:
        results[metric.name] = model.evaluate(y, y, batch_size=4, verbose=0)[1]
    except ValueError as error:
        results[metric.name] = "ValueError"
print(json.dumps(results))
"""


@pytest.mark.slow
def test_replicas_add_up_or_refuse():
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(
        [sys.executable, "-c", REPLICAS], capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == {
        "mae": pytest.approx(11 / 5),
        "accuracy": 1.0,
        "r": "ValueError",
    }
