"""The fast way is taken where it can be, and is right where it is taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment.intervals import EPSILON
from rmfn_tf.datasets.alignment.members import find_members
from support.alignment_cases import any_interval, as_array, forward_interval, frame_times
from support.alignment_reference import intersect


def check(items, references):
    members = find_members(items, references)
    counts, indices = members.count(), members.indices()
    for row, reference in enumerate(references.tolist()):
        expected = intersect(reference, [(*item, i) for i, item in enumerate(items.tolist())])
        assert np.arange(len(items))[indices[row]].tolist() == [i for _, _, i in expected]
        assert counts[row] == len(expected)
    return members


@given(
    st.lists(st.one_of(forward_interval, any_interval), max_size=15),
    st.lists(any_interval, max_size=8),
    st.sampled_from([0.0, 1000.0, 1e6, -1000.0]),
)
@settings(max_examples=300)
def test_any_intervals(items, references, later):
    check(as_array(sorted(items)) + later, as_array(references) + later)


@given(
    st.sets(st.integers(-3, 3), min_size=1),
    st.sampled_from([0.0, EPSILON / 2, EPSILON, 0.7, 12.1, 163.84, 1e5]),
    st.sampled_from([-EPSILON, EPSILON]),
)
@settings(max_examples=200)
def test_bits_around_epsilon(steps, moment, margin):
    """Items one to three bits from the distance that decides, on both sides of a word."""
    near = [moment + margin + step * np.spacing(moment + margin) for step in sorted(steps)]
    around = as_array([[each - 0.5, each] for each in near] + [[each, each + 0.5] for each in near])
    references = np.array([[moment, moment + 0.2], [moment - 0.2, moment]])
    check(around[np.argsort(around[:, 0], kind="stable")], references)


@pytest.mark.parametrize("rate", [30, 100])
def test_frames_at_a_rate_are_found_as_runs(rate):
    items = frame_times(rate, 20, 0.01)
    bounds = np.linspace(0, 20, 60)
    assert check(items, np.stack([bounds[:-1], bounds[1:]], axis=1)).picked == {}


def test_a_long_frame_among_short_ones_is_found():
    """Its end comes after the ends of those that start later."""
    items = np.array([[0, 5], [1, 2], [2, 3], [3, 4]], float)
    assert check(items, np.array([[3.5, 6], [1.5, 1.7]])).picked.keys() == {0, 1}
