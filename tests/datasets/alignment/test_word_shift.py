"""Words one row late: found where they are, not found where they are not."""

import numpy as np
import pytest

from rmfn_tf.datasets.alignment.align import Words
from rmfn_tf.datasets.alignment.word_shift import detect_word_shift
from support.alignment_cases import correlations


def videos(num_words, late, pauses=0.2):
    """Videos of 100 words whose duration grows with their letters."""
    rng = np.random.default_rng(5)
    for _ in range(num_words // 100):
        letters = rng.integers(1, 10, 100)
        texts = np.array(["w" * count for count in letters])
        is_pause = rng.random(100) < pauses
        texts[is_pause] = "sp"
        seconds = 0.05 * letters + rng.uniform(0.02, 0.3, 100)
        seconds[is_pause] = rng.uniform(0.1, 2, is_pause.sum())
        ends = np.cumsum(seconds)
        words = Words(np.stack([ends - seconds, ends], axis=1), texts)
        # As published: the texts start one row too early in time.
        yield Words(words.intervals[1:], words.texts[:-1]) if late else words


@pytest.mark.parametrize("late", [False, True])
def test_is_found_from_the_letters_alone(late):
    is_late, said = detect_word_shift(videos(1000, late))
    assert is_late == late == ("one row late" in said)
    right, wrong = correlations(said)[:0:-1] if late else correlations(said)[1:]
    assert right > 0.6
    assert abs(wrong) < 0.2


def test_a_mended_file_is_in_place():
    late = list(videos(1000, True))
    mended = [Words(words.intervals[:-1], words.texts[1:]) for words in late]
    is_late, said = detect_word_shift(mended)
    assert not is_late
    assert correlations(said)[1] == correlations(detect_word_shift(late)[1])[2]


@pytest.mark.parametrize("num_words", [400, 600])
def test_few_words_decide_nothing(num_words):
    is_late, said = detect_word_shift(videos(num_words, True, pauses=0))
    _, as_stored, shifted = correlations(said)
    assert shifted - as_stored > 0.5
    assert is_late == (num_words == 600) == ("too few" not in said)


def test_a_small_rise_decides_nothing():
    rng = np.random.default_rng(1)
    letters = rng.integers(1, 10, 1000)
    seconds = 0.015 * np.roll(letters, -1) + rng.uniform(0, 1, 1000)
    ends = np.cumsum(seconds)
    words = Words(np.stack([ends - seconds, ends], axis=1), ["w" * count for count in letters])
    is_late, said = detect_word_shift([words])
    _, as_stored, shifted = correlations(said)
    assert 0.05 < shifted - as_stored < 0.2
    assert not is_late


def test_pauses_are_no_words():
    """Long pauses would hide the defect, for "sp" has two letters."""
    is_late, said = detect_word_shift(videos(1000, True, pauses=0.4))
    assert is_late
    assert 500 < correlations(said)[0] < 700


@pytest.mark.parametrize("texts", [[], ["a"], ["sp", "sp"], ["a", "b", "c"]])
def test_what_does_not_vary_correlates_with_nothing(texts):
    intervals = np.arange(len(texts))[:, None] + np.array([[0.0, 1.0]])
    is_late, said = detect_word_shift([Words(intervals, texts)])
    assert (is_late, *correlations(said)[1:]) == (False, 0.0, 0.0)


def test_texts_are_needed():
    with pytest.raises(ValueError, match="no texts"):
        detect_word_shift([Words([[0, 1]])])
