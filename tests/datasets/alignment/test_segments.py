"""What is dropped, words at the boundaries of segments, word vectors, and mistakes."""

import numpy as np
import pytest

from rmfn_tf.datasets.alignment.align import Frames, Words, align_video, match_words
from support.alignment_cases import EVERYTHING

TIMES = np.array([[0, 1], [1, 2], [2, 3]], float)
WORDS = Words(TIMES, ["so", "very", "good"])
LANGUAGE = {"language": Frames(np.eye(3), TIMES)}
MODES = ["default", "mmsdk"]


def every(seconds, count):
    starts = np.arange(count)[:, None] * seconds
    return Frames(np.arange(count, dtype=np.float32)[:, None], starts + np.array([[0, seconds]]))


@pytest.mark.parametrize("mode", MODES)
def test_rows_that_are_dropped_still_count(mode):
    segments = [[0, 1], [1, 1], [8, 9], [1, 3]]
    found = align_video(WORDS, LANGUAGE, segments, mode=mode)
    assert [each.row for each in found.segments] == [0, 3]
    assert found.dropped == {1: "zero length", 2: "no words"}


@pytest.mark.parametrize("mode", MODES)
def test_a_word_across_a_boundary_goes_to_both(mode):
    frames = {"visual": every(0.5, 6), **LANGUAGE}
    first, second = align_video(WORDS, frames, [[0, 1.5], [1.5, 3]], mode=mode).segments
    assert list(first.features) == ["visual", "language"]
    assert first.texts.tolist() == ["so", "very"]
    assert second.texts.tolist() == ["very", "good"]
    assert first.features["visual"][:, 0].tolist() == [0.5, 2.5]
    assert second.features["visual"][:, 0].tolist() == [2.5, 4.5]
    cut = [[1.5, 2], [2, 3]] if mode == "mmsdk" else [[1, 2], [2, 3]]
    assert second.intervals.tolist() == cut


def test_only_the_sdk_falls_out_of_step():
    """The one frame of "very" lies before the boundary, so the SDK lets it go to one side only."""
    frames = {"visual": Frames([[7.0]], [[1.1, 1.3]]), "acoustic": every(0.5, 6)}
    seen = {}
    for mode in MODES:
        found = align_video(WORDS, frames, [[1.5, 3], [1.5, 2]], mode=mode)
        assert found.segments[0].texts.tolist() == ["very", "good"]
        seen[mode] = [each.features["visual"].tolist() for each in found.segments]
        assert found.out_of_step == (2 if mode == "mmsdk" else 0)
    assert seen == {"default": [[[7], [0]], [[7]]], "mmsdk": [[[0], [0]], [[0]]]}


def test_the_sdk_has_no_row_for_a_word_that_no_modality_has():
    frames = {"visual": Frames([[7.0], [8.0]], [[1.1, 1.3], [2.1, 2.2]])}
    found = align_video(WORDS, frames, [[1.5, 3], [1.5, 2]], mode="mmsdk")
    assert [each.texts.tolist() for each in found.segments] == [["good"]]
    assert (found.dropped, found.out_of_step) == ({1: "no words"}, 0)


@pytest.mark.parametrize("mode", MODES)
def test_words_in_a_segment_are_in_the_order_of_their_starts(mode):
    words = Words([[2, 3], [0, 1], [0, 2]], ["c", "a", "b"])
    (segment,) = align_video(words, {}, [[0, 3]], mode=mode).segments
    assert segment.texts.tolist() == ["a", "b", "c"]
    assert segment.features == {}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_align(mode):
    nothing = {"visual": Frames(np.zeros((0, 4)), [])}
    assert align_video(Words([], []), nothing, [[0, 1]], mode=mode).dropped == {0: "no words"}
    assert align_video(WORDS, nothing, [], mode=mode).segments == []
    (segment,) = align_video(Words(TIMES), nothing, [[0, 3]], mode=mode).segments
    assert segment.features["visual"].tolist() == np.zeros((3, 4)).tolist()
    assert segment.texts is None


