"""Names, what is skipped, and words at the boundaries of segments."""

import numpy as np
import pytest

from rmfn_tf.datasets.alignment import Frames, Words, align_words, group_segments

WORDS = Words([[0, 1], [1, 2], [2, 3]], ["so", "very", "good"], {"language": np.eye(3)})
MODES = ["default", "mmsdk"]


def every(seconds, count):
    starts = np.arange(count)[:, None] * seconds
    return Frames(np.arange(count, dtype=np.float32)[:, None], starts + np.array([[0, seconds]]))


@pytest.mark.parametrize("mode", MODES)
def test_rows_that_are_skipped_still_count(mode):
    aligned = align_words(WORDS, {"visual": every(0.5, 6)}, mode=mode)
    segments = group_segments(aligned, [[0, 1], [1, 1], [8, 9], [1, 3]], "clip[a]")
    assert [each.name for each in segments.segments] == ["clip[a][0]", "clip[a][3]"]
    assert [each.row for each in segments.segments] == [0, 3]
    assert segments.skipped == ("clip[a][1]",)
    assert segments.without_words == ("clip[a][2]",)


@pytest.mark.parametrize("mode", MODES)
def test_a_word_across_a_boundary_goes_to_both(mode):
    aligned = align_words(WORDS, {"visual": every(0.5, 6)}, mode=mode)
    first, second = group_segments(aligned, [[0, 1.5], [1.5, 3]], "v").segments
    assert first.texts.tolist() == ["so", "very"]
    assert second.texts.tolist() == ["very", "good"]
    assert first.modalities["visual"].features[:, 0].tolist() == [0.5, 2.5]
    assert second.modalities["visual"].features[:, 0].tolist() == [2.5, 4.5]
    cut = [[1.5, 2], [2, 3]] if mode == "mmsdk" else [[1, 2], [2, 3]]
    assert second.intervals.tolist() == cut


def test_only_the_sdk_falls_out_of_step():
    """The one frame of "very" lies before the boundary, so the SDK lets it go to one side only."""
    frames = {"visual": Frames([[7.0]], [[1.1, 1.3]]), "acoustic": every(0.5, 6)}
    rows = {}
    for mode in MODES:
        segment = group_segments(align_words(WORDS, frames, mode=mode), [[1.5, 3]], "v").segments[0]
        rows[mode] = {name: len(each.features) for name, each in segment.modalities.items()}
        assert segment.texts.tolist() == ["very", "good"]
    assert rows["default"] == {"language": 2, "visual": 2, "acoustic": 2}
    assert rows["mmsdk"] == {"language": 2, "visual": 1, "acoustic": 2}


def test_a_modality_may_have_no_rows_in_the_sdk():
    frames = {"visual": Frames([[7.0]], [[1.1, 1.3]])}
    aligned = align_words(WORDS, frames, mode="mmsdk")
    (segment,) = group_segments(aligned, [[1.5, 2]], "v").segments
    assert segment.modalities["visual"].features.shape == (0, 1)
    assert segment.modalities["language"].features.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("mode", MODES)
def test_words_in_a_segment_are_in_the_order_of_their_starts(mode):
    words = Words([[2, 3], [0, 1], [0, 2]], ["c", "a", "b"])
    segment = group_segments(align_words(words, {}, mode=mode), [[0, 3]], "v").segments[0]
    assert segment.texts.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_align(mode):
    aligned = align_words(Words([], [], {"language": np.zeros((0, 3))}), {}, mode=mode)
    assert aligned.modalities["language"].features.shape == (0, 3)
    assert group_segments(aligned, [[0, 1]], "v").without_words == ("v[0]",)
    no_frames = {"visual": Frames(np.zeros((0, 4)), [])}
    aligned = align_words(WORDS, no_frames, mode=mode)
    assert aligned.modalities["visual"].features.tolist() == np.zeros((3, 4)).tolist()
    assert not aligned.modalities["visual"].has_frames.any()
    assert group_segments(aligned, [], "v").segments == ()
