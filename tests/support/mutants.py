"""Mistakes to patch into the real layers, each a model that somebody might write.

Every function takes pytest's `monkeypatch` and puts one mistake in.
"""

import keras
import numpy as np
import pytest
from keras import ops

from rmfn_tf.layers import RMFN, Fuse, Highlight, LSTHMCell, Summarize
from support.sequences import UNITS, first

# The two wrong public ports.


def fusion_fed_with_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    """z ignores the data."""
    right = Fuse.call
    monkeypatch.setattr(
        Fuse, "call", lambda self, h, states: right(self, ops.zeros_like(h), states)
    )


def fuse_memory_drawn_at_call_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise at inference."""

    def drawn(self, h):
        shape = (ops.shape(h)[0], self.units)
        return [ops.zeros(shape), keras.random.normal(shape)]

    monkeypatch.setattr(Fuse, "initial_state", drawn)


# LSTHM.


def the_gates_do_not_see_z(monkeypatch: pytest.MonkeyPatch) -> None:
    right = LSTHMCell.step
    monkeypatch.setattr(LSTHMCell, "step", lambda self, x, states, z=None: right(self, x, states))


def only_the_candidate_sees_z(monkeypatch: pytest.MonkeyPatch) -> None:
    right = LSTHMCell.step

    def step(self, projection, states, fusion=None):
        gates = ops.matmul(fusion, self.fusion_kernel)
        seen = ops.reshape(ops.cast([[0], [0], [1], [0]], gates.dtype), (4, 1))
        gates = ops.reshape(ops.reshape(gates, (-1, 4, self.units)) * seen, (-1, 4 * self.units))
        return right(self, projection + gates, states)

    monkeypatch.setattr(LSTHMCell, "step", step)


def gates_packed_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """i, f, o, g: the order of some other libraries."""
    right = LSTHMCell.step

    def step(self, projection, states, fusion=None):
        h, _ = states
        gates = projection + ops.matmul(h, self.recurrent_kernel)
        i, f, g, o = ops.split(gates + ops.matmul(fusion, self.fusion_kernel), 4, axis=-1)
        swapped = ops.concatenate([i, f, o, g], axis=-1)
        return right(self, swapped - ops.matmul(h, self.recurrent_kernel), states)

    monkeypatch.setattr(LSTHMCell, "step", step)


# HIGHLIGHT.


def attention_normalised_per_modality(monkeypatch: pytest.MonkeyPatch) -> None:
    """A softmax over each modality alone instead of all coordinates jointly."""
    sizes = list(first(UNITS, 3).values())

    def softmax(x, axis=-1):
        parts = ops.split(x, np.cumsum(sizes)[:-1].tolist(), axis=-1)
        return ops.concatenate([right(part, axis) for part in parts], axis=-1)

    right = ops.softmax
    monkeypatch.setattr(ops, "softmax", softmax)


def attention_by_sigmoid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "softmax", lambda x, axis=-1: ops.sigmoid(x))


def highlight_without_its_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Highlight.call

    def call(self, h, states):
        highlighted, attention, states = right(self, h, states)
        return highlighted / h.shape[-1], attention, states

    monkeypatch.setattr(Highlight, "call", call)


def highlight_memory_left_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Highlight, "initial_state", lambda self, h: [ops.zeros_like(h)] * 3)


def highlight_starts_from_h(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hidden state u^[0] = h instead of 0."""
    right = Highlight.initial_state

    def initial_state(self, h):
        a, _, memory = right(self, h)
        return [a, h, memory]

    monkeypatch.setattr(Highlight, "initial_state", initial_state)


def the_other_input_of_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """h~^[k] where the default is a^[k]."""
    right = Highlight.call

    def call(self, h, states):
        highlighted, attention, (_, u, memory) = right(self, h, states)
        return highlighted, attention, [highlighted, u, memory]

    monkeypatch.setattr(Highlight, "call", call)


def each_stage_starts_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No decoder: every stage is stage 1."""
    right = Highlight.call
    monkeypatch.setattr(
        Highlight, "call", lambda self, h, states: right(self, h, self.initial_state(h))
    )


# FUSE and SUMMARIZE.


def the_stage_loop_runs_on_from_word_to_word(monkeypatch: pytest.MonkeyPatch) -> None:
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


def fuse_memory_left_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Fuse, "initial_state", lambda self, h: [ops.zeros((ops.shape(h)[0], self.units))] * 2
    )


def stages_joined_in_reverse(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Summarize.call

    def call(self, stages, **arguments):
        reverse = ops.concatenate(ops.split(stages, 3, axis=-1)[::-1], axis=-1)
        return right(self, reverse, **arguments)

    monkeypatch.setattr(Summarize, "call", call)


def only_the_last_stage_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Summarize.call

    def call(self, stages, **arguments):
        last = ops.split(stages, 3, axis=-1)[-1]
        return right(self, ops.tile(last, (1, 3)), **arguments)

    monkeypatch.setattr(Summarize, "call", call)


def summary_without_its_tanh(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Summarize.call
    monkeypatch.setattr(
        Summarize, "call", lambda self, *given, **named: ops.arctanh(right(self, *given, **named))
    )


# The loop over time.


def masked_steps_are_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of the carried state."""
    right = RMFN.call

    def call(self, inputs, mask=None, **arguments):
        outputs, *rest = right(self, inputs, mask=mask, **arguments)
        return outputs * ops.cast(mask, outputs.dtype)[..., None], *rest

    monkeypatch.setattr(RMFN, "call", call)


def the_mask_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RMFN.call
    monkeypatch.setattr(
        RMFN, "call", lambda self, inputs, mask=None, **arguments: right(self, inputs, **arguments)
    )


def the_initial_state_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RMFN.call
    monkeypatch.setattr(
        RMFN,
        "call",
        lambda self, inputs, initial_state=None, **arguments: right(self, inputs, **arguments),
    )


def states_interleaved(monkeypatch: pytest.MonkeyPatch) -> None:
    """h, c of one modality, then of the next, instead of every h, then every c."""
    right = RMFN.call

    def call(self, *given, **named):
        outputs, *rest = right(self, *given, **named)
        count = len(self.units)
        pairs = zip(rest[:count], rest[count : 2 * count], strict=True)
        return outputs, *[state for pair in pairs for state in pair], *rest[2 * count :]

    monkeypatch.setattr(RMFN, "call", call)


def attention_one_word_late(monkeypatch: pytest.MonkeyPatch) -> None:
    right = RMFN.call

    def call(self, *given, **named):
        *rest, attention = right(self, *given, **named)
        return *rest, ops.roll(attention, 1, axis=1)

    monkeypatch.setattr(RMFN, "call", call)


PUBLIC_PORTS = [fusion_fed_with_zeros, fuse_memory_drawn_at_call_time]

MUTANTS = [
    *PUBLIC_PORTS,
    the_gates_do_not_see_z,
    only_the_candidate_sees_z,
    gates_packed_in_another_order,
    attention_normalised_per_modality,
    attention_by_sigmoid,
    highlight_without_its_scale,
    highlight_memory_left_zero,
    highlight_starts_from_h,
    the_other_input_of_the_decoder,
    each_stage_starts_afresh,
    the_stage_loop_runs_on_from_word_to_word,
    fuse_memory_left_zero,
    stages_joined_in_reverse,
    only_the_last_stage_counts,
    summary_without_its_tanh,
    masked_steps_are_zero,
    the_mask_is_ignored,
    the_initial_state_is_ignored,
    states_interleaved,
    attention_one_word_late,
]
