"""The comparison with the equations kills wrong models, among them the two public ports.

Each mutant is the real layer with one mistake patched in. It must fail the comparison that the
real layer passes; so this file measures the suite, not the layers.
"""

import keras
import numpy as np
import pytest
from keras import ops

from rmfn_tf.layers import RMFN, Fuse, Highlight, LSTHMCell
from support import reference
from support.equations import assert_equals_reference, make_fusion, make_rmfn, random_state
from support.reference import Settings
from support.sequences import FEATURES, UNITS, assert_close, features, first, gapped_mask
from support.weights import weights_of


def fusion_fed_with_zeros(monkeypatch):
    """A public port: z ignores the data."""
    right = Fuse.call
    monkeypatch.setattr(
        Fuse, "call", lambda self, h, states: right(self, ops.zeros_like(h), states)
    )


def fuse_memory_drawn_at_call_time(monkeypatch):
    """A public port: noise at inference."""

    def drawn(self, h):
        shape = (ops.shape(h)[0], self.units)
        return [ops.zeros(shape), keras.random.normal(shape)]

    monkeypatch.setattr(Fuse, "initial_state", drawn)


def gates_packed_in_another_order(monkeypatch):
    """i, f, o, g: the order of some other libraries."""
    right = LSTHMCell.step

    def step(self, projection, states, fusion=None):
        past = ops.matmul(states[0], self.recurrent_kernel)
        gates = projection + past + ops.matmul(fusion, self.fusion_kernel)
        i, f, g, o = ops.split(gates, 4, axis=-1)
        return right(self, ops.concatenate([i, f, o, g], axis=-1) - past, states)

    monkeypatch.setattr(LSTHMCell, "step", step)


def attention_normalised_per_modality(monkeypatch):
    """A softmax over each modality alone instead of all coordinates jointly."""
    sizes = list(first(UNITS, 3).values())
    right = ops.softmax

    def softmax(x, axis=-1):
        parts = ops.split(x, np.cumsum(sizes)[:-1].tolist(), axis=-1)
        return ops.concatenate([right(part, axis) for part in parts], axis=-1)

    monkeypatch.setattr(ops, "softmax", softmax)


def each_stage_starts_afresh(monkeypatch):
    """No decoder: every stage is stage 1."""
    right = Highlight.call
    monkeypatch.setattr(
        Highlight, "call", lambda self, h, states: right(self, h, self.initial_state(h))
    )


def the_stage_loop_runs_on_from_word_to_word(monkeypatch):
    """FUSE's state is carried over time instead of starting afresh."""
    right_call, right_start = Fuse.call, Fuse.initial_state
    last = {}

    def call(self, highlighted, states):
        output, last["states"] = right_call(self, highlighted, states)
        return output, last["states"]

    monkeypatch.setattr(Fuse, "call", call)
    monkeypatch.setattr(
        Fuse, "initial_state", lambda self, h: last.get("states") or right_start(self, h)
    )


def masked_steps_are_zero(monkeypatch):
    """Instead of the carried state."""
    right = RMFN.call

    def call(self, inputs, mask=None, **arguments):
        outputs, *rest = right(self, inputs, mask=mask, **arguments)
        return outputs * ops.cast(mask, outputs.dtype)[..., None], *rest

    monkeypatch.setattr(RMFN, "call", call)


def states_interleaved(monkeypatch):
    """h, c of one modality, then of the next, instead of every h, then every c."""
    right = RMFN.call

    def call(self, *given, **named):
        outputs, *rest = right(self, *given, **named)
        count = len(self.units)
        pairs = zip(rest[:count], rest[count : 2 * count], strict=True)
        return outputs, *[state for pair in pairs for state in pair], *rest[2 * count :]

    monkeypatch.setattr(RMFN, "call", call)


PUBLIC_PORTS = [fusion_fed_with_zeros, fuse_memory_drawn_at_call_time]
MUTANTS = [
    *PUBLIC_PORTS,
    gates_packed_in_another_order,
    attention_normalised_per_modality,
    each_stage_starts_afresh,
    the_stage_loop_runs_on_from_word_to_word,
    masked_steps_are_zero,
    states_interleaved,
]


@pytest.fixture(scope="module")
def layer():
    return make_rmfn(return_sequences=True, return_state=True)


def compare(layer):
    """The comparison that `test_rmfn_equations.py` makes."""
    x = features(first(FEATURES, 3), time=3)
    assert_equals_reference(layer, Settings(), x, gapped_mask(3, 3), random_state(layer, 3))


def test_the_layer_itself_survives(layer):
    compare(layer)


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__)
def test_a_mutant_is_killed(mutate, layer, monkeypatch):
    mutate(monkeypatch)
    with pytest.raises(AssertionError, match=r"off by|shape"):
        compare(layer)


def test_modalities_in_alphabetical_order_are_killed():
    """The same weights by name, the order of Keras' flattening instead of that of `units`."""
    right = make_rmfn()
    wrong = make_rmfn(units=dict(sorted(right.units.items())))
    by_path = {w.path.split("/", 1)[1]: w for w in right.weights}
    for weight in wrong.weights:
        weight.assign(by_path[weight.path.split("/", 1)[1]])
    x = features(first(FEATURES, 3))
    expected = reference.rmfn(x, weights_of(right)).last
    assert_close(right(x), expected, 1e-5)
    with pytest.raises(AssertionError, match="off by"):
        assert_close(wrong(x), expected, 1e-5)


@pytest.mark.parametrize("mutate", [None, *PUBLIC_PORTS])
def test_a_public_port_is_noisy_or_deaf(mutate, monkeypatch):
    """Without any reference: z must depend on h, and two calls must give the same bits."""
    fusion = make_fusion(Settings(), 6)
    if mutate:
        mutate(monkeypatch)
    h = np.random.default_rng(0).uniform(-1, 1, size=(2, 6)).astype("float32")
    one, again, other = (np.asarray(fusion(value)) for value in (h, h, -h))
    noisy = (one != again).any()
    deaf = np.abs(one - other).max() < 1e-3
    assert (noisy or deaf) == (mutate is not None)
