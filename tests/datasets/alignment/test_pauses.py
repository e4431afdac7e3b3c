"""Pauses kept, dropped or merged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment import Frames, Words, align_words
from support.alignment_cases import cases, forward_interval

TIMES = np.array([[0, 1], [1, 2], [2, 4], [5, 6], [6, 7], [7, 8]], float)
TEXTS = ["sp", "very", "sp", "sp", "good", "sp"]
MODES = ["default", "mmsdk"]
# One frame a second, with the second as its value.
FRAMES = {"visual": Frames(np.arange(9.0)[:, None], np.arange(9)[:, None] + np.array([[0, 1]]))}


def words():
    return Words(TIMES, TEXTS, {"language": np.arange(6.0)[:, None]})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("pauses", "rows", "means"),
    [
        ("keep", [0, 1, 2, 3, 4, 5], [0, 1, 2.5, 5, 6, 7]),
        ("drop", [1, 4], [1, 6]),
        # "very" takes the pause before it, for no word comes sooner, and both pauses after it with
        # the second between them: 0-6. "good" takes the last pause: 6-8.
        ("merge", [1, 4], [2.5, 6.5]),
    ],
)
def test_what_becomes_of_pauses(mode, pauses, rows, means):
    aligned = align_words(words(), FRAMES, mode=mode, pauses=pauses)
    assert aligned.rows.tolist() == rows
    assert aligned.texts.tolist() == [TEXTS[row] for row in rows]
    assert aligned.modalities["visual"].features[:, 0].tolist() == means
    assert aligned.modalities["language"].features[:, 0].tolist() == rows


def test_merged_words_reach_over_their_pauses():
    aligned = align_words(words(), FRAMES, pauses="merge")
    assert aligned.intervals.tolist() == [[0, 6], [6, 8]]
    assert TIMES[1].tolist() == [1, 2]  # the words that were given stay as they are


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pauses", ["drop", "merge"])
def test_a_video_of_pauses_alone_has_no_words(mode, pauses):
    aligned = align_words(Words([[0, 1], [1, 2]], ["sp", "sp"]), FRAMES, mode=mode, pauses=pauses)
    assert aligned.modalities["visual"].features.shape == (0, 1)


@given(cases(forward_interval))
@settings(max_examples=60)
def test_dropping_pauses_leaves_the_other_words_alone(case):
    kept = align_words(case.words, case.frames, pauses="keep")
    dropped = align_words(case.words, case.frames, pauses="drop")
    spoken = kept.texts != "sp"
    assert dropped.rows.tolist() == kept.rows[spoken].tolist()
    for name, modality in dropped.modalities.items():
        np.testing.assert_array_equal(modality.features, kept.modalities[name].features[spoken])


@given(cases(forward_interval))
@settings(max_examples=60)
def test_merging_loses_no_time(case):
    kept = align_words(case.words, case.frames, pauses="keep")
    merged = align_words(case.words, case.frames, pauses="merge")
    if merged.rows.size:
        assert merged.intervals[:, 0].min() == kept.intervals[:, 0].min()
        assert merged.intervals[:, 1].max() == kept.intervals[:, 1].max()
    for row, (start, end) in zip(merged.rows, merged.intervals, strict=True):
        assert start <= case.words.intervals[row, 0]
        assert end >= case.words.intervals[row, 1]


@given(st.sampled_from(MODES), st.sampled_from(["drop", "merge"]))
def test_rows_without_length_are_reported_by_their_row_in_the_file(mode, pauses):
    zero = Words([[0, 1], [1, 1], [1, 2], [2, 2]], ["sp", "a", "b", "sp"])
    aligned = align_words(zero, FRAMES, mode=mode, pauses=pauses)
    kept, skipped = ([2], [1]) if pauses == "drop" else ([1, 2], [])
    assert (aligned.rows.tolist(), aligned.skipped.tolist()) == (kept, skipped)
