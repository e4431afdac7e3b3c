"""FeatureScaling: the scaling inside the model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.layers import FeatureScaling

CENTER, SCALE = [1.0, -2.0, 0.0], [2.0, 0.5, 10.0]


def normal(*shape):
    return np.random.default_rng(0).normal(scale=3, size=shape).astype("float32")


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 3)])
def test_scales_and_clips(shape):
    x = normal(*shape)
    expected = (x - np.float32(CENTER)) / np.float32(SCALE)
    np.testing.assert_allclose(FeatureScaling(CENTER, SCALE)(x), expected, rtol=1e-6)
    clipped = FeatureScaling(CENTER, SCALE, clip=1.5)(x)
    np.testing.assert_allclose(clipped, np.clip(expected, -1.5, 1.5), rtol=1e-6)
    assert np.abs(expected).max() > 1.5


def test_one_number_serves_all_features():
    x = normal(4, 3)
    np.testing.assert_allclose(FeatureScaling(1.0, 2.0)(x), (x - 1) / 2, rtol=1e-6)
    np.testing.assert_array_equal(FeatureScaling()(x), x)


def test_rows_of_zeros_stay_zero_and_only_they():
    x = normal(2, 4, 3)
    x[0, 1] = 0.0
    x[1, 2] = -0.0
    x[1, 3, 0] = 0.0
    scaled = np.asarray(FeatureScaling(CENTER, SCALE)(x))
    assert not scaled[0, 1].any()
    assert not scaled[1, 2].any()
    assert scaled[1, 3, 0] == pytest.approx(-0.5)


@pytest.mark.parametrize("clip", [None, 4.0])
def test_what_is_not_finite_becomes_zero(clip):
    x = normal(2, 3)
    right = np.asarray(FeatureScaling(CENTER, SCALE, clip)(x)).copy()
    for value in (np.nan, np.inf, -np.inf):
        x[0, 1] = value
        right[0, 1] = 0.0
        np.testing.assert_array_equal(FeatureScaling(CENTER, SCALE, clip)(x), right)


def test_what_overflows_becomes_zero():
    x = np.array([[3e38, 1.0]], "float32")
    np.testing.assert_allclose(FeatureScaling(0.0, 1e-3)(x), [[0.0, 1000.0]], rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_gradients_are_finite(value):
    x = tf.constant([[value, 1.0], [0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = FeatureScaling(0.0, 1e-3)(x)
    gradient = tape.gradient(y, x)
    assert np.isfinite(gradient).all()
    assert float(gradient[0, 1]) == pytest.approx(1000.0)


@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16", "float64"])
def test_it_is_float32_whatever_the_policy(policy):
    keras.config.set_dtype_policy(policy)
    try:
        layer = FeatureScaling([1000.5], [0.25])
    finally:
        keras.config.set_dtype_policy("float32")
    y = layer(np.array([[1001.0]], "float32"))
    assert y.dtype == "float32"
    assert float(y[0, 0]) == 2.0
    again = FeatureScaling.from_config(layer.get_config())
    assert again.compute_dtype == again.variable_dtype == "float32"


def test_the_numbers_are_weights_that_do_not_train():
    layer = FeatureScaling(CENTER, SCALE)
    layer.build((None, 3))
    assert not layer.trainable_weights
    assert {w.name: np.asarray(w).tolist() for w in layer.weights} == {
        "center": CENTER,
        "scale": SCALE,
    }


def test_the_numbers_are_kept_when_built_in_a_functional_model():
    """Where the layer is built on symbolic inputs."""
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, FeatureScaling(CENTER, SCALE)(inputs))
    x = normal(2, 4, 3)
    np.testing.assert_allclose(
        model(x), (x - np.float32(CENTER)) / np.float32(SCALE), rtol=1e-5, atol=1e-6
    )


def test_a_mask_goes_through():
    x = normal(2, 3, 3)
    x[:, 2] = 0.0
    y = FeatureScaling(CENTER, SCALE)(keras.layers.Masking()(x))
    np.testing.assert_array_equal(keras.src.backend.get_keras_mask(y), [[True, True, False]] * 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"center": [np.nan]}, "`center`.*nan"),
        ({"scale": [1.0, np.inf]}, "`scale`.*inf"),
        ({"center": [[1.0]]}, r"`center`.*\[\[1\.0\]\]"),
        ({"scale": [1.0, 0.0]}, "`scale` must be positive"),
        ({"scale": -1.0}, r"`scale` must be positive.*-1\.0"),
        ({"clip": 0.0}, "`clip`.*0"),
        ({"clip": -1.0}, "`clip`.*-1"),
        ({"clip": float("nan")}, "`clip`.*nan"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        FeatureScaling(**arguments)


def test_a_wrong_width_is_an_error():
    with pytest.raises(ValueError, match=r"`center` has 3 values.*2 features"):
        FeatureScaling(CENTER, SCALE)(normal(4, 2))
