"""RMFN in each way that Keras has of making and training a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.layers import RMFN
from support.equations import make_rmfn, random_state
from support.sequences import assert_close, features

WIDTHS, SIZES = {"words": 3, "face": 2}, {"words": 3, "face": 2}
BATCH, TIME = 8, 3


@pytest.fixture
def policy(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


def small_rmfn(**arguments):
    return RMFN(SIZES, num_stages=2, fusion_units=3, summary_units=4, **arguments)


def data(batch=BATCH, time=TIME):
    return features(WIDTHS, batch, time), np.linspace(-1, 1, batch, dtype="float32")[:, None]


def functional():
    inputs = {m: keras.Input((None, width), name=m) for m, width in WIDTHS.items()}
    masked = {m: keras.layers.Masking()(value) for m, value in inputs.items()}
    return keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(small_rmfn()(masked)))


def sequential():
    return keras.Sequential([small_rmfn(), keras.layers.Dense(1, dtype="float32")])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.rmfn = small_rmfn(return_state=True)
        self.head = keras.layers.Dense(1, dtype="float32")

    def call(self, inputs, training=False):
        output, *_states = self.rmfn(inputs, training=training)
        return self.head(output)


WAYS = [functional, sequential, Subclassed]


@pytest.mark.parametrize("make", WAYS, ids=lambda make: make.__name__)
def test_a_model_is_called_on_a_dict(make):
    model, (x, _) = make(), data()
    one = model(x)
    assert one.shape == (BATCH, 1)
    np.testing.assert_array_equal(model({m: x[m] for m in reversed(x)}), one)
    [rmfn] = [layer for layer in model.layers if isinstance(layer, RMFN)]
    output = rmfn(x)
    expected = model.layers[-1](output[0] if isinstance(output, tuple) else output)
    np.testing.assert_allclose(one, expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "policy"),
    [
        (functional, "float32"),
        (functional, "mixed_bfloat16"),
        (functional, "mixed_float16"),
        (sequential, "float32"),
        (Subclassed, "float32"),
    ],
    indirect=["policy"],
)
def test_fit_evaluate_predict(make, policy):
    keras.utils.set_random_seed(0)
    x, y = data()
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH // 2)
    model = make()
    model.compile(keras.optimizers.Adam(0.02), "mae", jit_compile=False)
    history = model.fit(batches, epochs=25, shuffle=False, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert history[-1] < 0.5 * history[0]
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer) == (
        policy == "mixed_float16"
    )
    assert {w.dtype for w in model.trainable_weights} == {"float32"}
    assert model.evaluate(batches, verbose=0) < history[0]
    predictions = model.predict(batches, verbose=0)
    assert predictions.dtype == "float32"
    np.testing.assert_allclose(predictions, model(x), atol=1e-2 if "mixed" in policy else 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"], indirect=True)
def test_training_compiled_by_xla_gives_the_same_losses(policy):
    def losses(jit_compile):
        keras.utils.set_random_seed(0)
        model, (x, y) = functional(), data()
        model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
        return model.fit(x, y, batch_size=BATCH, epochs=5, verbose=0).history["loss"]

    np.testing.assert_allclose(
        losses(True), losses(False), rtol=1e-4 if policy == "float32" else 5e-2
    )


@pytest.mark.slow
def test_a_forward_pass_compiled_by_xla():
    layer = make_rmfn(return_sequences=True, return_state=True)
    x = features({m: layer.cell.features[m] for m in layer.units})
    mask = np.array([[False, True, True, False]] * 3)

    def call(x):
        return layer(x, mask=mask, return_attention_scores=True)

    for one, other in zip(tf.function(call, jit_compile=True)(x), call(x), strict=True):
        assert_close(one, other, 1e-5)


@pytest.mark.parametrize("return_sequences", [False, True])
def test_symbolic_shapes_and_values(return_sequences):
    """States in, states and attention out, batch and time unknown."""
    layer = make_rmfn(modalities=2, return_sequences=return_sequences, return_state=True)
    widths, sizes = layer.cell.features, layer.cell.state_size
    inputs = {m: keras.Input((None, width), name=m) for m, width in widths.items()}
    mask = keras.Input((None,), dtype="bool", name="mask")
    start = [keras.Input((size,), name=f"state_{n}") for n, size in enumerate(sizes)]
    results = layer(inputs, mask=mask, initial_state=start, return_attention_scores=True)
    d = sum(layer.units.values())
    steps = (None,) if return_sequences else ()
    assert [r.shape for r in results] == [
        (None, *steps, layer.cell.output_size),
        *[(None, size) for size in sizes],
        (None, None, 3, d),
    ]
    model = keras.Model([inputs, mask, start], results)
    for batch, time in [(2, 3), (1, 1)]:
        x, state = features(widths, batch, time), random_state(layer, batch)
        given = np.arange(time) < np.array([[time], [1]])[:batch]
        direct = layer(x, mask=given, initial_state=state, return_attention_scores=True)
        for one, other in zip(model([x, given, state]), direct, strict=True):
            assert_close(one, other, 1e-6)


def test_masks_of_layers_before_are_anded():
    layer = make_rmfn(modalities=2)
    x = features(layer.cell.features, batch=2, time=4)
    x["visual"][:, 0] = 0.0
    x["language"][:, 3] = 0.0
    masked = {m: keras.layers.Masking()(value) for m, value in x.items()}
    expected = layer(x, mask=np.array([[False, True, True, False]] * 2))
    np.testing.assert_array_equal(layer(masked), expected)


def test_the_layer_serves_two_inputs_with_one_set_of_weights():
    layer = small_rmfn()
    x, _ = data()
    other = features(WIDTHS, BATCH, TIME + 2, seed=1)
    count = len((layer(x), layer.weights)[1])
    assert layer(other).shape == layer(x).shape
    assert len(layer.weights) == count
