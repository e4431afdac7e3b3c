"""Words one row late: found where they are, not found where they are not."""

import numpy as np
import pytest

from rmfn_tf.datasets.alignment.align import Words
from rmfn_tf.datasets.alignment.word_shift import detect_word_shift


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


@pytest.mark.parametrize("late", [0, 1])
def test_is_found_from_the_letters_alone(late):
    found = detect_word_shift(videos(1000, late))
    assert found.shift == late
    right, wrong = (found.r_as_stored, found.r_shifted)[:: -1 if late else 1]
    assert right > 0.6
    assert abs(wrong) < 0.2
    assert ("one row late" in found.summary) == bool(late)
    assert f"{found.words}" in found.summary


def test_a_mended_file_is_in_place():
    late = videos(1000, True)
    mended = [Words(words.intervals[:-1], words.texts[1:]) for words in late]
    found = detect_word_shift(mended)
    assert found.shift == 0
    assert found.r_as_stored == pytest.approx(detect_word_shift(videos(1000, True)).r_shifted)


@pytest.mark.parametrize(("num_words", "shift"), [(400, 0), (600, 1)])
def test_few_words_decide_nothing(num_words, shift):
    found = detect_word_shift(videos(num_words, True, pauses=0))
    assert found.r_shifted - found.r_as_stored > 0.5
    assert found.shift == shift
    assert ("too few" in found.summary) == (shift == 0)


def test_a_small_rise_decides_nothing():
    rng = np.random.default_rng(1)
    letters = rng.integers(1, 10, 1000)
    seconds = 0.015 * np.roll(letters, -1) + rng.uniform(0, 1, 1000)
    ends = np.cumsum(seconds)
    words = Words(np.stack([ends - seconds, ends], axis=1), ["w" * count for count in letters])
    found = detect_word_shift([words])
    assert 0.05 < found.r_shifted - found.r_as_stored < 0.2
    assert found.shift == 0


def test_pauses_are_no_words():
    """Long pauses would hide the defect, for "sp" has two letters."""
    found = detect_word_shift(videos(1000, True, pauses=0.4))
    assert found.shift == 1
    assert 500 < found.words < 700


@pytest.mark.parametrize("texts", [[], ["a"], ["sp", "sp"], ["a", "b", "c"]])
def test_what_does_not_vary_correlates_with_nothing(texts):
    intervals = np.arange(len(texts))[:, None] + np.array([[0.0, 1.0]])
    found = detect_word_shift([Words(intervals, texts)])
    assert (found.r_as_stored, found.r_shifted, found.shift) == (0.0, 0.0, 0)


def test_texts_are_needed():
    with pytest.raises(ValueError, match="no texts"):
        detect_word_shift([Words([[0, 1]])])
