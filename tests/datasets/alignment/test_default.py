"""What the default mode promises, whatever the words and frames are."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment import EPSILON, Frames, Words, align_words, group_segments
from support.alignment_cases import (
    any_interval,
    cases,
    exact_moments,
    forward_interval,
    realistic,
    words_in_turn,
)
from support.alignment_reference import align_frames

exact_interval = st.tuples(exact_moments, exact_moments).map(sorted)


def assert_same(one, other, later=0.0):
    assert one.modalities.keys() == other.modalities.keys()
    np.testing.assert_array_equal(one.intervals + later, other.intervals)
    for name, modality in one.modalities.items():
        assert modality.features.tobytes() == other.modalities[name].features.tobytes()
        assert modality.has_frames.tolist() == other.modalities[name].has_frames.tolist()


@given(cases(any_interval))
@settings(max_examples=100)
def test_means_of_what_is_finite_and_runs_forward(case):
    aligned = align_words(case.words, case.frames)
    lengths = case.words.intervals[:, 1] - case.words.intervals[:, 0]
    assert aligned.skipped.tolist() == np.flatnonzero(lengths < EPSILON).tolist()
    assert aligned.rows.tolist() == np.flatnonzero(lengths >= EPSILON).tolist()
    np.testing.assert_array_equal(aligned.intervals, case.words.intervals[aligned.rows])
    for name, frames in case.frames.items():
        finite = np.isfinite(frames.features).all(axis=1)
        assert aligned.num_dropped[name] == np.count_nonzero(~finite)
        items = [
            (start, end, row.astype(np.float64))
            for (start, end), row in zip(
                frames.intervals[finite].tolist(), frames.features[finite], strict=True
            )
            if end >= start
        ]
        expected = align_frames(aligned.intervals.tolist(), {}, {name: items})[name]
        modality = aligned.modalities[name]
        assert np.flatnonzero(modality.has_frames).tolist() == sorted(expected)
        assert not modality.features[~modality.has_frames].any()
        assert modality.intervals is aligned.intervals
        for index, (_, _, mean) in expected.items():
            size = max(abs(frames.features[finite]).max(axis=0))
            np.testing.assert_allclose(modality.features[index], mean, rtol=0, atol=1e-6 * size)


@given(cases(any_interval))
@settings(max_examples=100)
def test_own_rows_that_are_not_finite_are_zero_and_marked(case):
    aligned = align_words(case.words, {})
    language, stored = aligned.modalities["language"], case.words.features["language"]
    finite = np.isfinite(stored[aligned.rows]).all(axis=1)
    assert language.has_frames.tolist() == finite.tolist()
    assert aligned.num_dropped == {"language": np.count_nonzero(~finite)}
    np.testing.assert_array_equal(language.features[finite], stored[aligned.rows][finite])
    assert not language.features[~finite].any()


@given(cases(any_interval), st.randoms())
@settings(max_examples=100)
def test_the_order_of_the_frames_does_not_matter(case, random):
    aligned = align_words(case.words, case.frames)
    for _ in range(3):
        shuffled = {}
        for name, frames in case.frames.items():
            order = list(range(len(frames.features)))
            random.shuffle(order)
            shuffled[name] = Frames(frames.features[order], frames.intervals[order])
        assert_same(aligned, align_words(case.words, shuffled))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_nor_where_many_frames_have_the_same_times(seed):
    """Three numbers and more give another last bit in another order."""
    rng = np.random.default_rng(seed)
    times = np.array([[0, 1], [0, 2]])[rng.integers(0, 2, 20)]
    features = rng.normal(size=(20, 2)).astype(np.float32)
    order = rng.permutation(20)
    assert_same(
        align_words(Words([[0, 1]]), {"visual": Frames(features, times)}),
        align_words(Words([[0, 1]]), {"visual": Frames(features[order], times[order])}),
    )


@given(cases(exact_interval), st.sampled_from([-7.0, 64.0, 4096.0]))
@settings(max_examples=100)
def test_a_later_video_is_the_same_video(case, seconds):
    aligned = align_words(case.words, case.frames)
    later = align_words(case.shifted(seconds).words, case.shifted(seconds).frames)
    assert_same(aligned, later, seconds)
    here = group_segments(aligned, case.segments, "v")
    there = group_segments(later, case.segments + seconds, "v")
    assert [each.words.tolist() for each in here.segments] == [
        each.words.tolist() for each in there.segments
    ]


@given(words_in_turn(), cases(forward_interval))
@settings(max_examples=100)
def test_words_aligned_again_are_the_same(words, case):
    once = align_words(Words(words), case.frames)
    again = align_words(
        Words(words),
        {
            name: Frames(each.features[each.has_frames], each.intervals[each.has_frames])
            for name, each in once.modalities.items()
        },
    )
    assert_same(once, again)


@given(cases(any_interval))
@settings(max_examples=100)
def test_segments_take_whole_words_in_step(case):
    aligned = align_words(case.words, case.frames)
    grouped = group_segments(aligned, case.segments, "v")
    found = {segment.row: segment for segment in grouped.segments}
    for row, (start, end) in enumerate(case.segments.tolist()):
        inside = [
            index
            for index, (s, e) in enumerate(aligned.intervals.tolist())
            if min(end - s, e - start, end - start, e - s) > EPSILON
        ]
        inside.sort(key=lambda index: aligned.intervals[index, 0])
        if end - start < EPSILON:
            assert f"v[{row}]" in grouped.skipped
        elif not inside:
            assert f"v[{row}]" in grouped.without_words
        else:
            segment = found.pop(row)
            assert segment.name == f"v[{row}]"
            assert segment.words.tolist() == inside
            np.testing.assert_array_equal(segment.intervals, aligned.intervals[inside])
            assert segment.texts.tolist() == [case.words.texts[r] for r in aligned.rows[inside]]
            for name, modality in segment.modalities.items():
                whole = aligned.modalities[name]
                np.testing.assert_array_equal(modality.features, whole.features[inside])
                np.testing.assert_array_equal(modality.has_frames, whole.has_frames[inside])
                np.testing.assert_array_equal(modality.intervals, segment.intervals)
    assert not found


@pytest.mark.parametrize("seed", range(4))
def test_on_clean_data_the_means_are_those_of_the_sdk(seed):
    case = realistic(seed)
    aligned = align_words(case.words, case.frames)
    theirs = align_words(case.words, case.frames, mode="mmsdk")
    assert_same(aligned, theirs)


@given(cases(any_interval))
@settings(max_examples=100)
def test_nothing_that_is_not_finite_comes_out(case):
    assume(any(~np.isfinite(each.features).all() for each in case.frames.values()))
    aligned = align_words(case.words, case.frames)
    assert all(np.isfinite(each.features).all() for each in aligned.modalities.values())
    assert sum(aligned.num_dropped.values()) > 0


def test_what_float32_cannot_hold_is_not_finite():
    words = Words([[0, 2], [2, 3]], None, {"language": [[1e300], [1.0]]})
    aligned = align_words(words, {"visual": Frames([[1e300], [3.0]], [[0, 1], [1, 2]])})
    assert aligned.num_dropped == {"language": 1, "visual": 1}
    assert aligned.modalities["visual"].features.tolist() == [[3], [0]]
    assert aligned.modalities["language"].features.tolist() == [[0], [1]]
