"""GME-LSTM(A): its equations at inference, and that its gates learn by an unbiased REINFORCE."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit, softmax

from rmfn_tf.models import create_model
from rmfn_tf.models.create import OwnLossModel
from rmfn_tf.models.gme_lstm import TemporalAttention
from rmfn_tf.task import Task
from support.sequences import assert_close
from support.small_models import LENGTHS, outputs_of, random_inputs, small_model
from support.weights import place_random_weights


def logits_of(model: keras.Model, inputs: dict) -> np.ndarray:
    """Of the gate of the visual features, `(batch, time)`, by NumPy."""
    hidden, net = model.get_layer("gates").nets[0].layers
    (w, b), (v, c) = ([np.asarray(x, "float64") for x in each.weights] for each in (hidden, net))
    both = np.concatenate([inputs["language"], inputs["visual"]], axis=-1)
    return (np.maximum(both @ w + b, 0) @ v + c)[..., 0]


def test_at_inference_a_gate_is_open_where_that_is_more_probable() -> None:
    model = small_model("gme_lstm", head_units=0)
    place_random_weights(model, seed=1)
    inputs, net = random_inputs(), model.get_layer("gates").nets[0].layers[-1]
    net.bias.assign(net.bias - np.median(logits_of(model, inputs)))
    is_open = expit(logits_of(model, inputs)) > 0.5
    assert is_open.mean() == 0.5
    gated = keras.Model(model.input, model.get_layer("gates").output)(inputs)
    mask = np.arange(4) < LENGTHS[:, None]
    expected = inputs["visual"] * is_open[..., None]
    assert_close(np.asarray(gated)[mask], expected[mask], 1e-6)

    hidden = np.asarray(keras.Model(model.input, model.get_layer("lstm").output)(inputs))
    scores = (hidden @ np.asarray(model.get_layer("temporal_attention").kernel))[..., 0]
    kernel, bias = model.get_layer("prediction").get_weights()
    for row, length in enumerate(LENGTHS):
        pooled = softmax(scores[row, :length]) @ hidden[row, :length]
        assert_close(outputs_of(model)[row], pooled @ kernel + bias, 1e-5)


def test_attention_of_each_step_is_over_the_steps_up_to_it() -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    layer = TemporalAttention(return_sequences=True)
    whole = np.asarray(layer(x))
    scores = (x @ np.asarray(layer.kernel))[..., 0]
    for step in range(5):
        shares = softmax(scores[:, : step + 1], axis=1)
        assert_close(whole[:, step], np.einsum("bt,btd->bd", shares, x[:, : step + 1]), 1e-6)


@pytest.mark.parametrize("per_step", [False, True])
def test_the_gradient_is_unbiased(monkeypatch, per_step: bool) -> None:
    """Averaged over all gates that could be drawn, it is the gradient of the expected loss."""
    task = Task("regression", ("a",), per_step=per_step)
    model = create_model(
        "gme_lstm",
        features={"language": 2, "visual": 3},
        task=task,
        units=2,
        gate_units=4,
        head_units=0,
    )
    place_random_weights(model, seed=2)
    assert isinstance(model, OwnLossModel)
    gates = model.get_layer("gates")
    rng = np.random.default_rng(3)
    x = {
        m: tf.constant(rng.normal(size=(1, 3, w)), "float32")
        for m, w in [("language", 2), ("visual", 3)]
    }
    x["lengths"] = tf.constant([3])
    y = rng.normal(size=(1, 3, 1) if per_step else (1, 1)).astype("float32")
    weights = np.array([[1.0, 0.0, 2.0]] if per_step else [1.5], "float32")
    variables = model.trainable_variables
    estimate = [np.zeros(each.shape) for each in variables]
    expected_loss = 0.0
    with tf.GradientTape() as exact:
        for pattern in itertools.product([0.0, 1.0], repeat=3):
            drawn = np.array(pattern, "float32").reshape(1, 3, 1)
            monkeypatch.setattr(keras.random, "uniform", lambda *_, drawn=drawn, **__: drawn)
            gates.baseline.assign(0.7)
            with tf.GradientTape() as tape:
                predicted = model(x, training=True)
                loss = model.compute_loss(x, y, predicted, weights, training=True)
            log_p = gates.log_probability[0]
            p = float(tf.exp(log_p))
            for total, gradient in zip(estimate, tape.gradient(loss, variables), strict=True):
                total += p * np.asarray(gradient)
            # The loss itself, apart from what is added for its gradient alone.
            each = tf.abs(predicted - y)[..., 0]
            count = weights.sum() if per_step else 1.0
            own = tf.reduce_sum(each * weights) / count
            assert float(loss) == pytest.approx(float(own), rel=1e-6)
            expected_loss += tf.exp(log_p) * own
    for name, (got, right) in zip(
        [each.path for each in variables],
        zip(estimate, exact.gradient(expected_loss, variables), strict=True),
        strict=True,
    ):
        assert_close(got, right, 1e-5, name)
    assert np.abs(estimate[0]).max() > 1e-3


def test_a_batch_that_weighs_nothing_teaches_nothing() -> None:
    model = small_model("gme_lstm")
    gates = model.get_layer("gates")
    gates.baseline.assign(0.7)
    predicted = model(random_inputs(), training=True)
    labels, nothing = np.ones((6, 1), "float32"), np.zeros(6, "float32")
    assert float(model.compute_loss(None, labels, predicted, nothing, training=True)) == 0
    assert float(gates.baseline) == pytest.approx(0.7)


def test_log_probabilities_are_of_the_real_steps() -> None:
    model = small_model("gme_lstm")
    place_random_weights(model, seed=1)
    gates, inputs = model.get_layer("gates"), random_inputs()
    mask = np.arange(4) < LENGTHS[:, None]
    language, visual = inputs["language"], inputs["visual"]
    (gated,) = gates([language, visual], mask=mask, training=True)
    is_open = np.abs(np.asarray(gated)).sum(axis=-1) > 0
    p = expit(logits_of(model, inputs))
    log_p = np.log(np.where(is_open, p, 1 - p))
    assert_close(gates.log_probability, (log_p * mask).sum(axis=1), 1e-5)


def test_gates_learn_when_to_listen() -> None:
    """With the rest frozen, gates learn those that gave the labels: open where the word says so."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    said = rng.integers(0, 2, (256, 1, 1)).astype("float32")
    x = {"language": said * 2 - 1, "voice": rng.uniform(1, 3, (256, 1, 1)).astype("float32")}
    x["lengths"] = np.ones(256, "int32")
    model = create_model(
        "gme_lstm", features={"language": 1, "voice": 1}, units=8, gate_units=8, head_units=0
    )
    gates = model.get_layer("gates")
    net = gates.nets[0].layers[-1]
    net.bias.assign([100.0])
    kernel, *others = model.get_layer("lstm").get_weights()
    # The voice counts for much more than the words themselves.
    model.get_layer("lstm").set_weights([kernel * [[0.1], [2.0]], *others])
    model.get_layer("prediction").set_weights([np.full((8, 1), 2.0), np.zeros(1)])
    y = outputs_of(model, {**x, "voice": x["voice"] * said})
    net.bias.assign([0.0])
    for layer in model.layers:
        layer.trainable = layer is gates
    model.compile(keras.optimizers.Adam(0.03), "mse")
    model.fit(x, y, epochs=30, batch_size=64, verbose=0)
    gated = keras.Model(model.input, gates.output)(x)
    is_open = np.asarray(gated)[:, 0, 0] > 0
    np.testing.assert_array_equal(is_open, said[:, 0, 0] > 0)


def test_one_modality_has_nothing_to_gate() -> None:
    with pytest.raises(ValueError, match="there is no other"):
        create_model("gme_lstm", features={"language": 3})
