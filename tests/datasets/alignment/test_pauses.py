"""Pauses kept, dropped or merged."""

import numpy as np
import pytest
from hypothesis import given, settings

from rmfn_tf.datasets.alignment.align import Frames, Words, align_video
from support.alignment_cases import EVERYTHING, cases, forward_interval

TIMES = np.array([[0, 1], [1, 2], [2, 4], [5, 6], [6, 7], [7, 8]], float)
WORDS = Words(TIMES, ["sp", "very", "sp", "sp", "good", "sp"])
MODES = ["default", "mmsdk"]
# One frame a second, with the second as its value.
FRAMES = {
    "language": Frames(np.arange(6.0)[:, None], TIMES),
    "visual": Frames(np.arange(9.0)[:, None], np.arange(9)[:, None] + np.array([[0, 1]])),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("pauses", "rows", "means", "times"),
    [
        ("keep", [0, 1, 2, 3, 4, 5], [0, 1, 2.5, 5, 6, 7], TIMES.tolist()),
        ("drop", [1, 4], [1, 6], [[1, 2], [6, 7]]),
        # "very" takes the pause before it, for no word comes sooner, and both pauses after it with
        # the second between them: 0-6. "good" takes the last pause: 6-8.
        ("merge", [1, 4], [2.5, 6.5], [[0, 6], [6, 8]]),
    ],
)
def test_what_becomes_of_pauses(mode, pauses, rows, means, times):
    (segment,) = align_video(WORDS, FRAMES, EVERYTHING, mode=mode, pauses=pauses).segments
    assert segment.texts.tolist() == [WORDS.texts[row] for row in rows]
    assert segment.features["visual"][:, 0].tolist() == means
    assert segment.features["language"][:, 0].tolist() == rows
    assert segment.intervals.tolist() == times
    assert TIMES[1].tolist() == [1, 2]  # the words that were given stay as they are


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pauses", ["drop", "merge"])
def test_a_video_of_pauses_alone_has_no_words(mode, pauses):
    words = Words([[0, 1], [1, 2]], ["sp", "sp"])
    found = align_video(words, FRAMES, EVERYTHING, mode=mode, pauses=pauses)
    assert found.dropped == {0: "no words"}


@given(cases(forward_interval))
@settings(max_examples=60)
def test_dropping_pauses_leaves_the_other_words_alone(case):
    kept = align_video(case.words, case.frames, EVERYTHING).segments
    dropped = align_video(case.words, case.frames, EVERYTHING, pauses="drop").segments
    spoken = kept[0].texts != "sp" if kept else np.zeros(0, bool)
    assert len(dropped) == spoken.any()
    for segment in dropped:
        for name, rows in segment.features.items():
            np.testing.assert_array_equal(rows, kept[0].features[name][spoken])


@given(cases(forward_interval))
@settings(max_examples=60)
def test_merging_loses_no_time(case):
    kept = align_video(case.words, case.frames, EVERYTHING).segments
    for segment in align_video(case.words, case.frames, EVERYTHING, pauses="merge").segments:
        assert segment.intervals[:, 0].min() == kept[0].intervals[:, 0].min()
        assert segment.intervals[:, 1].max() == kept[0].intervals[:, 1].max()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("pauses", "texts"), [("drop", ["b"]), ("merge", ["a", "b"])])
def test_a_word_without_length_may_take_a_pause(mode, pauses, texts):
    words = Words([[0, 1], [1, 1], [1, 2], [2, 2]], ["sp", "a", "b", "sp"])
    found = align_video(words, FRAMES, EVERYTHING, mode=mode, pauses=pauses)
    assert found.segments[0].texts.tolist() == texts
    assert found.words_left_out == 2 - len(texts)
