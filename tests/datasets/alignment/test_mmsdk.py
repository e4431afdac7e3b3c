"""mmsdk mode against the transcription of the SDK's rules, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings

from rmfn_tf.datasets.alignment import EPSILON, Frames, Words, align_words, group_segments
from support.alignment_cases import (
    Case,
    any_interval,
    cases,
    forward_interval,
    frame_times,
    realistic,
)
from support.alignment_reference import transcribe


def bits(values):
    """The bytes of float32 values, all NaN alike."""
    with np.errstate(over="ignore"):
        values = np.asarray(values, np.float32)
    return np.where(np.isnan(values), np.float32(np.nan), values).tobytes()


def sequence(frames):
    return [
        (*map(float, times), row)
        for times, row in zip(frames.intervals, frames.features, strict=True)
    ]


def check(case):
    expected_words, expected_segments = transcribe(
        [tuple(map(float, times)) for times in case.words.intervals],
        case.words.features,
        {name: sequence(frames) for name, frames in case.frames.items()},
        [tuple(map(float, times)) for times in case.segments],
    )
    aligned = align_words(case.words, case.frames, mode="mmsdk")
    grouped = group_segments(aligned, case.segments, "v")
    rows = aligned.rows.tolist()
    assert sorted([*rows, *aligned.skipped.tolist()]) == list(range(len(case.words)))
    for name, modality in aligned.modalities.items():
        items = expected_words[name]
        assert rows == sorted(items)
        assert modality.features.dtype == np.float32
        for index, row in enumerate(rows):
            start, end, mean = items[row]
            assert bits(modality.features[index]) == bits(mean)
            assert modality.intervals[index].tolist() == [start, end]

    found = {segment.name: segment for segment in grouped.segments}
    expected_names = {f"v[{row}]" for items in expected_segments.values() for row in items}
    assert found.keys() == expected_names
    short = {f"v[{j}]" for j, (s, e) in enumerate(case.segments) if abs(e - s) < EPSILON}
    everything = {f"v[{j}]" for j in range(len(case.segments))}
    assert set(grouped.skipped) == short
    assert set(grouped.without_words) == everything - short - expected_names
    for segment in found.values():
        for name, modality in segment.modalities.items():
            items = expected_segments[name].get(segment.row, [])
            assert modality.intervals.tolist() == [[start, end] for start, end, _ in items]
            assert bits(modality.features) == b"".join(bits(mean) for _, _, mean in items)
        if "language" in segment.modalities:
            own = segment.modalities["language"].intervals
            assert segment.intervals.tolist() == own.tolist()
    return aligned, grouped


@given(cases(any_interval))
@settings(max_examples=300)
def test_any_intervals(case):
    check(case)


@given(cases(forward_interval))
@settings(max_examples=150)
def test_intervals_that_run_forward(case):
    check(case)
    check(case.shifted(1000.0))


@given(cases(forward_interval, special=False, dtype=np.float64))
@settings(max_examples=60)
def test_float64_is_averaged_in_float64(case):
    check(case)


def test_words_filled_in_come_after_others_of_the_same_start():
    """The first word ends before it starts and has no frame; turned around, it starts with the
    second."""
    words = Words([[1.0, 0.5], [0.5, 2.0]], None, {"language": np.eye(2)})
    frames = {"visual": Frames(np.ones((1, 1)), [[0.5, 0.6]])}
    _, grouped = check(Case(words, frames, np.array([[0.0, 3.0]])))
    assert grouped.segments[0].modalities["visual"].features.tolist() == [[1], [0]]
    assert grouped.segments[0].modalities["language"].features.tolist() == np.eye(2).tolist()


def test_a_frame_may_reach_where_its_word_does_not():
    """A frame that ends before it starts, just behind the word."""
    words = Words([[0.0, 1.0]], None, {"language": np.ones((1, 1))})
    frames = {"visual": Frames(np.ones((1, 1)), [[1 + 0.9 * EPSILON, 0.5]])}
    _, grouped = check(Case(words, frames, np.array([[1 - 0.5 * EPSILON, 2.0]])))
    assert grouped.segments[0].words.size == 0
    assert grouped.segments[0].modalities["visual"].features.tolist() == [[1]]


@pytest.mark.parametrize("seed", range(4))
def test_data_like_real_ones(seed):
    aligned, _ = check(realistic(seed))
    assert not aligned.modalities["visual"].has_frames.all()
    assert aligned.modalities["acoustic"].has_frames.all()


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("rate", [30, 1000])
def test_words_of_many_frames(layout, width, rate):
    """NumPy adds a single column pairwise and several row by row, but for the layout of columns."""
    times = frame_times(rate, 10, 0.0)
    features = np.random.default_rng(width).normal(size=(len(times), width))
    features = features.astype(np.float32, order=layout)
    words = np.array([[0, 1.005], [1.005, 1.5], [0, 10.0]])
    check(Case(Words(words), {"visual": Frames(features, times)}, words))
