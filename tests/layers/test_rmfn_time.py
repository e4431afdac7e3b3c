"""RMFN over time: causal, row by row, in pieces, of any length."""

import numpy as np
import pytest
import tensorflow as tf

from support.equations import make_rmfn
from support.sequences import FEATURES, assert_close, features, first, gapped_mask

BATCH, TIME = 3, 5
WIDTHS = first(FEATURES, 3)


@pytest.fixture(scope="module")
def layer():
    return make_rmfn(return_sequences=True, return_state=True)


def run(layer, x, **call):
    """Every result of a call as arrays: outputs, states, attention."""
    outputs, *states, attention = layer(x, return_attention_scores=True, **call)
    return np.asarray(outputs), [np.asarray(s) for s in states], np.asarray(attention)


@pytest.mark.parametrize("modality", ["visual", "acoustic"])
def test_a_word_changes_nothing_before_it_and_everything_after(layer, modality):
    x = features(WIDTHS, BATCH, TIME)
    outputs, _, attention = run(layer, x)
    changed = {m: value.copy() for m, value in x.items()}
    changed[modality][:, 2] += 1.0
    new_outputs, _, new_attention = run(layer, changed)
    np.testing.assert_array_equal(new_outputs[:, :2], outputs[:, :2])
    np.testing.assert_array_equal(new_attention[:, :2], attention[:, :2])
    # After it, every hidden state sees it: the other modalities one word later, through z.
    assert np.abs(new_outputs - outputs)[:, 3:].max(axis=0).min() > 1e-6
    assert np.abs(new_attention - attention)[:, 2:].max(axis=-1).min() > 1e-6


def test_without_feedback_the_hidden_states_do_not_see_the_other_modalities():
    layer = make_rmfn(return_sequences=True, feedback=False)
    x = features(WIDTHS, BATCH, TIME)
    changed = {**x, "language": x["language"] + 1.0}
    visual = slice(0, layer.units["visual"])
    np.testing.assert_array_equal(layer(changed)[..., visual], layer(x)[..., visual])


def test_one_word_at_a_time_is_the_same_as_one_call(layer):
    x, mask = features(WIDTHS, BATCH, TIME), gapped_mask(BATCH, TIME)
    outputs, states, attention = run(layer, x, mask=mask)
    carried = None
    for t in range(TIME):
        word = {m: value[:, t : t + 1] for m, value in x.items()}
        output, carried, weights = run(layer, word, mask=mask[:, t : t + 1], initial_state=carried)
        assert_close(output[:, 0], outputs[:, t], 1e-6)
        assert_close(weights[:, 0], attention[:, t], 1e-6)
    for one, other in zip(carried, states, strict=True):
        assert_close(one, other, 1e-6)


def test_one_word_at_a_time_in_bfloat16_stays_near():
    """States between calls are bfloat16, as Keras' own are."""
    layer = make_rmfn(dtype="mixed_bfloat16", return_state=True)
    x = features(WIDTHS, BATCH, time=3)
    whole = np.asarray(layer(x)[0], "float32")
    carried = None
    for t in range(3):
        word = {m: value[:, t : t + 1] for m, value in x.items()}
        output, *carried = layer(word, initial_state=carried)
    np.testing.assert_allclose(np.asarray(output, "float32"), whole, atol=2e-2)


def test_one_graph_for_every_batch_and_length(layer):
    traces = []

    @tf.function(
        input_signature=[
            {m: tf.TensorSpec((None, None, width)) for m, width in WIDTHS.items()},
            tf.TensorSpec((None, None), tf.bool),
        ]
    )
    def graph(x, mask):
        traces.append(1)
        return layer(x, mask=mask, return_attention_scores=True)

    for batch, time in [(1, 1), (2, 5)]:
        x, mask = features(WIDTHS, batch, time), gapped_mask(batch, time)
        for one, other in zip(
            graph(x, mask), layer(x, mask=mask, return_attention_scores=True), strict=True
        ):
            assert_close(one, other, 1e-5)
    assert len(traces) == 1
