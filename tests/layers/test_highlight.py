"""Highlight: one stage's attention."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import Highlight
from support.equations import constant_attention_allowed
from support.weights import place_random_weights

BATCH, WIDTH = 3, 6


def hidden(seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=(BATCH, WIDTH)).astype("float32")


def make_highlight(**arguments):
    with constant_attention_allowed():
        layer = Highlight(**arguments)
    layer.build((None, WIDTH))
    place_random_weights(layer)
    return layer


def stages(layer, h, count=3):
    """(h~, a) of each stage."""
    states = layer.initial_state(h)
    results = []
    for _ in range(count):
        highlighted, attention, states = layer(h, states)
        results.append((np.asarray(highlighted), np.asarray(attention)))
    return results


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_bfloat16", "mixed_float16"])
def test_attention_is_one_distribution_over_all_coordinates(policy):
    layer = make_highlight(dtype=policy, projection=True)
    for highlighted, attention in stages(layer, keras.ops.cast(hidden(), layer.compute_dtype)):
        assert attention.dtype == ("float64" if policy == "float64" else "float32")
        assert attention.shape == (BATCH, WIDTH)
        assert attention.min() >= 0
        np.testing.assert_allclose(attention.sum(axis=-1), 1.0, atol=1e-6)
        assert keras.backend.standardize_dtype(highlighted.dtype) == layer.compute_dtype


@pytest.mark.parametrize("input_mode", ["attention", "highlighted"])
def test_stages_attend_differently(input_mode):
    attention = [a for _, a in stages(make_highlight(input_mode=input_mode), hidden(), 4)]
    change = np.abs(np.diff(attention, axis=0)).max(axis=-1)
    assert change.min() > 1e-4


@pytest.mark.parametrize(("scale", "factor"), [("dim", WIDTH), ("none", 1)])
def test_scale_multiplies_what_is_highlighted_and_not_the_attention(scale, factor):
    h = hidden()
    for highlighted, attention in stages(make_highlight(scale=scale), h):
        np.testing.assert_allclose(highlighted, factor * h * attention, rtol=1e-5)
        np.testing.assert_allclose(attention.sum(axis=-1), 1.0, atol=1e-6)


def test_without_projection_no_weight_exceeds_the_bound():
    layer = make_highlight()
    for weight in layer.weights:
        weight.assign(weight * 100.0)
    bound = np.e**2 / (np.e**2 + WIDTH - 1)
    assert max(a.max() for _, a in stages(layer, hidden())) <= bound + 1e-6


def test_with_projection_the_attention_can_be_sharp():
    layer = make_highlight(projection=True)
    layer.dense.kernel.assign(layer.dense.kernel * 100.0)
    assert max(a.max() for _, a in stages(layer, hidden())) > 0.99


def test_memory_of_zeros_and_attention_as_input_make_attention_constant():
    with pytest.warns(UserWarning, match="attention is constant"):
        Highlight(memory_mode="zeros")
    layer = make_highlight(memory_mode="zeros")
    one, other = stages(layer, hidden()), stages(layer, hidden(seed=1))
    for (_, a), (_, b) in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("memory_mode", "random"), ("input_mode", "hidden"), ("scale", 2.0)],
)
def test_a_wrong_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`.*{value!r}"):
        Highlight(**{argument: value})
