"""LSTHMCell without z is an LSTM; test_rmfn_equations.py has it with z."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import LSTHMCell
from support.sequences import assert_close, gapped_mask
from support.weights import place_random_weights

BATCH, TIME, WIDTH, UNITS, FUSION = 3, 5, 4, 3, 2


def normal(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def make_cell(fusion=True, **arguments):
    cell = LSTHMCell(UNITS, **arguments)
    cell.build((None, WIDTH), (None, FUSION) if fusion else None)
    place_random_weights(cell)
    return cell


@pytest.mark.parametrize("fusion", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_without_fusion_it_is_the_lstm_of_keras(fusion, masked):
    cell = make_cell(fusion, dtype="float64")
    arguments = {"return_sequences": True, "return_state": True, "dtype": "float64"}
    ours = keras.layers.RNN(cell, **arguments)
    theirs = keras.layers.LSTM(UNITS, **arguments)
    theirs.build((None, None, WIDTH))
    for weight in theirs.weights:
        weight.assign(getattr(cell, weight.name))
    x = normal(BATCH, TIME, WIDTH, dtype="float64")
    mask = gapped_mask(BATCH, TIME) if masked else None
    for one, other in zip(ours(x, mask=mask), theirs(x, mask=mask), strict=True):
        assert_close(one, other, 1e-12)


def test_dropout_is_that_of_the_lstm_of_keras():
    """The same masks, one a sequence; so in training, too, the two are equal."""
    cell = make_cell(fusion=False, dropout=0.5, seed=3)
    ours = keras.layers.RNN(cell, return_sequences=True)
    theirs = keras.layers.LSTM(UNITS, return_sequences=True, dropout=0.5, seed=3)
    theirs.build((None, None, WIDTH))
    for weight in theirs.weights:
        weight.assign(getattr(cell, weight.name))
    x = normal(BATCH, TIME, WIDTH)
    for _ in range(2):
        one, other = ours(x, training=True), theirs(x, training=True)
        assert_close(one, other, 1e-5)
    assert np.abs(one - ours(x)).max() > 1e-3


def test_fusion_for_a_cell_built_without_is_an_error():
    cell = make_cell(fusion=False)
    zeros = np.zeros((BATCH, UNITS), "float32")
    with pytest.raises(ValueError, match="without a fusion width"):
        cell(normal(BATCH, WIDTH), [zeros, zeros], fusion=normal(BATCH, FUSION))


def test_recurrent_dropout_is_an_error():
    with pytest.raises(ValueError, match=r"recurrent_dropout=0\.5"):
        LSTHMCell(UNITS, recurrent_dropout=0.5)
