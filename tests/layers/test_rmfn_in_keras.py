"""RMFN in each way that Keras has of making and training a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.layers import RMFN
from support.equations import make_rmfn, random_state
from support.reference import Settings
from support.sequences import assert_close, features

pytestmark = pytest.mark.slow

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


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_fit_in_half_precision(policy):
    keras.utils.set_random_seed(0)
    model, (x, y) = functional(), data()
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH // 2)
    model.compile(keras.optimizers.Adam(0.02), "mae", jit_compile=False)
    losses = model.fit(batches, epochs=25, shuffle=False, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.5 * losses[0]
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert {w.dtype for w in model.trainable_weights} == {"float32"}
    assert model(x).dtype == "float32"


def test_bidirectional_in_a_sequential_model_trains_and_is_saved(tmp_path):
    both = keras.layers.Bidirectional(small_rmfn(dropout=0.1, summarize_dropout=0.1))
    model, (x, y) = keras.Sequential([both, keras.layers.Dense(1)]), data()
    before = np.asarray(model(x))
    model.compile("adam", "mae", run_eagerly=True)
    model.fit(x, y, verbose=0)
    assert np.abs(model(x) - before).max() > 1e-4
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x), model(x))


@pytest.mark.slow
def test_loss_and_gradients_compiled_by_xla():
    layer = make_rmfn(Settings(num_stages=2), 2, return_sequences=True, return_state=True)
    x = features(layer.cell.features, time=3)
    mask = np.array([[False, True, True], [True, False, True], [True, True, False]])

    def call(x):
        with tf.GradientTape() as tape:
            results = layer(x, mask=mask, return_attention_scores=True)
            loss = tf.add_n([tf.reduce_sum(result**2) for result in results])
        return [*results, loss, *tape.gradient(loss, layer.trainable_weights)]

    for one, other in zip(tf.function(call, jit_compile=True)(x), call(x), strict=True):
        assert_close(one, other, 1e-5)


def test_symbolic_shapes_and_values():
    """States in, states and attention out, batch and time unknown."""
    layer = make_rmfn(modalities=2, return_sequences=True, return_state=True)
    widths, sizes = layer.cell.features, layer.cell.state_size
    inputs = {m: keras.Input((None, width), name=m) for m, width in widths.items()}
    mask = keras.Input((None,), dtype="bool", name="mask")
    start = [keras.Input((size,), name=f"state_{n}") for n, size in enumerate(sizes)]
    results = layer(inputs, mask=mask, initial_state=start, return_attention_scores=True)
    assert [r.shape for r in results] == [
        (None, None, layer.cell.output_size),
        *[(None, size) for size in sizes],
        (None, None, 3, sum(layer.units.values())),
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
    mask, start = np.array([[False, True, True, False]] * 2), random_state(layer, 2)
    np.testing.assert_array_equal(layer(masked), layer(x, mask=mask))
    # Keras itself hands masks over only where no other tensors are given.
    np.testing.assert_array_equal(
        layer(masked, initial_state=start), layer(x, mask=mask, initial_state=start)
    )
