"""The gradients of RMFN: right, and reaching everything."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.layers import RMFN
from support import reference
from support.equations import changes, make_rmfn, random_state
from support.reference import Settings
from support.sequences import FEATURES, UNITS, features, first, gapped_mask
from support.weights import arranged, weights_of

pytestmark = pytest.mark.slow

BATCH, TIME = 2, 3
WIDTHS = first(FEATURES, 3)
STEP = 1e-6


def loss_factors(value):
    """A factor for each number, no two alike, so that no two mistakes cancel."""
    return np.cos(np.arange(np.size(value))).reshape(np.shape(value))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(highlight=False),
        Settings(highlight_input="highlighted", highlight_projection=True, num_stages=2),
        Settings(feedback=False, highlight_memory_mode="zeros", highlight_input="highlighted"),
    ],
    ids=changes,
)
def test_gradients_equal_central_differences_of_the_equations(settings):
    """Along a random direction of every weight, every input and every initial state."""
    layer = make_rmfn(settings, dtype="float64", return_sequences=True, return_state=True)
    x = features(WIDTHS, BATCH, TIME, dtype="float64")
    start, mask = random_state(layer, BATCH), gapped_mask(BATCH, TIME)

    watched = keras.tree.map_structure(tf.constant, (x, start))
    with tf.GradientTape() as tape:
        tape.watch(watched)
        results = layer(watched[0], mask=mask, initial_state=watched[1])
        loss = tf.add_n([tf.reduce_sum(value * loss_factors(value)) for value in results])
    of_weights, of_x, of_start = tape.gradient(loss, [layer.trainable_weights, *watched])

    weights = weights_of(layer)

    def reference_loss():
        right = reference.rmfn(x, weights, settings, mask, start)
        return sum((value * loss_factors(value)).sum() for value in (right.outputs, *right.states))

    rng = np.random.default_rng(0)
    places = keras.tree.flatten_with_path((weights, x, start))
    gradients = keras.tree.flatten((arranged(layer, of_weights), of_x, of_start))
    for (place, value), gradient in zip(places, gradients, strict=True):
        direction, kept = rng.normal(size=value.shape), value.copy()
        value[...] = kept + STEP * direction
        above = reference_loss()
        value[...] = kept - STEP * direction
        below = reference_loss()
        value[...] = kept
        slope = (above - below) / (2 * STEP)
        assert abs(slope) > 1e-6, f"{place}: nothing to compare"
        assert np.sum(gradient * direction) == pytest.approx(slope, rel=1e-6, abs=1e-8), place


def sensitivity_of_z(layer, x):
    """For each modality, the size of ∂(z·factors)/∂x at each word: (batch, time)."""
    x = {m: tf.constant(value) for m, value in x.items()}
    with tf.GradientTape() as tape:
        tape.watch(x)
        *_, z = layer(x)
        loss = tf.reduce_sum(z * loss_factors(z))
    return {m: np.abs(gradient).max(axis=-1) for m, gradient in tape.gradient(loss, x).items()}


def test_z_depends_on_every_modality_at_every_word_before_and_after_training():
    keras.utils.set_random_seed(0)
    # So many relu units that for no row all of them are dead.
    layer = RMFN(first(UNITS, 3), fusion_units=8, summary_units=32, return_state=True)
    x = features(WIDTHS, batch=4, time=TIME)
    for m, gradient in sensitivity_of_z(layer, x).items():
        assert gradient.min() > 1e-4, f"{m} at the start"

    target = np.random.default_rng(0).normal(size=4).astype("float32")
    optimizer = keras.optimizers.Adam(0.005)

    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((5 * tf.reduce_mean(layer(x)[0], axis=-1) - target) ** 2)
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
        return loss

    losses = [float(step()) for _ in range(8)]
    assert losses[-1] < 0.5 * losses[0]
    for m, gradient in sensitivity_of_z(layer, x).items():
        assert gradient.min() > 1e-4, f"{m} after training"
