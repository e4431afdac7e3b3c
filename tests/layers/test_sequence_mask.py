"""SequenceMask: lengths to a mask."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.layers import SequenceMask


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "uint8"])
def test_the_first_lengths_steps_are_real(dtype):
    lengths = np.array([0, 1, 3, 4], dtype)
    mask = SequenceMask()(lengths, np.zeros((4, 4, 2), "float32"))
    assert mask.dtype == "bool"
    np.testing.assert_array_equal(
        mask,
        [
            [False, False, False, False],
            [True, False, False, False],
            [True, True, True, False],
            [True, True, True, True],
        ],
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_long_lengths_stay_exact_in_low_precision(policy):
    """257 is no bfloat16 and 2049 no float16."""
    mask = SequenceMask(dtype=policy)(np.array([257, 2049]), np.zeros((2, 3000, 1), "float32"))
    np.testing.assert_array_equal(np.sum(mask, axis=1), [257, 2049])


def test_of_a_dynamic_shape():
    lengths, sequence = keras.Input((), dtype="int32"), keras.Input((None, 2))
    mask = SequenceMask()(lengths, sequence)
    assert mask.shape == (None, None)
    model = keras.Model([lengths, sequence], mask)
    for time in (1, 3):
        result = model([np.array([1, 3], "int32"), np.zeros((2, time, 2), "float32")])
        np.testing.assert_array_equal(result, np.arange(time) < np.array([[1], [3]]))


def test_no_gradient_and_no_weight():
    layer = SequenceMask()
    x = tf.constant(np.zeros((1, 2, 2), "float32"))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.cast(layer(np.array([1]), x), "float32"))
    assert tape.gradient(y, x) is None
    assert not layer.weights
