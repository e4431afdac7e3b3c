"""MultistageFusion: z and attention of one word, for every argument."""

import keras
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


def test_scale_does_not_change_the_functions():
    """With FUSE's kernel d times as large, "none" is "dim"."""
    scaled = make_fusion(Settings(highlight_scale="dim"), WIDTH)
    plain = make_fusion(Settings(highlight_scale="none"), WIDTH)
    plain.fuse.lstm.kernel.assign(plain.fuse.lstm.kernel * WIDTH)
    assert_close(plain(hidden()), scaled(hidden()), 1e-5)


def test_without_highlight_there_are_no_highlight_weights_and_no_attention():
    fusion = make_fusion(Settings(highlight=False), WIDTH)
    assert not [w.path for w in fusion.weights if "highlight" in w.path]
    with pytest.raises(ValueError, match="highlight=False"):
        fusion(hidden(), return_attention_scores=True)


def test_no_weight_is_made_for_what_is_not_used():
    settings = Settings(
        highlight_memory_mode="zeros",
        highlight_input="highlighted",
        fuse_memory_mode="zeros",
        summarize_layers=1,
    )
    assert set(weights_of(make_fusion(settings, WIDTH))) == {
        "lsthm",  # empty: there is none here
        "highlight",
        "fuse",
        "summarize_output",
    }


def test_one_set_of_weights_for_all_stages():
    def parameters(num_stages):
        fusion = make_fusion(Settings(num_stages=num_stages), WIDTH)
        return {m: w for m, w in weights_of(fusion).items() if m != "summarize_hidden"}

    one, six = parameters(1), parameters(6)
    assert keras.tree.map_structure(np.shape, one) == keras.tree.map_structure(np.shape, six)


def test_z_depends_on_every_coordinate_of_h():
    fusion = make_fusion(Settings(), WIDTH)
    h = hidden()[:1]
    changed = h + 0.1 * np.eye(WIDTH, dtype="float32")
    assert np.abs(fusion(changed) - fusion(h)).max(axis=1).min() > 1e-5


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
