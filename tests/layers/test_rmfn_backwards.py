"""RMFN from the last word to the first, alone and in `keras.layers.Bidirectional`."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import RMFN
from support.equations import make_rmfn, random_state
from support.sequences import FEATURES, assert_close, features, first, gapped_mask
from support.weights import place_random_weights

pytestmark = pytest.mark.slow

BATCH, TIME = 3, 4
WIDTHS = first(FEATURES, 2)
EVERYTHING = {"return_sequences": True, "return_state": True}
X, MASK = features(WIDTHS, BATCH, TIME), gapped_mask(BATCH, TIME)


def flipped(x):
    return {m: value[:, ::-1] for m, value in x.items()}


def test_backwards_is_forwards_on_flipped_inputs():
    """With everything that is returned for each step in the order of reading."""
    ahead = make_rmfn(modalities=2, **EVERYTHING)
    back = make_rmfn(modalities=2, go_backwards=True, **EVERYTHING)
    call = {"initial_state": random_state(ahead, BATCH), "return_attention_scores": True}
    expected = ahead(flipped(X), mask=MASK[:, ::-1], **call)
    for one, other in zip(back(X, mask=MASK, **call), expected, strict=True):
        assert_close(one, other, 1e-6)


def test_the_mask_of_the_outputs_stands_in_the_order_of_reading():
    masked = {m: keras.layers.Masking()(value * MASK[..., None]) for m, value in X.items()}
    outputs = make_rmfn(modalities=2, return_sequences=True, go_backwards=True)(masked)
    np.testing.assert_array_equal(keras.src.backend.get_keras_mask(outputs), MASK[:, ::-1])


def test_unrolled_it_is_the_same():
    rolled = make_rmfn(modalities=2, go_backwards=True, **EVERYTHING)
    unrolled = make_rmfn(modalities=2, go_backwards=True, unroll=True, **EVERYTHING)
    for one, other in zip(unrolled(X, mask=MASK), rolled(X, mask=MASK), strict=True):
        assert_close(one, other, 1e-6)
    with pytest.raises(ValueError, match="Cannot unroll"):
        unrolled({m: keras.Input((None, width)) for m, width in WIDTHS.items()})


@pytest.mark.parametrize(
    ("return_sequences", "return_state", "merge_mode"),
    [(False, False, "concat"), (True, True, "sum")],
)
def test_bidirectional_is_two_layers_by_hand(return_sequences, return_state, merge_mode):
    arguments = {"fusion_units": 3, "summary_units": 4, "return_sequences": return_sequences}
    layer = RMFN(dict.fromkeys(WIDTHS, 2), return_state=return_state, **arguments)
    both = keras.layers.Bidirectional(layer, merge_mode=merge_mode)
    inputs = {m: keras.Input((None, width), name=m) for m, width in WIDTHS.items()}
    mask = keras.Input((None,), dtype="bool", name="mask")
    model = keras.Model([inputs, mask], both(inputs, mask=mask))
    place_random_weights(both)

    results = keras.tree.flatten(model([X, MASK]))
    by_hand = []
    for part, x, real in [
        (both.forward_layer, X, MASK),
        (both.backward_layer, flipped(X), MASK[:, ::-1]),
    ]:
        alone = RMFN(dict.fromkeys(WIDTHS, 2), return_state=True, **arguments)
        alone.build({m: value.shape for m, value in x.items()})
        alone.set_weights([np.asarray(weight) for weight in part.weights])
        by_hand.append(alone(x, mask=real))
    (ahead, *states), (back, *back_states) = by_hand
    back = back[:, ::-1] if return_sequences else back
    merged = ahead + back if merge_mode == "sum" else np.concatenate([ahead, back], axis=-1)
    expected = [merged, *(states + back_states if return_state else [])]
    assert [r.shape[-1] for r in keras.tree.flatten(model.outputs)] == [
        r.shape[-1] for r in expected
    ]
    for one, other in zip(results, expected, strict=True):
        assert_close(one, other, 1e-5)
