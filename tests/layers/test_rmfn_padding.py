"""Padding never matters: not how much, not where, not what stands in it."""

import numpy as np
import pytest
import tensorflow as tf

from support.equations import make_rmfn, random_state
from support.sequences import FEATURES, assert_close, features, first

BATCH, TIME, PAD = 2, 4, 2
WIDTHS = first(FEATURES, 3)


@pytest.fixture(scope="module")
def layer():
    return make_rmfn(return_state=True)


def padded(x, left, right, value):
    """`x` with `value` in the padding, and the mask of what is real."""
    shape = ((0, 0), (left, right), (0, 0))
    mask = np.zeros((BATCH, left + TIME + right), bool)
    mask[:, left : left + TIME] = True
    return {
        m: np.pad(words, shape, constant_values=value).astype("float32") for m, words in x.items()
    }, mask


def loss_and_gradients(layer, x, **call):
    """Every result of a call, and the gradients of a loss on all of them: weights, then inputs."""
    x = {m: tf.constant(value) for m, value in x.items()}
    with tf.GradientTape() as tape:
        tape.watch(x)
        output, *states, attention = layer(x, return_attention_scores=True, **call)
        loss = tf.add_n([tf.reduce_sum(each**2) for each in (output, *states)])
        loss += tf.reduce_sum(attention**3)
    gradients = tape.gradient(loss, [layer.trainable_weights, x])
    return (output, states, attention), *gradients


@pytest.fixture(scope="module")
def unpadded(layer):
    return loss_and_gradients(layer, features(WIDTHS, BATCH, TIME))


@pytest.mark.parametrize(
    ("value", "left", "right"),
    [(np.nan, 0, PAD), (np.inf, PAD, 0), (-np.inf, 1, 1), (1e30, PAD, 0), (0.0, 0, PAD)],
)
def test_outputs_and_gradients_ignore_padding(layer, unpadded, left, right, value):
    x = features(WIDTHS, BATCH, TIME)
    (output, states, attention), weights, inputs = unpadded
    longer, mask = padded(x, left, right, value)
    (new_output, new_states, new_attention), new_weights, new_inputs = loss_and_gradients(
        layer, longer, mask=mask
    )
    real = slice(left, left + TIME)
    assert_close(new_output, output, 1e-6)
    for new, old in zip(new_states, states, strict=True):
        assert_close(new, old, 1e-6)
    assert_close(new_attention[:, real], attention, 1e-6)
    assert not np.any(new_attention[~mask])
    for new, old, weight in zip(new_weights, weights, layer.trainable_weights, strict=True):
        assert_close(new, old, 1e-6, weight.path)
    for m in x:
        assert_close(new_inputs[m][:, real], inputs[m], 1e-6, m)
        assert not np.any(new_inputs[m][~mask])


def test_a_masked_step_gives_the_carried_state():
    layer = make_rmfn(return_sequences=True, return_state=True)
    x, mask = padded(features(WIDTHS, BATCH, TIME), PAD, PAD, 1.0)
    outputs = np.asarray(layer(x, mask=mask)[0])
    assert not outputs[:, :PAD].any()
    for t in range(PAD + TIME, outputs.shape[1]):
        np.testing.assert_array_equal(outputs[:, t], outputs[:, PAD + TIME - 1])
    start = random_state(layer, BATCH)
    outputs = np.asarray(layer(x, mask=mask, initial_state=start)[0])
    given = np.concatenate([*start[:3], start[-1]], axis=-1)
    for t in range(PAD):
        np.testing.assert_array_equal(outputs[:, t], given)


def test_a_sequence_of_padding_alone_gives_the_initial_state(layer):
    x, start = features(WIDTHS, BATCH, TIME), random_state(layer, BATCH)
    output, *states = layer(x, mask=np.zeros((BATCH, TIME), bool), initial_state=start)
    np.testing.assert_array_equal(output, np.concatenate([*start[:3], start[-1]], axis=-1))
    for state, value in zip(states, start, strict=True):
        np.testing.assert_array_equal(state, value)


def test_masks_of_modalities_are_anded(layer):
    x = features(WIDTHS, BATCH, TIME)
    one = np.array([[True, True, False, True]] * BATCH)
    other = np.array([[True, False, True, True]] * BATCH)
    expected = layer(x, mask=one & other)
    mixed = layer(x, mask={"visual": one, "language": None, "acoustic": other})
    for right, given in zip(expected, mixed, strict=True):
        np.testing.assert_array_equal(given, right)


def test_a_mask_of_any_type(layer):
    x, mask = padded(features(WIDTHS, BATCH, TIME), 1, 1, 3.0)
    expected = layer(x, mask=mask)
    for dtype in ("int32", "float32"):
        np.testing.assert_array_equal(layer(x, mask=mask.astype(dtype))[0], expected[0])
