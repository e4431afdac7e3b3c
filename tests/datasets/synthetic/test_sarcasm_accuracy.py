"""Every accuracy that is stated for the sarcasm task, by simulation."""

import numpy as np
import pytest

from rmfn_tf.datasets.synthetic import sarcasm

CODES = {"a": 1, "b": 2, "b3": 3, "c": 2, "d": 3}


def readings(stories, rng):
    """l, and E[code | reading] of each modality's events and distractors (0 where there is none).

    A code c = ±1 read as x = c + N(0, s²) has the posterior mean tanh(x / s²).
    """

    def read(codes, places=None):
        x = codes + sarcasm.CODE_NOISE * rng.standard_normal(len(codes))
        mean = np.tanh(x / sarcasm.CODE_NOISE**2)
        return mean if places is None else np.where(places == sarcasm.NOWHERE, 0, mean)

    return (
        read(stories.sentiment),
        {m: read(stories.events[m], stories.events_at[m]) for m in stories.events},
        {m: read(stories.distractors[m], stories.distractors_at[m]) for m in stories.events},
    )


def accuracy(stories, guess, chosen=slice(None)):
    return np.mean((guess > 0)[chosen] == stories.labels[chosen])


def tolerance(expected, num_examples):
    """Four standard errors, and the rounding of numbers that are stated to three digits."""
    return 4 * np.sqrt(expected * (1 - expected) / num_examples) + 0.0005


@pytest.mark.parametrize(
    ("kind", "stated"), [("a", 0.994), ("b", 0.988), ("b3", 0.982), ("c", 0.988), ("d", 0.982)]
)
def test_bayes_accuracy_of_a_kind(stories, kind, stated):
    """The observer who knows the rules takes the product of what it reads at the right places."""
    word, events, _ = readings(stories, np.random.default_rng(0))
    for codes in events.values():
        word = word * np.where(codes == 0, 1, codes)
    chosen = stories.kinds == kind
    simulated = accuracy(stories, word, chosen)
    assert abs(sarcasm.bayes_accuracy(kind) - stated) < 0.0005
    assert abs(simulated - stated) < tolerance(stated, chosen.sum())
    # By the formula, with e by integration of the noise's density.
    x = np.linspace(-8, -1 / 0.4, 200_001)
    wrong = np.trapezoid(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), x)
    expected = (1 + (1 - 2 * wrong) ** CODES[kind]) / 2
    assert sarcasm.bayes_accuracy(kind) == pytest.approx(expected, abs=1e-8)


def test_bayes_accuracy_of_all():
    assert sarcasm.bayes_accuracy() == pytest.approx(0.9865, abs=5e-5)


def test_the_rules_can_be_read_off_the_features(rendered):
    """The same accuracy from the features alone: markers tell the places, order tells the kind."""
    stories, unrotated, _ = rendered
    rows = np.arange(len(stories.kinds))
    marked = {name: x[..., 1] > 0.5 for name, x in unrotated.items()}
    word = marked["language"].argmax(axis=1)
    guess = unrotated["language"][rows, word, 0]
    for modality in ("visual", "acoustic"):
        counts = marked[modality] & (np.arange(12) >= word[:, np.newaxis])
        assert counts.sum(axis=1).max() == 1
        reading = (unrotated[modality][..., 0] * counts).sum(axis=1)
        guess = guess * np.where(counts.any(axis=1), reading, 1)
    simulated = accuracy(stories, guess)
    assert abs(simulated - 0.9865) < tolerance(0.9865, 3000)


def test_the_floor_of_language_alone(stories):
    word, _, _ = readings(stories, np.random.default_rng(1))
    stated = sarcasm.floors()["language"]
    assert stated == pytest.approx(0.599, abs=0.0005)
    assert abs(accuracy(stories, word) - stated) < tolerance(stated, len(stories.kinds))


def test_the_floor_of_bags(stories):
    """The sign of E[y | the steps of each modality, their order unknown].

    With nv marked visual steps and na acoustic ones, kind a has nv, na distractors; b and c have
    nv - 1, na; b3 and d nv - 1, na - 1. Each number of distractors (0 or 1) is as likely, and
    which of two marked steps is the event is unknown: the mean of both readings stands for it.
    """
    word, events, distractors = readings(stories, np.random.default_rng(2))
    number, mean = {}, {}
    for modality in ("visual", "acoustic"):
        number[modality] = sum(
            (places[modality] != sarcasm.NOWHERE).astype(int)
            for places in (stories.events_at, stories.distractors_at)
        )
        total = events[modality] + distractors[modality]
        mean[modality] = total / np.maximum(number[modality], 1)
    nv, na = number["visual"], number["acoustic"]

    def possible(visual_events, acoustic_events):
        return np.isin(nv - visual_events, (0, 1)) & np.isin(na - acoustic_events, (0, 1))

    expected = word * (
        1 * possible(0, 0)
        + 2 * possible(1, 0) * mean["visual"]
        + 2 * possible(1, 1) * mean["visual"] * mean["acoustic"]
    )
    stated = sarcasm.floors()["bags"]
    assert stated == pytest.approx(0.745, abs=0.0005)
    assert abs(accuracy(stories, expected) - stated) < tolerance(stated, len(stories.kinds))


def test_the_floor_of_guessing(stories):
    stated = sarcasm.floors()["majority"]
    assert stated == 0.5
    assert abs(stories.labels.mean() - stated) < tolerance(stated, len(stories.kinds))
