"""MultistageFusion: z and attention of one word, for every argument."""

import numpy as np
import pytest

from rmfn_tf.layers import MultistageFusion
from support import reference
from support.equations import TOLERANCE, changes, make_fusion
from support.reference import Settings
from support.sequences import assert_close
from support.weights import weights_of

BATCH, WIDTH = 3, 6

# Each argument alone stands in test_rmfn_equations.py.
SETTINGS = [
    Settings(),
    Settings(num_stages=1, highlight=False, summarize_layers=1),
    Settings(num_stages=6, highlight_memory_mode="zeros", highlight_input="highlighted"),
    Settings(highlight_projection=True, highlight_scale="none", fuse_memory_mode="zeros"),
]


def hidden(dtype="float32"):
    return np.random.default_rng(0).uniform(-1, 1, size=(BATCH, WIDTH)).astype(dtype)


@pytest.mark.parametrize("settings", SETTINGS, ids=changes)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_the_equations(settings, dtype):
    fusion = make_fusion(settings, WIDTH, dtype=dtype)
    h = hidden(dtype)
    weights = weights_of(fusion)
    right = [reference.multistage_fusion(row.astype("float64"), weights, settings) for row in h]
    assert_close(fusion(h), [z for z, _ in right], TOLERANCE[dtype], "z")
    if settings.highlight:
        z, attention = fusion(h, return_attention_scores=True)
        assert_close(z, [z for z, _ in right], TOLERANCE[dtype], "z")
        assert_close(attention, [a for _, a in right], TOLERANCE[dtype], "attention")


def test_without_highlight_there_are_no_highlight_weights_and_no_attention():
    fusion = make_fusion(Settings(highlight=False), WIDTH)
    assert not [w.path for w in fusion.weights if "highlight" in w.path]
    with pytest.raises(ValueError, match="highlight=False"):
        fusion(hidden(), return_attention_scores=True)


def test_without_highlight_no_warning_speaks_of_its_attention():
    MultistageFusion(highlight=False, highlight_memory_mode="zeros")


def test_dropout_reaches_summarize():
    fusion = make_fusion(Settings(), WIDTH, summarize_dropout=0.5, seed=1)
    one, other = fusion(hidden(), training=True), fusion(hidden(), training=True)
    assert np.abs(one - other).max() > 1e-3
    np.testing.assert_array_equal(fusion(hidden()), fusion(hidden(), training=False))


@pytest.mark.parametrize(
    ("argument", "value", "named"),
    [
        ("num_stages", 0, "num_stages"),
        ("num_stages", 1.5, "num_stages"),
        ("num_stages", True, "num_stages"),
        ("num_stages", "3", "num_stages"),
        ("num_stages", None, "num_stages"),
        ("num_stages", "three", "num_stages"),
        ("fusion_units", -1, "fusion_units"),
        ("summary_units", 0, "summary_units"),
        ("highlight_memory_mode", "random", "highlight_memory_mode"),
        ("highlight_input", "hidden", "highlight_input"),
        ("highlight_scale", 2.0, "highlight_scale"),
        ("fuse_memory_mode", "orthogonal", "memory_mode"),
        ("summarize_layers", 3, "layers"),
        ("summarize_dropout", 1.0, "dropout"),
    ],
)
def test_a_wrong_argument_is_named(argument, value, named):
    with pytest.raises(ValueError, match=f"{named}.*{value!r}"):
        MultistageFusion(**{argument: value})
