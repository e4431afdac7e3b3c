"""What the default mode promises, whatever the words and frames are."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment.align import Frames, Words, align_video
from rmfn_tf.datasets.alignment.members import EPSILON
from support.alignment_cases import (
    EVERYTHING,
    Case,
    any_interval,
    cases,
    exact_moments,
    realistic,
    words_in_turn,
)
from support.alignment_reference import align_frames

exact_interval = st.tuples(exact_moments, exact_moments).map(sorted)


def assert_same(one, other, later=0.0):
    assert one.dropped == other.dropped
    for mine, theirs in zip(one.segments, other.segments, strict=True):
        assert mine.row == theirs.row
        np.testing.assert_array_equal(mine.intervals + later, theirs.intervals)
        for name, features in mine.features.items():
            assert features.tobytes() == theirs.features[name].tobytes()


def just_epsilon():
    words = np.array([[0, EPSILON], [0, 0.25]])
    nothing = Frames(np.ones((1, 1), np.float32), [[5, 6]])
    frames = {"language": Frames(np.ones((2, 2), np.float32), words)}
    return Case(Words(words), frames | dict.fromkeys(["visual", "acoustic"], nothing), EVERYTHING)


def align_all(case, frames=None):
    frames = case.frames if frames is None else frames
    return align_video(case.numbered(), frames, EVERYTHING)


@given(cases(any_interval))
@example(just_epsilon())
@settings(max_examples=150)
def test_means_of_what_is_finite_and_runs_forward(case):
    found = align_all(case)
    words = case.words.intervals
    kept = words[:, 1] - words[:, 0] >= EPSILON
    assert found.words_left_out == np.count_nonzero(~kept)
    # A word of just ε is kept, but no segment shares more than that with it.
    longer = np.flatnonzero(words[:, 1] - words[:, 0] > EPSILON)
    rows = sorted(longer.tolist(), key=lambda row: words[row, 0])
    for name, frames in case.frames.items():
        finite = np.isfinite(frames.features).all(axis=1)
        counted = finite[kept] if name == "language" else finite
        assert found.frames_left_out[name] == np.count_nonzero(~counted)
    if not rows:
        assert found.dropped == {0: "no words"}
        return
    (segment,) = found.segments
    assert segment.texts.tolist() == list(map(str, rows))
    np.testing.assert_array_equal(segment.intervals, words[rows])
    vectors = case.frames["language"].features[rows]
    vectors[~np.isfinite(vectors).all(axis=1)] = 0
    np.testing.assert_array_equal(segment.features["language"], vectors)
    for name in ("visual", "acoustic"):
        frames = case.frames[name]
        finite = np.isfinite(frames.features).all(axis=1)
        items = [
            (start, end, row.astype(np.float64))
            for (start, end), row in zip(
                frames.intervals[finite].tolist(), frames.features[finite], strict=True
            )
            if end >= start
        ]
        means = align_frames(words.tolist(), {}, {name: items})[name]
        size = abs(frames.features[finite]).max(initial=0)
        for row, mean in zip(rows, segment.features[name], strict=True):
            expected = means[row][2] if row in means else np.zeros_like(mean)
            np.testing.assert_allclose(mean, expected, rtol=0, atol=1e-6 * size)


@given(cases(any_interval), st.randoms())
@settings(max_examples=100)
def test_the_order_of_the_frames_does_not_matter(case, random):
    found = align_all(case)
    for _ in range(3):
        shuffled = {}
        for name, frames in case.frames.items():
            order = list(range(len(frames.features)))
            # Vectors of words that have one time are told apart by nothing but their order.
            if name != "language":
                random.shuffle(order)
            shuffled[name] = Frames(frames.features[order], frames.intervals[order])
        assert_same(found, align_all(case, shuffled))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_nor_where_many_frames_have_the_same_times(seed):
    """Three numbers and more give another last bit in another order."""
    rng = np.random.default_rng(seed)
    times = np.array([[0, 1], [0, 2]])[rng.integers(0, 2, 20)]
    features = rng.normal(size=(20, 2)).astype(np.float32)
    order = rng.permutation(20)
    assert_same(
        *(
            align_video(Words([[0, 1]]), {"visual": Frames(features[o], times[o])}, EVERYTHING)
            for o in (slice(None), order)
        )
    )


@given(cases(exact_interval), st.sampled_from([-7.0, 64.0, 4096.0]))
@settings(max_examples=50)
def test_a_later_video_is_the_same_video(case, seconds):
    later = case.shifted(seconds)
    assert_same(
        align_video(case.words, case.frames, case.segments),
        align_video(later.words, later.frames, later.segments),
        seconds,
    )


@pytest.mark.parametrize("mode", ["default", "mmsdk"])
@given(words_in_turn(), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_vectors_are_frames_of_one_word_each(mode, times, seed):
    """Where words do not overlap. One frame more, and they are not known as vectors."""
    vectors = np.random.default_rng(seed).normal(size=(len(times), 2)).astype(np.float32)
    more = np.append(vectors, [[9, 9]], axis=0), np.append(times, [[900, 901]], axis=0)
    assert_same(
        align_video(Words(times), {"language": Frames(vectors, times)}, EVERYTHING, mode=mode),
        align_video(Words(times), {"language": Frames(*more)}, EVERYTHING, mode=mode),
    )


@given(cases(any_interval))
@settings(max_examples=100)
def test_segments_take_whole_words_in_step(case):
    found = align_video(case.numbered(), case.frames, case.segments)
    assert found.out_of_step == 0
    everything = {}
    for segment in align_all(case).segments:
        for index, text in enumerate(segment.texts.tolist()):
            everything[int(text)] = {n: rows[index] for n, rows in segment.features.items()}
    by_row = {segment.row: segment for segment in found.segments}
    words = case.words.intervals.tolist()
    for row, (start, end) in enumerate(case.segments.tolist()):
        inside = [
            word
            for word in everything
            if min(end - words[word][0], words[word][1] - start, end - start) > EPSILON
        ]
        if end - start < EPSILON or not inside:
            reason = "zero length" if end - start < EPSILON else "no words"
            assert found.dropped[row] == reason
            continue
        segment = by_row.pop(row)
        assert segment.texts.tolist() == list(map(str, inside))
        np.testing.assert_array_equal(segment.intervals, case.words.intervals[inside])
        for name, rows in segment.features.items():
            np.testing.assert_array_equal(rows, [everything[word][name] for word in inside])
    assert not by_row


@pytest.mark.parametrize("seed", range(4))
def test_on_clean_data_the_means_are_those_of_the_sdk(seed):
    case = realistic(seed)
    theirs = align_video(case.words, case.frames, EVERYTHING, mode="mmsdk")
    assert_same(align_video(case.words, case.frames, EVERYTHING), theirs)


def test_what_float32_cannot_hold_is_not_finite():
    times = [[0, 2], [2, 3]]
    frames = {
        "language": Frames([[1e300], [1.0]], times),
        "visual": Frames([[1e300], [3.0]], [[0, 1], [1, 2]]),
    }
    found = align_video(Words(times), frames, EVERYTHING)
    assert found.frames_left_out == {"language": 1, "visual": 1}
    assert found.segments[0].features["visual"].tolist() == [[3], [0]]
    assert found.segments[0].features["language"].tolist() == [[0], [1]]
