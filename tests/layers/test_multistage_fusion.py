"""The fusion of one word and its parts: what test_rmfn_equations.py does not show."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import Fuse, Highlight, MultistageFusion, Summarize
from support.equations import constant_attention_allowed, make_fusion
from support.reference import Settings
from support.sequences import assert_close
from support.weights import place_random_weights

BATCH, WIDTH, UNITS = 3, 6, 4


def hidden(seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=(BATCH, WIDTH)).astype("float32")


def make(kind, *given, **arguments):
    """A built layer with random weights."""
    with constant_attention_allowed():
        layer = kind(*given, **arguments)
    layer.build((None, WIDTH))
    place_random_weights(layer)
    return layer


def stages(layer, h, count=3):
    """(h~, a) of each stage of a Highlight."""
    states = layer.initial_state(h)
    results = []
    for _ in range(count):
        highlighted, attention, states = layer(h, states)
        results.append((np.asarray(highlighted), np.asarray(attention)))
    return results


# HIGHLIGHT.


@pytest.mark.parametrize("policy", ["float32", "float64", "mixed_bfloat16", "mixed_float16"])
def test_attention_is_one_distribution_over_all_coordinates(policy):
    layer = make(Highlight, dtype=policy, projection=True)
    for highlighted, attention in stages(layer, keras.ops.cast(hidden(), layer.compute_dtype)):
        assert attention.dtype == ("float64" if policy == "float64" else "float32")
        assert attention.shape == (BATCH, WIDTH)
        assert attention.min() >= 0
        np.testing.assert_allclose(attention.sum(axis=-1), 1.0, atol=1e-6)
        assert keras.backend.standardize_dtype(highlighted.dtype) == layer.compute_dtype


@pytest.mark.parametrize("input_mode", ["attention", "highlighted"])
def test_stages_attend_differently(input_mode):
    attention = [a for _, a in stages(make(Highlight, input_mode=input_mode), hidden(), 4)]
    change = np.abs(np.diff(attention, axis=0)).max(axis=-1)
    assert change.min() > 1e-4


def test_without_projection_no_weight_exceeds_the_bound():
    layer = make(Highlight)
    for weight in layer.weights:
        weight.assign(weight * 100.0)
    bound = np.e**2 / (np.e**2 + WIDTH - 1)
    assert max(a.max() for _, a in stages(layer, hidden())) <= bound + 1e-6


def test_with_projection_the_attention_can_be_sharp():
    layer = make(Highlight, projection=True)
    layer.dense.kernel.assign(layer.dense.kernel * 100.0)
    assert max(a.max() for _, a in stages(layer, hidden())) > 0.99


def test_memory_of_zeros_and_attention_as_input_make_attention_constant():
    with pytest.warns(UserWarning, match="attention is constant"):
        Highlight(memory_mode="zeros")
    layer = make(Highlight, memory_mode="zeros")
    one, other = stages(layer, hidden()), stages(layer, hidden(seed=1))
    for (_, a), (_, b) in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


# FUSE.


def test_the_first_memory_is_one_trained_row_of_unit_norm_for_every_row():
    layers = [Fuse(UNITS), Fuse(UNITS)]
    for layer in layers:
        layer.build((None, WIDTH))
    one, other = (layer.fuse_memory for layer in layers)
    assert one.shape == (1, UNITS)
    assert one.trainable
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-6)
    assert np.abs(one - other).max() > 1e-3
    _, memory = layers[0].initial_state(hidden())
    np.testing.assert_array_equal(memory, np.repeat(one, BATCH, axis=0))


# SUMMARIZE.


@pytest.mark.parametrize(("layers", "width"), [(1, WIDTH), (2, UNITS)])
def test_one_layer_or_two_with_dropout_in_front_of_the_last(layers, width):
    layer = make(Summarize, UNITS, layers=layers, dropout=0.5)
    mask = np.asarray(layer.draw_dropout_mask(BATCH))
    assert mask.shape == (BATCH, width)
    assert set(np.unique(mask)) == {0.0, 2.0}
    *first, kernel, bias = (np.asarray(w) for w in layer.weights)
    signal = np.maximum(hidden() @ first[0] + first[1], 0) if first else hidden()
    expected = np.tanh((signal * mask) @ kernel + bias)
    assert_close(layer(hidden(), dropout_mask=mask, training=True), expected, 1e-5)


def test_dropout_is_drawn_in_training_only_and_from_the_seed():
    one, other = (make_fusion(Settings(), WIDTH, summarize_dropout=0.5, seed=1) for _ in range(2))
    first, second = one(hidden(), training=True), one(hidden(), training=True)
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_array_equal(first, other(hidden(), training=True))
    np.testing.assert_array_equal(one(hidden()), one(hidden(), training=False))


# All together.


def test_without_highlight_there_are_no_highlight_weights_and_no_attention():
    """And no warning of a constant attention."""
    fusion = MultistageFusion(highlight=False, highlight_memory_mode="zeros")
    fusion.build((None, WIDTH))
    assert not [w.path for w in fusion.weights if "highlight" in w.path]
    with pytest.raises(ValueError, match="highlight=False"):
        fusion(hidden(), return_attention_scores=True)


@pytest.mark.parametrize(
    ("argument", "value", "named"),
    [
        ("num_stages", 0, "num_stages"),
        ("num_stages", 1.5, "num_stages"),
        ("num_stages", True, "num_stages"),
        ("num_stages", "3", "num_stages"),
        ("fusion_units", -1, "fusion_units"),
        ("summary_units", 0, "summary_units"),
        ("highlight_memory_mode", "random", "highlight_memory_mode"),
        ("highlight_input", "hidden", "highlight_input"),
        ("highlight_scale", 2.0, "highlight_scale"),
        ("fuse_memory_mode", "orthogonal", "memory_mode"),
        ("summarize_layers", 3, "layers"),
        ("summarize_dropout", 1.0, "dropout"),
        ("summarize_dropout", float("nan"), "dropout"),
    ],
)
def test_a_wrong_argument_is_named(argument, value, named):
    with pytest.raises(ValueError, match=f"{named}.*{value!r}"):
        MultistageFusion(**{argument: value})
