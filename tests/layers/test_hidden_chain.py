"""Sums over all paths of a hidden chain, against trying every path."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from rmfn_tf.layers.hidden_chain import best_path, log_marginals, messages
from support.sequences import assert_close

BATCH, TIME, CHAINS, STATES = 3, 5, 2, 3
# All steps, padded behind, and padded on both sides.
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 1, 1, 0]], bool)


def chain(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    unary = rng.normal(size=(BATCH, TIME, CHAINS, STATES))
    return unary, rng.normal(size=(CHAINS, STATES, STATES))


def every_path(unary, transitions, row: int, number: int) -> dict[tuple[int, ...], float]:
    """Each path of a row's real steps in one chain, with its score."""
    steps = unary[row, MASK[row], number]
    scores = {}
    for path in itertools.product(range(STATES), repeat=len(steps)):
        moves = [transitions[number, a, b] for a, b in itertools.pairwise(path)]
        scores[path] = sum(steps[t, s] for t, s in enumerate(path)) + sum(moves)
    return scores


def rows():
    return itertools.product(range(BATCH), range(CHAINS))


def test_the_sum_and_every_marginal_are_those_of_all_paths() -> None:
    unary, transitions = chain()
    forward = np.asarray(messages(unary, transitions, MASK))
    backward = np.asarray(messages(unary, transitions, MASK, reverse=True))
    marginals = np.exp(log_marginals(unary, transitions, MASK))
    for row, number in rows():
        scores = every_path(unary, transitions, row, number)
        total = logsumexp(list(scores.values()))
        assert_close(logsumexp(forward[row, -1, number]), total, 1e-12)
        assert_close(logsumexp(backward[row, 0, number]), total, 1e-12)
        for place, step in enumerate(np.flatnonzero(MASK[row])):
            for state in range(STATES):
                there = [x for path, x in scores.items() if path[place] == state]
                expected = np.exp(logsumexp(there) - total)
                assert_close(marginals[row, step, number, state], expected, 1e-12)


def test_a_message_is_of_the_paths_up_to_its_step() -> None:
    unary, transitions = chain()
    whole = np.asarray(messages(unary, transitions, MASK))
    for end in range(1, TIME):
        cut = np.asarray(messages(unary[:1, :end], transitions, MASK[:1, :end]))
        assert_close(whole[:1, :end], cut, 1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_path(seed: int) -> None:
    unary, transitions = chain(seed)
    found = np.asarray(best_path(unary, transitions, MASK))
    for row, number in rows():
        scores = every_path(unary, transitions, row, number)
        assert tuple(found[row, MASK[row], number]) == max(scores, key=lambda path: scores[path])


def test_padding_never_matters() -> None:
    unary, transitions = chain()
    spoilt = np.where(MASK[:, :, None, None], unary, np.nan)
    for function in (messages, log_marginals):
        ours, clean = (np.asarray(function(x, transitions, MASK)) for x in (spoilt, unary))
        np.testing.assert_array_equal(ours[MASK], clean[MASK])


def test_gradients_equal_central_differences() -> None:
    unary, transitions = map(tf.constant, chain())

    def loss(unary, transitions):
        of_paths = tf.reduce_logsumexp(messages(unary, transitions, MASK)[:, -1], axis=-1)
        of_steps = log_marginals(unary, transitions, MASK)[..., 0]
        return tf.reduce_sum(of_paths) + tf.reduce_sum(tf.where(MASK[..., None], of_steps, 0.0))

    with tf.GradientTape() as tape:
        tape.watch([unary, transitions])
        value = loss(unary, transitions)
    rng = np.random.default_rng(1)
    for place, gradient in enumerate(tape.gradient(value, [unary, transitions])):
        for _ in range(5):
            direction = rng.normal(size=gradient.shape)
            sides = []
            for sign in (1e-5, -1e-5):
                moved = [unary, transitions]
                moved[place] = moved[place] + sign * direction
                sides.append(float(loss(*moved)))
            slope = (sides[0] - sides[1]) / 2e-5
            assert float(tf.reduce_sum(gradient * direction)) == pytest.approx(slope, rel=1e-6)


def test_long_sequences_have_finite_gradients() -> None:
    rng = np.random.default_rng(0)
    unary = tf.constant(rng.normal(size=(1, 5000, 1, 2)) * 10, "float32")
    transitions = tf.constant(rng.normal(size=(1, 2, 2)) * 10, "float32")

    @tf.function
    def gradients(unary, transitions):
        with tf.GradientTape() as tape:
            tape.watch([unary, transitions])
            last = messages(unary, transitions, tf.ones((1, 5000), bool))[:, -1]
            total = tf.reduce_logsumexp(last)
        return tape.gradient(total, [unary, transitions])

    of_unary, of_transitions = gradients(unary, transitions)
    # They are probabilities of states, and expected numbers of moves.
    assert_close(tf.reduce_sum(of_unary, axis=-1), np.ones((1, 5000, 1)), 1e-3)
    assert float(tf.reduce_sum(of_transitions)) == pytest.approx(4999, rel=1e-3)
