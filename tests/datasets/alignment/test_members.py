"""Which items lie inside which references, against one comparison after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment import members
from rmfn_tf.datasets.alignment.members import EPSILON
from support.alignment_cases import any_interval, as_array, forward_interval, frame_times
from support.alignment_reference import intersect


def check(items, references):
    found, bounds = members.find_members(items, references)
    expected = [
        [i for _, _, i in intersect(each, [(*item, i) for i, item in enumerate(items.tolist())])]
        for each in references.tolist()
    ]
    assert [part.tolist() for part in np.split(found, bounds[1:-1])][: len(references)] == expected
    assert bounds.tolist() == [0, *np.cumsum([len(each) for each in expected], dtype=int)]


@pytest.mark.parametrize("block", [1, 7, 2**20])
@given(
    st.lists(st.one_of(forward_interval, any_interval), max_size=15),
    st.lists(any_interval, max_size=8),
    st.sampled_from([0.0, 1000.0, 1e6, 1e12, -1000.0]),
)
@settings(max_examples=150)
def test_any_intervals(block, items, references, later):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(members, "BLOCK", block)
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


def test_a_long_frame_among_frames_at_a_rate_is_found():
    """Its end comes after the ends of those that start later."""
    bounds = np.linspace(0, 20, 60)
    items = np.concatenate([[[0, 15.0]], frame_times(30, 20, 0.01)])
    check(items, np.stack([bounds[:-1], bounds[1:]], axis=1))
