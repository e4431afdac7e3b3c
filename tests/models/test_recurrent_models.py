"""MFN, MARN and MV-LSTM against float64 NumPy, step by step with the same weights."""

import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from rmfn_tf.models.marn import MARNCell
from rmfn_tf.models.mfn import MFNCell
from rmfn_tf.models.mv_lstm import MVLSTMCell
from support.sequences import assert_close
from support.weights import place_random_weights

FEATURES, UNITS = [3, 4, 2], [2, 3, 4]
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
ENDS = np.cumsum(UNITS)[:-1]


def inputs(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 5, sum(FEATURES))).astype("float32")


def run(cell: keras.layers.Layer) -> np.ndarray:
    """The outputs after each step; the weights are random from here on."""
    layer = keras.layers.RNN(cell, return_sequences=True)
    layer.build(inputs().shape)
    place_random_weights(layer)
    return np.asarray(layer(inputs(), mask=MASK))


def numbers(weight) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(weight), "float64")


def two_layers(net, x: np.ndarray, last=lambda x: x) -> np.ndarray:
    """Dense(relu), Dense(last)."""
    (w, b), (v, c) = ([numbers(each) for each in layer.weights] for layer in net.layers)
    return last(np.maximum(x @ w + b, 0) @ v + c)


def gates(a: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, f, g, o = np.split(a, 4, axis=-1)
    c = expit(f) * c + expit(i) * np.tanh(g)
    return expit(o) * np.tanh(c), c


def by_hand(cell, step, memory: int) -> np.ndarray:
    """`step(x, h, c, memory)` over the real steps, h and c as lists; what is left out repeats."""
    outputs = []
    for x, real in zip(inputs(), MASK, strict=True):
        h, c = ([np.zeros(d) for d in UNITS] for _ in "hc")
        state, rows = np.zeros(memory), []
        for t in range(len(x)):
            if real[t]:
                h, c, state = step(np.split(x[t], np.cumsum(FEATURES)[:-1]), h, c, state)
            rows.append(np.concatenate([*h, state]))
        outputs.append(rows)
    return np.array(outputs)


def test_mfn() -> None:
    cell = MFNCell(FEATURES, UNITS, memory_units=3, net_units=5)
    actual = run(cell)

    def step(x, h, c, u):
        before, h, after = c, list(h), []
        for m, lstm in enumerate(cell.lstms):
            kernel, recurrent, bias = map(numbers, lstm.weights)
            h[m], new = gates(x[m] @ kernel + h[m] @ recurrent + bias, before[m])
            after.append(new)
        window = np.concatenate([*before, *after])
        attended = softmax(two_layers(cell.attend, window)) * window
        both = np.concatenate([attended, u])
        proposed = two_layers(cell.propose, attended, np.tanh)
        u = two_layers(cell.keep, both, expit) * u + two_layers(cell.add, both, expit) * proposed
        return h, after, u

    assert_close(actual, by_hand(cell, step, 3), 1e-5)


@pytest.mark.parametrize("attentions", [1, 3])
def test_marn(attentions: int) -> None:
    cell = MARNCell(FEATURES, UNITS, attentions, local_units=2, summary_units=3, net_units=5)
    actual = run(cell)

    def step(x, h, c, z):
        h, c = list(h), list(c)
        for m, lsthm in enumerate(cell.lsthms):
            kernel, recurrent, fusion, bias = (
                numbers(getattr(lsthm, name))
                for name in ("kernel", "recurrent_kernel", "fusion_kernel", "bias")
            )
            h[m], c[m] = gates(x[m] @ kernel + h[m] @ recurrent + z @ fusion + bias, c[m])
        whole = np.concatenate(h)
        logits = two_layers(cell.attend, whole).reshape(attentions, -1)
        attended = np.stack([softmax(each) * whole for each in logits])
        parts = np.split(attended, ENDS, axis=1)
        local = [
            two_layers(reduce, part.ravel())
            for reduce, part in zip(cell.reduce, parts, strict=True)
        ]
        return h, c, two_layers(cell.summarize, np.concatenate(local))

    assert_close(actual, by_hand(cell, step, 3), 1e-5)


@pytest.mark.parametrize(("alpha", "beta"), [(1, 0), (0, 1), (1, 1), (0.5, 0.67)])
@pytest.mark.parametrize("cell_tanh", [True, False])
def test_mv_lstm(alpha: float, beta: float, cell_tanh: bool) -> None:
    cell = MVLSTMCell(FEATURES, UNITS, alpha, beta, cell_tanh)
    actual = run(cell)

    def step(x, h, c, nothing):
        new_h, new_c = [], []
        for m, (kernel, recurrent, bias) in enumerate(cell.weights_of):
            seen = [
                np.where(np.arange(d) < np.floor((alpha if n == m else beta) * d), h[n], 0)
                for n, d in enumerate(UNITS)
            ]
            a = x[m] @ numbers(kernel) + numbers(bias)
            a += np.concatenate(seen) @ numbers(recurrent)
            i, f, g, o = np.split(a, 4)
            memory = expit(f) * c[m] + expit(i) * np.tanh(g)
            new_c.append(memory)
            new_h.append(expit(o) * (np.tanh(memory) if cell_tanh else memory))
        return new_h, new_c, nothing

    assert_close(actual, by_hand(cell, step, 0), 1e-5)


def test_a_share_of_the_units_is_not_lost_to_rounding() -> None:
    """0.29 * 100 is a little less than 29 in floating point."""
    cell = MVLSTMCell([1, 1], [100, 10], alpha=0.29, beta=0.3)
    cell.build((None, 2))
    assert [each.sum() for each in cell.seen] == [29 + 3, 30 + 2]


def test_view_specific_views_are_independent_lstms() -> None:
    cell = MVLSTMCell(FEATURES, UNITS, alpha=1, beta=0)
    actual = np.split(run(cell), ENDS, axis=-1)
    views = np.split(inputs(), np.cumsum(FEATURES)[:-1], axis=-1)
    starts = [0, *ENDS]
    for m, view in enumerate(views):
        kernel, recurrent, bias = map(numbers, cell.weights_of[m])
        lstm = keras.layers.LSTM(UNITS[m], return_sequences=True)
        lstm.build(view.shape)
        own = slice(starts[m], starts[m] + UNITS[m])
        lstm.set_weights([kernel, recurrent[own], bias])
        assert_close(actual[m], lstm(view, mask=MASK), 1e-6)


def test_fully_connected_views_are_one_lstm() -> None:
    """Whose kernel is 0 from a view's features to the gates of another."""
    cell = MVLSTMCell(FEATURES, UNITS, alpha=1, beta=1)
    actual, total = run(cell), sum(UNITS)
    kernel = np.zeros((sum(FEATURES), 4, total))
    recurrent, bias = np.zeros((total, 4, total)), np.zeros((4, total))
    row = start = 0
    for (width, size), weights in zip(
        zip(FEATURES, UNITS, strict=True), cell.weights_of, strict=True
    ):
        w, u, b = map(numbers, weights)
        own = slice(start, start + size)
        kernel[row : row + width, :, own] = w.reshape(width, 4, size)
        recurrent[:, :, own], bias[:, own] = u.reshape(total, 4, size), b.reshape(4, size)
        row, start = row + width, start + size
    lstm = keras.layers.LSTM(total, return_sequences=True)
    lstm.build(inputs().shape)
    lstm.set_weights([each.reshape(*each.shape[:-2], -1) for each in (kernel, recurrent, bias)])
    assert_close(actual, lstm(inputs(), mask=MASK), 1e-6)


@pytest.mark.parametrize("shares", [{"alpha": 1.5}, {"beta": -0.1}])
def test_shares_out_of_range(shares: dict) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        MVLSTMCell(FEATURES, UNITS, **shares)
