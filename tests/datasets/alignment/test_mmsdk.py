"""mmsdk mode against the transcription of the SDK's rules, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings

from rmfn_tf.datasets.alignment.align import Frames, Words
from rmfn_tf.datasets.alignment.members import EPSILON
from support.alignment_cases import (
    Case,
    any_interval,
    cases,
    check_against_sdk,
    forward_interval,
    frame_times,
    realistic,
)


@given(cases(any_interval))
@settings(max_examples=300)
def test_any_intervals(case):
    check_against_sdk(case)


@given(cases(forward_interval))
@settings(max_examples=150)
def test_intervals_that_run_forward(case):
    check_against_sdk(case)
    check_against_sdk(case.shifted(1000.0))


@given(cases(forward_interval, special=False, dtype=np.float64))
@settings(max_examples=60)
def test_float64_is_averaged_in_float64(case):
    check_against_sdk(case)


@given(cases(any_interval))
@settings(max_examples=100)
def test_words_that_no_modality_has(case):
    del case.frames["language"]  # which has all
    check_against_sdk(case)


def test_a_frame_may_reach_where_its_word_does_not():
    """A frame that ends before it starts, just behind the word."""
    frames = {"visual": Frames(np.ones((1, 1)), [[1 + 0.9 * EPSILON, 0.5]])}
    segments = np.array([[1 - 0.5 * EPSILON, 2.0]])
    (segment,) = check_against_sdk(Case(Words([[0.0, 1.0]]), frames, segments)).segments
    assert segment.features["visual"].tolist() == [[1]]


@pytest.mark.parametrize("seed", range(4))
def test_data_like_real_ones(seed):
    found = check_against_sdk(realistic(seed))
    seen = [segment.features["visual"].any(axis=1) for segment in found.segments]
    assert 0 < np.concatenate(seen).mean() < 1


@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("rate", [30, 1000])
def test_words_of_many_frames(layout, width, rate):
    """NumPy adds a single column pairwise and several row by row, but for the layout of columns."""
    times = frame_times(rate, 10, 0.0)
    features = np.random.default_rng(width).normal(size=(len(times), width))
    features = features.astype(np.float32, order=layout)
    words = np.array([[0, 1.005], [1.005, 1.5], [0, 10.0]])
    check_against_sdk(Case(Words(words), {"visual": Frames(features, times)}, words))
