"""RMFN in float64 NumPy, one sequence and one word at a time.

A transcription of the model's equations, kept as plain as can be: no batch, no vectorisation
over modalities, stages or words, no code shared with `rmfn_tf`. It is what "right" means in the
tests: every layer must give these numbers.

Letters: `x` features of a word (F_m,), `h` and `c` hidden state and memory (d_m,), `z` the
fusion's summary, `a` an attention (d,), `s` a stage's fused vector (f,). Gates are packed
i, f, g, o along the last axis of each kernel, as in Keras' LSTM.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Weights = Mapping[str, Any]


@dataclass(frozen=True)
class Settings:
    """The arguments of RMFN that change its equations; the defaults are the model's."""

    num_stages: int = 3
    highlight: bool = True
    feedback: bool = True
    highlight_memory_mode: str = "dense"
    highlight_input: str = "attention"
    highlight_projection: bool = False
    highlight_scale: str = "dim"
    fuse_memory_mode: str = "trainable"
    summarize_layers: int = 2


@dataclass
class State:
    """What is carried from word to word."""

    h: dict[str, np.ndarray]
    c: dict[str, np.ndarray]
    z: np.ndarray

    def output(self) -> np.ndarray:
        """E = [h^m for m in order ; z]."""
        return np.concatenate([*self.h.values(), self.z])

    def flat(self) -> list[np.ndarray]:
        """h of every modality, then c of every modality, then z."""
        return [*self.h.values(), *self.c.values(), self.z]


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-a))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def dense(x: np.ndarray, weights: Weights) -> np.ndarray:
    return x @ weights["kernel"] + weights["bias"]


def gates_to_state(a: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h_t, c_t) from the packed pre-activations `a` (4d,) and the last memory `c` (d,)."""
    a_i, a_f, a_g, a_o = np.split(a, 4)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * c + i * g
    h = o * np.tanh(c)
    return h, c


def lstm(
    x: np.ndarray, h: np.ndarray, c: np.ndarray, weights: Weights
) -> tuple[np.ndarray, np.ndarray]:
    """One step of a plain LSTM, (h_t, c_t): the decoders of HIGHLIGHT and FUSE."""
    a = x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"]
    return gates_to_state(a, c)


def lsthm(
    x: np.ndarray, h: np.ndarray, c: np.ndarray, z: np.ndarray | None, weights: Weights
) -> tuple[np.ndarray, np.ndarray]:
    """One step of one modality's LSTHM, (h_t, c_t): all four gates see z of the word before."""
    a = x @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights["bias"]
    if z is not None:
        a = a + z @ weights["fusion_kernel"]
    return gates_to_state(a, c)


def highlight_memory(h: np.ndarray, weights: Weights, settings: Settings) -> np.ndarray:
    """M(h_t): the memory that LSTM_H starts with at every word."""
    if settings.highlight_memory_mode == "zeros":
        return np.zeros_like(h)
    return np.tanh(dense(h, weights["highlight_memory"]))


def attention(u: np.ndarray, weights: Weights, settings: Settings) -> np.ndarray:
    """a^[k] from u^[k]: one softmax over all d coordinates."""
    if settings.highlight_projection:
        return softmax(dense(u, weights["highlight_projection"]))
    return softmax(u)


def highlighted(h: np.ndarray, a: np.ndarray, settings: Settings) -> np.ndarray:
    """h~^[k]: what stage k attends to."""
    if settings.highlight_scale == "none":
        return h * a
    return len(h) * h * a


