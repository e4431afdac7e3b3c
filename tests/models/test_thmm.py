"""THMM: its likelihood, what it finds of the model that drew its data, and what needs memory."""

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.special import logsumexp
from scipy.stats import norm

from rmfn_tf.data import Examples
from rmfn_tf.layers.hidden_chain import messages
from rmfn_tf.models.thmm import thmm
from rmfn_tf.task import Task
from support.sequences import assert_close

TASK = Task("classification", ("y",), num_classes=2)
# Two classes that visit the same two states equally often: one stays in them, the other switches.
MOVES = np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.1, 0.9], [0.9, 0.1]]])
MEANS = {
    "language": np.array([-1.0, 1.0]),
    "acoustic": np.array([1.0, -1.0]),
    "visual": np.array([0.0, 1.0]),
}


def drawn(count: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    features: dict[str, list] = {m: [] for m in MEANS}
    labels = rng.integers(0, 2, count)
    for label in labels:
        state, states = rng.integers(0, 2), []
        for _ in range(8):
            states.append(state)
            state = rng.choice(2, p=MOVES[label, state])
        for m, means in MEANS.items():
            steps = rng.normal(means[states], 0.5)
            features[m].append(steps[:, np.newaxis].astype("float32"))
    return Examples.from_arrays(features, labels)


def log_likelihoods(examples: Examples, moves: np.ndarray) -> np.ndarray:
    """By our own chain of hidden states, of a model whose parameters are known."""
    views = {m: np.stack(x)[..., 0] for m, x in examples.features.items()}
    emitted = sum(norm.logpdf(views[m][..., None], MEANS[m], 0.5) for m in MEANS)
    emitted[:, 0] += np.log(0.5)
    mask = np.ones(emitted.shape[:2], bool)
    forward = messages(emitted[:, :, None], np.log(moves)[None], mask)
    return logsumexp(np.asarray(forward)[:, -1, 0], axis=-1)


def test_our_chain_has_the_likelihood_of_a_plain_hmm() -> None:
    examples = drawn(5, 0)
    model = GaussianHMM(2)
    model.startprob_, model.transmat_ = np.full(2, 0.5), MOVES[0]
    model.means_ = np.stack(list(MEANS.values()), axis=1)
    model.covars_ = np.full((2, 3), 0.25)
    rows = [np.concatenate(x, axis=1) for x in zip(*examples.features.values(), strict=True)]
    assert_close(log_likelihoods(examples, MOVES[0]), [model.score(x) for x in rows], 1e-10)


def test_a_modality_that_is_absent_changes_no_prediction() -> None:
    train, test = drawn(60, 3), drawn(40, 4)
    absent = [
        Examples.from_arrays(
            {**each.features, "odour": [np.zeros((8, 300), "float32")] * len(each)}, each.labels
        )
        for each in (train, test)
    ]
    assert_close(thmm(TASK, *absent, num_states=2), thmm(TASK, train, test, num_states=2), 1e-4)


def test_it_finds_the_model_that_drew_the_data() -> None:
    """Its probabilities are near those of the true parameters, which no pooled feature tells."""
    train, test = drawn(200, 0), drawn(100, 1)
    found = thmm(TASK, train, test, num_states=2)
    ratio = log_likelihoods(test, MOVES[1]) - log_likelihoods(test, MOVES[0])
    right = 1 / (1 + np.exp(-ratio))
    assert np.abs(found[:, 1] - right).mean() < 0.03
    assert (found.argmax(axis=1) == test.labels).mean() > 0.9


def test_a_regression_is_the_mean_of_its_bins() -> None:
    train = drawn(200, 0)
    scores = Examples.from_arrays(train.features, np.where(train.labels == 1, 3.0, -1.0))
    classes = thmm(TASK, train, train, num_states=2)
    values = thmm(Task("regression", ("a",)), scores, scores, num_states=2, num_bins=2)
    assert_close(values[:, 0], 3 * classes[:, 1] - classes[:, 0], 1e-6)


def test_the_same_seed_gives_the_same_numbers() -> None:
    train = drawn(20, 0)
    first, again = (thmm(TASK, train, train, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_without_hmmlearn(monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    with pytest.raises(ValueError, match=r"rmfn-tf\[hmm\]"):
        thmm(TASK, drawn(2, 0), drawn(2, 0))
