"""RMFNCell: one word, in a stock RNN layer, in RMFN; its dropout and its errors."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import RMFNCell
from support import reference
from support.equations import TOLERANCE, make_rmfn, random_state
from support.sequences import FEATURES, UNITS, assert_close, features, first, gapped_mask
from support.weights import place_random_weights, weights_of

BATCH, TIME = 3, 4
WIDTHS, SIZES = first(FEATURES, 3), first(UNITS, 3)


def make_cell(**arguments):
    cell = RMFNCell(WIDTHS, SIZES, fusion_units=5, summary_units=4, **arguments)
    cell.build((None, sum(WIDTHS.values())))
    place_random_weights(cell)
    return cell


def side_by_side(x):
    return np.concatenate([x[m] for m in SIZES], axis=-1)


@pytest.mark.parametrize(("dtype", "masked"), [("float32", False), ("float64", True)])
def test_in_a_stock_rnn_layer_it_equals_the_equations(dtype, masked):
    cell = make_cell(dtype=dtype)
    layer = keras.layers.RNN(cell, return_state=True, return_sequences=True, dtype=dtype)
    x = features(WIDTHS, BATCH, TIME, dtype=dtype)
    mask = gapped_mask(BATCH, TIME) if masked else np.ones((BATCH, TIME), bool)
    right = reference.rmfn(x, weights_of(cell), mask=mask)
    outputs, *states = layer(side_by_side(x), mask=mask if masked else None)
    # A stock RNN layer gives zeros at a masked step before the first word: as the carried state.
    assert_close(outputs, right.outputs, TOLERANCE[dtype])
    for state, expected in zip(states, right.states, strict=True):
        assert_close(state, expected, TOLERANCE[dtype])


def test_sizes_are_flat_and_the_start_is_zero():
    cell = make_cell()
    assert cell.state_size == [3, 2, 2, 3, 2, 2, 4]
    assert cell.output_size == 3 + 2 + 2 + 4
    start = cell.get_initial_state(BATCH)
    assert [tuple(s.shape) for s in start] == [(BATCH, n) for n in cell.state_size]
    assert not any(np.any(s) for s in start)
    assert {s.dtype.name for s in make_cell(dtype="float64").get_initial_state(1)} == {"float64"}


@pytest.mark.parametrize(("unit_forget_bias", "forget"), [(True, 1.0), (False, 0.0)])
def test_forget_biases_at_the_start(unit_forget_bias, forget):
    layer = make_rmfn(unit_forget_bias=unit_forget_bias, random_weights=False)
    weights = weights_of(layer)
    biases = {m: w["bias"] for m, w in weights["lsthm"].items()}
    for bias in biases.values():
        assert [set(part) for part in np.split(bias, 4)] == [{0.0}, {forget}, {0.0}, {0.0}]
    for decoder in ("highlight", "fuse"):
        parts = np.split(weights[decoder]["bias"], 4)
        assert [set(part) for part in parts] == [{0.0}, {1.0}, {0.0}, {0.0}]


# Dropout: one mask a sequence, forgotten after the call, the same in RMFN as in a stock RNN layer.


def test_input_dropout_is_one_mask_for_the_whole_sequence():
    layer = make_rmfn(dropout=0.5, seed=3)
    x = features(WIDTHS, BATCH, TIME)
    layer.cell.get_dropout_mask(side_by_side(x)[:, 0])
    masks = {m: np.asarray(c.get_dropout_mask(x[m][:, 0])) for m, c in layer.cell.lsthm.items()}
    assert {0.0, 2.0} == set(np.unique(side_by_side(masks)))
    dropped = {m: x[m] * masks[m][:, None] for m in x}
    # The layer finds the masks drawn, uses them, and forgets them.
    one, other = layer(x, training=True), layer(x, training=True)
    assert_close(one, reference.rmfn(dropped, weights_of(layer)).last, 1e-5)
    assert np.abs(one - other).max() > 1e-3


def test_summarize_dropout_is_one_mask_for_the_whole_sequence(monkeypatch):
    layer = make_rmfn(summarize_dropout=0.5, seed=3)
    summarize = layer.cell.fusion.summarize
    drawn = []

    def draw(batch_size):
        drawn.append(1)
        return np.zeros((BATCH, 4), "float32")

    monkeypatch.setattr(summarize, "draw_dropout_mask", draw)
    weights = weights_of(layer)
    weights["summarize_output"]["kernel"][...] = 0.0
    x = features(WIDTHS, BATCH, TIME)
    assert_close(layer(x, training=True), reference.rmfn(x, weights).last, 1e-5)
    assert len(drawn) == 1
    layer(x)
    assert len(drawn) == 1


def test_in_training_rmfn_is_the_cell_in_a_stock_rnn_layer_and_in_a_loop():
    """Also for a second batch of another size: after each sequence all masks are forgotten."""
    arguments = {"dropout": 0.5, "summarize_dropout": 0.5, "seed": 3}
    layer, cell = make_rmfn(**arguments), make_cell(**arguments)
    stock = keras.layers.RNN(make_cell(**arguments))
    for batch in (BATCH, BATCH + 2):
        x = features(WIDTHS, batch, TIME)
        words, states = side_by_side(x), cell.get_initial_state(batch)
        for t in range(TIME):
            output, states = cell(words[:, t], states, training=True)
        cell.reset_dropout_mask()
        expected = layer(x, training=True)
        assert_close(stock(words, training=True), expected, 1e-5)
        assert_close(output, expected, 1e-5)


def test_modalities_drop_different_coordinates():
    cell = make_cell(dropout=0.5, seed=3)
    width = 64
    ones = np.ones((1, width), "float32")
    masks = [np.asarray(c.get_dropout_mask(ones)) for c in cell.lsthm.values()]
    assert (masks[0] != masks[1]).any()
    assert (masks[0] != masks[2]).any()
    assert (masks[1] != masks[2]).any()


def test_dropout_is_off_at_inference():
    dropping = make_rmfn(dropout=0.9, summarize_dropout=0.9)
    x = features(WIDTHS, BATCH, TIME)
    np.testing.assert_array_equal(make_rmfn()(x), dropping(x))


def test_a_call_that_fails_leaves_no_masks_behind():
    layer = make_rmfn(dropout=0.5, summarize_dropout=0.5)
    another_batch = random_state(layer, BATCH + 1)
    with pytest.raises(Exception, match=r"ncompatible|must match"):
        layer(features(WIDTHS, BATCH, TIME), initial_state=another_batch, training=True)
    assert layer(features(WIDTHS, BATCH + 2, TIME), training=True).shape[0] == BATCH + 2


# Errors.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"units": {}}, r"`units`.*\{\}"),
        ({"units": ["language"]}, r"`units`.*\['language'\]"),
        ({"units": {"language": 0}, "features": {"language": 2}}, r"units\['language'\].*0"),
        (
            {"features": {"language": 2.5}, "units": {"language": 2}},
            r"features\['language'\].*2\.5",
        ),
        ({"features": {"language": 2}}, "each modality in `units`.*{'language': 2}"),
        ({"features": 9}, "`features` must be a dict.*9"),
        ({"dropout": 1.0}, r"`dropout`.*1\.0"),
        ({"fusion_unit": 3}, "fusion_unit"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        RMFNCell(**{"features": WIDTHS, "units": SIZES, **arguments})


def test_inputs_of_another_width_are_an_error():
    with pytest.raises(ValueError, match=r"have 9 features.*\(None, 8\)"):
        RMFNCell(WIDTHS, SIZES).build((None, 8))