PAUSED = Words([*TIMES.tolist(), [3, 4]], ["a", "sp", "b", "sp"])


@pytest.mark.parametrize(
    ("words", "rows", "places"),
    [
        (WORDS, [0, 1, 2], [0, 1, 2]),
        (WORDS, [2, 0, 1], [1, 2, 0]),
        (Words(TIMES), [0, 1, 2], [0, 1, 2]),
        (Words(TIMES[[0, 1, 1]]), [0, 1, 1], [0, 1, 2]),
        (PAUSED, [0, 2], [0, -1, 1, -1]),
        (PAUSED, [2, 1, 0], [2, 1, 0, -1]),
        (PAUSED, [0, 1], None),
        (WORDS, [0, 1], None),
        (Words(TIMES), [0, 1], None),
        (WORDS, [0, 1, 1], None),
        (WORDS, [0, 1, 2, 2], None),
        (Words(TIMES[[0, 1, 1]]), [0, 1], None),
        (WORDS, [], None),
        (Words(TIMES + 1e-9), [0, 1, 2], None),
    ],
)
def test_frames_at_the_words_own_times_are_word_vectors(words, rows, places):
    found = match_words(Frames(np.ones((len(rows), 2)), TIMES[rows]), words)
    assert (None if found is None else found.tolist()) == places


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pauses", ["keep", "drop"])
def test_vectors_move_with_their_words(mode, pauses):
    """Each word was spoken in the interval of the row before; the voice stays where it is."""
    frames = {"language": Frames([[20], [10]], TIMES[[2, 0]]), "acoustic": every(0.5, 8)}
    found = align_video(PAUSED, frames, EVERYTHING, mode=mode, pauses=pauses, shift=True)
    (segment,) = found.segments
    rows = list(
        zip(
            segment.texts.tolist(),
            segment.intervals.tolist(),
            segment.features["language"][:, 0].tolist(),
            segment.features["acoustic"][:, 0].tolist(),
            strict=True,
        )
    )
    expected = [("sp", [0, 1], 0, 0.5), ("b", [1, 2], 20, 2.5), ("sp", [2, 3], 0, 4.5)]
    assert rows == (expected if pauses == "keep" else [expected[1]])


@pytest.mark.parametrize("count", [0, 1])
def test_a_video_of_one_word_has_none_left_after_a_shift(count):
    words = Words(np.array([[0.0, 1.0]] * count).reshape(-1, 2), ["a"] * count)
    assert align_video(words, {}, EVERYTHING, shift=True).dropped == {0: "no words"}


ONE = np.array([[0.0, 1.0]])
NAN = np.array([[0.0, 1.0], [1.0, np.nan]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Words([0.0, 1.0]), r"intervals of the words .*\(n, 2\).*\(2,\)"),
        (lambda: Words([[0.0, 1.0, 2.0]]), r"\(1, 3\)"),
        (lambda: Words(NAN), r"intervals of the words .*finite .*shape \(2, 2\): .*1.0, nan"),
        (lambda: Words(ONE, ["a", "b"]), r"1 strings.*shape \(2,\)"),
        (lambda: Frames(np.zeros((2, 3)), ONE), r"features.*\(1, F\).*\(2, 3\)"),
        (lambda: Frames(np.array([["a"]]), ONE), "numbers"),
        (lambda: Frames(np.zeros((2, 3)), NAN), "intervals of the frames must be finite"),
        (lambda: align_video(Words(ONE), {}, ONE, mode="sdk"), "unknown mode 'sdk'"),
        (lambda: align_video(Words(ONE), {}, ONE, pauses="no"), "unknown pauses 'no'"),
        (lambda: align_video(Words(ONE), {}, ONE, pauses="drop"), "no texts"),
        (lambda: align_video(Words(ONE), {}, NAN), "intervals of the segments must be finite"),
    ],
)
def test_what_was_received_and_how_to_mend_it(call, message):
    with pytest.raises(ValueError, match=message):
        call()
