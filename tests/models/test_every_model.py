"""What holds for every model; test_create_model.py has more of RMFN and EF-LSTM."""

import functools

import keras
import numpy as np
import pytest

from rmfn_tf.models import model_options, sees_future
from support.sequences import assert_close
from support.small_models import (
    EVERY,
    LENGTHS,
    NAMES,
    WIDTHS,
    outputs_of,
    padding,
    random_inputs,
    small_model,
)
from support.weights import place_random_weights

OTHERS = [name for name in EVERY if name not in NAMES]
CAUSAL = [name for name in EVERY if not sees_future(name, {})]
SEEING = [("bc_lstm", {}), ("ef_lstm", {"bidirectional": True}), ("ef_ldhcrf", {})]


@functools.cache
def with_random_weights(name: str, **arguments) -> keras.Model:
    """A model of which no part is idle, as a head of three relu units may be; made once."""
    if "head_units" in model_options(name):
        arguments["head_units"] = 0
    model = small_model(name, **arguments)
    place_random_weights(model)
    last = model.get_layer("prediction")
    if hasattr(last, "start_from"):
        last.start_from(np.linspace(-2, 3, 20)[:, np.newaxis])
    return model


@pytest.mark.parametrize("name", EVERY)
def test_padding_never_matters(name: str) -> None:
    model = with_random_weights(name)
    clean = outputs_of(model)
    for junk in (np.nan, np.inf, 1e30, 0.0):
        inputs = random_inputs()
        for m in WIDTHS:
            inputs[m] = np.where(padding()[..., None], np.float32(junk), inputs[m])
        np.testing.assert_array_equal(outputs_of(model, inputs), clean, err_msg=str(junk))
    for row, length in list(enumerate(LENGTHS))[1:3]:
        alone = {m: inputs[m][row : row + 1, :length] for m in WIDTHS}
        alone["lengths"] = LENGTHS[row : row + 1]
        assert_close(outputs_of(model, alone)[0], clean[row], 1e-5)


@pytest.mark.parametrize("name", CAUSAL)
def test_the_output_of_a_step_is_that_of_the_sequence_cut_after_it(name: str) -> None:
    model, short = with_random_weights(name, return_sequences=True), with_random_weights(name)
    model.set_weights(short.get_weights())
    whole = outputs_of(model)
    for step in range(4):
        rows = step < LENGTHS
        inputs = {m: random_inputs()[m][rows, : step + 1] for m in WIDTHS}
        inputs["lengths"] = np.full(rows.sum(), step + 1, "int32")
        assert_close(outputs_of(short, inputs), whole[rows, step], 1e-5)


@pytest.mark.parametrize(("name", "options"), SEEING)
def test_what_sees_the_future_is_known_to(name: str, options: dict) -> None:
    model = with_random_weights(name, return_sequences=True, **options)
    assert sees_future(name, options)
    inputs = random_inputs()
    last = LENGTHS - 1
    for m in WIDTHS:
        inputs[m][np.arange(len(LENGTHS)), last] += 1.0
    changed = np.abs(outputs_of(model, inputs) - outputs_of(model)).max(axis=-1)
    assert (changed[LENGTHS > 1, 0] > 1e-5).all()


@pytest.mark.parametrize("name", OTHERS)
def test_every_modality_reaches_the_output(name: str) -> None:
    model = with_random_weights(name)
    for m in WIDTHS:
        inputs = random_inputs()
        inputs[m] = inputs[m] + 0.5
        assert np.abs(outputs_of(model, inputs) - outputs_of(model)).max() > 1e-5, m


@pytest.mark.parametrize("name", [x for x in EVERY if model_options(x).get("units", 0) is None])
def test_units_that_are_not_of_the_modalities(name: str) -> None:
    with pytest.raises(ValueError, match="visual"):
        small_model(name, units={"language": 3})
