"""Summarize: from the stages to z."""

import numpy as np
import pytest

from rmfn_tf.layers import Summarize
from support.sequences import assert_close
from support.weights import place_random_weights

BATCH, WIDTH, UNITS = 4, 6, 8


def stages():
    return np.random.default_rng(0).normal(size=(BATCH, WIDTH)).astype("float32")


def make_summarize(**arguments):
    layer = Summarize(UNITS, **arguments)
    layer.build((None, WIDTH))
    place_random_weights(layer)
    return layer


@pytest.mark.parametrize(("layers", "width"), [(1, WIDTH), (2, UNITS)])
def test_one_layer_or_two_with_dropout_in_front_of_the_last(layers, width):
    layer = make_summarize(layers=layers, dropout=0.5)
    mask = np.asarray(layer.draw_dropout_mask(BATCH))
    assert mask.shape == (BATCH, width)
    assert set(np.unique(mask)) == {0.0, 2.0}
    *first, kernel, bias = (np.asarray(w) for w in layer.weights)
    signal = np.maximum(stages() @ first[0] + first[1], 0) if first else stages()
    expected = np.tanh((signal * mask) @ kernel + bias)
    assert_close(layer(stages(), dropout_mask=mask, training=True), expected, 1e-5)


def test_dropout_is_drawn_in_training_only():
    layer = make_summarize(dropout=0.5, seed=1)
    one, other = layer(stages(), training=True), layer(stages(), training=True)
    assert np.abs(one - other).max() > 1e-3
    np.testing.assert_array_equal(layer(stages()), layer(stages(), training=False))
    np.testing.assert_array_equal(
        layer(stages(), dropout_mask=np.zeros((BATCH, UNITS), "float32")), layer(stages())
    )


def test_the_same_seed_draws_the_same_masks():
    one = make_summarize(dropout=0.5, seed=1)
    other = make_summarize(dropout=0.5, seed=1)
    for _ in range(3):
        np.testing.assert_array_equal(one.draw_dropout_mask(5), other.draw_dropout_mask(5))


@pytest.mark.parametrize(
    ("argument", "value"),
    [("units", 0), ("layers", 3), ("dropout", 1.0), ("dropout", -0.1), ("dropout", float("nan"))],
)
def test_a_wrong_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`.*{value!r}"):
        Summarize(**{"units": UNITS, argument: value})