def fuse_memory(weights: Weights, settings: Settings) -> np.ndarray:
    """The memory that LSTM_F starts with at every word; its size is that of LSTM_F's bias / 4."""
    if settings.fuse_memory_mode == "zeros":
        return np.zeros(len(weights["fuse"]["bias"]) // 4)
    return weights["fuse_memory"][0]


def summarize(stages: list[np.ndarray], weights: Weights, settings: Settings) -> np.ndarray:
    """z_t = S([s^[1] .. s^[K]])."""
    joined = np.concatenate(stages)
    if settings.summarize_layers == 2:
        joined = np.maximum(dense(joined, weights["summarize_hidden"]), 0.0)
    return np.tanh(dense(joined, weights["summarize_output"]))


def multistage_fusion(
    h: np.ndarray, weights: Weights, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """(z_t, attention (K, d)) from h_t (d,); the attention is zero without highlight."""
    a = np.zeros_like(h)
    decoder_input = np.zeros_like(h)
    u = np.zeros_like(h)
    u_memory = highlight_memory(h, weights, settings) if settings.highlight else None
    s_memory = fuse_memory(weights, settings)
    s = np.zeros_like(s_memory)

    attentions = []
    stages = []
    for _ in range(settings.num_stages):
        if settings.highlight:
            u, u_memory = lstm(decoder_input, u, u_memory, weights["highlight"])
            a = attention(u, weights, settings)
            h_k = highlighted(h, a, settings)
            decoder_input = a if settings.highlight_input == "attention" else h_k
        else:
            h_k = h
        attentions.append(a)
        s, s_memory = lstm(h_k, s, s_memory, weights["fuse"])
        stages.append(s)
    z = summarize(stages, weights, settings)
    return z, np.array(attentions)


def rmfn_step(
    x: dict[str, np.ndarray], state: State, weights: Weights, settings: Settings
) -> tuple[State, np.ndarray]:
    """One word: the state after it, and its attention (K, d)."""
    h, c = {}, {}
    for m in state.h:
        z = state.z if settings.feedback else None
        h[m], c[m] = lsthm(x[m], state.h[m], state.c[m], z, weights["lsthm"][m])
    z, a = multistage_fusion(np.concatenate(list(h.values())), weights, settings)
    return State(h, c, z), a


def rmfn_sequence(
    x: dict[str, np.ndarray],
    mask: np.ndarray,
    state: State,
    weights: Weights,
    settings: Settings,
) -> tuple[np.ndarray, State, np.ndarray]:
    """One sequence: outputs (T, d+z), the last state, attention (T, K, d).

    `x[m]` is (T, F_m), `mask` (T,) is false where a step is padding. The order of modalities is
    that of `state.h`.
    """
    d = sum(len(h) for h in state.h.values())
    outputs, attentions = [], []
    for t in range(len(mask)):
        if mask[t]:
            state, a = rmfn_step({m: x[m][t] for m in state.h}, state, weights, settings)
        else:
            a = np.zeros((settings.num_stages, d))
        outputs.append(state.output())
        attentions.append(a)
    return np.array(outputs), state, np.array(attentions)


@dataclass
class Result:
    """A batch of sequences: everything RMFN can return."""

    outputs: np.ndarray  # (B, T, d+z)
    states: list[np.ndarray]  # h of every modality, c of every modality, z: (B, size) each
    attention: np.ndarray  # (B, T, K, d)

    @property
    def last(self) -> np.ndarray:
        """E (B, d+z) = [h_T ; z_T] at each sequence's own last real word."""
        return self.outputs[:, -1]


def rmfn(
    x: dict[str, np.ndarray],
    weights: Weights,
    settings: Settings | None = None,
    mask: np.ndarray | None = None,
    initial_state: list[np.ndarray] | None = None,
) -> Result:
    """RMFN over a batch: `x[m]` (B, T, F_m), `mask` (B, T), `initial_state` as in `State.flat`.

    The order of modalities is that of `weights["lsthm"]`.
    """
    settings = settings or Settings()
    names = list(weights["lsthm"])
    batch, time = x[names[0]].shape[:2]
    mask = np.ones((batch, time), bool) if mask is None else mask
    outputs, finals, attentions = [], [], []
    for n in range(batch):
        start = (
            first_state(weights)
            if initial_state is None
            else given_state(names, [value[n] for value in initial_state])
        )
        sequence = {m: np.asarray(x[m][n], np.float64) for m in names}
        o, final, a = rmfn_sequence(sequence, mask[n], start, weights, settings)
        outputs.append(o)
        finals.append(final.flat())
        attentions.append(a)
    states = [np.array(values) for values in zip(*finals, strict=True)]
    return Result(np.array(outputs), states, np.array(attentions))


def first_state(weights: Weights) -> State:
    """All zero. Sizes are read off the weights."""
    sizes = {m: len(w["recurrent_kernel"]) for m, w in weights["lsthm"].items()}
    return State(
        h={m: np.zeros(size) for m, size in sizes.items()},
        c={m: np.zeros(size) for m, size in sizes.items()},
        z=np.zeros(len(weights["summarize_output"]["bias"])),
    )


def given_state(names: list[str], values: list[np.ndarray]) -> State:
    """The inverse of `State.flat`."""
    values = [np.asarray(value, np.float64) for value in values]
    count = len(names)
    return State(
        h=dict(zip(names, values[:count], strict=True)),
        c=dict(zip(names, values[count : 2 * count], strict=True)),
        z=values[-1],
    )
