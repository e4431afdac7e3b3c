"""Fuse: the LSTM over stages and its first memory."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import Fuse
from support import reference
from support.sequences import assert_close
from support.weights import place_random_weights

BATCH, WIDTH, UNITS = 3, 5, 4


def make_fuse(**arguments):
    layer = Fuse(UNITS, **arguments)
    layer.build((None, WIDTH))
    return layer


@pytest.mark.parametrize("memory_mode", ["trainable", "zeros"])
def test_equals_an_lstm_over_stages(memory_mode):
    layer = make_fuse(memory_mode=memory_mode, dtype="float64")
    place_random_weights(layer)
    weights = {w.name: np.asarray(w) for w in layer.weights}
    x = np.random.default_rng(0).normal(size=(4, BATCH, WIDTH))
    states = layer.initial_state(x[0])
    s = np.zeros((BATCH, UNITS))
    memory = s + weights["fuse_memory"] if memory_mode == "trainable" else s
    for stage in x:
        output, states = layer(stage, states)
        s, memory = zip(
            *[reference.lstm(*row, weights=weights) for row in zip(stage, s, memory, strict=True)],
            strict=True,
        )
        assert_close(output, s, 1e-10)
    assert len(layer.weights) == (4 if memory_mode == "trainable" else 3)


def test_the_memory_is_one_trained_row_of_unit_norm():
    layer = make_fuse()
    assert layer.fuse_memory.shape == (1, UNITS)
    assert layer.fuse_memory.trainable
    assert np.linalg.norm(layer.fuse_memory) == pytest.approx(1.0, abs=1e-6)


def test_the_memory_is_the_same_at_every_call_and_for_every_row():
    layer = make_fuse()
    h = np.ones((BATCH, WIDTH), "float32")
    hidden, memory = layer.initial_state(h)
    np.testing.assert_array_equal(hidden, np.zeros((BATCH, UNITS)))
    np.testing.assert_array_equal(memory, np.repeat(layer.fuse_memory, BATCH, axis=0))
    np.testing.assert_array_equal(layer.initial_state(h)[1], memory)


def test_memories_of_two_layers_differ():
    keras.utils.set_random_seed(0)
    one, other = make_fuse(), make_fuse()
    assert np.abs(one.fuse_memory - other.fuse_memory).max() > 1e-3


@pytest.mark.parametrize(
    ("argument", "value"), [("units", 0), ("units", 1.5), ("memory_mode", "orthogonal")]
)
def test_a_wrong_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`.*{value!r}"):
        Fuse(**{"units": UNITS, argument: value})
