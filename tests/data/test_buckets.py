"""`choose_buckets` against every possible choice."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.data import choose_buckets


def padding(lengths, buckets):
    return sum(min(b for b in buckets if b >= length) - length for length in lengths)


def least_padding(lengths, most):
    """By trying every set of at most `most` distinct lengths that holds the longest."""
    *others, longest = sorted(set(lengths))
    return min(
        padding(lengths, (*chosen, longest))
        for size in range(most)
        for chosen in combinations(others, size)
    )


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(1, 4))
@settings(max_examples=200)
def test_no_other_choice_pads_less(lengths, most):
    buckets = choose_buckets(lengths, most)
    assert len(buckets) == min(most, len(set(lengths)))
    assert list(buckets) == sorted(set(buckets))
    assert buckets[-1] == max(lengths)
    assert padding(lengths, buckets) == least_padding(lengths, most)


def test_many_examples_of_few_lengths_weigh_more():
    # Unweighted, (6, 12) and (8, 12) would be better for the lengths 1..12.
    assert choose_buckets([2] * 1000 + list(range(1, 13)), 2) == (2, 12)


@pytest.mark.parametrize(
    ("lengths", "buckets"), [([7, 7, 7], (7,)), ([3, 9], (3, 9)), ([5, 1, 3, 1], (1, 3, 5))]
)
def test_no_more_buckets_than_lengths(lengths, buckets):
    assert choose_buckets(lengths) == buckets
    assert choose_buckets(np.array(lengths, np.int32)) == buckets
    assert all(type(bucket) is int for bucket in choose_buckets(np.array(lengths, np.int32)))


@pytest.mark.parametrize(("lengths", "most"), [([], 3), ([3, 0], 3), ([3], 0)])
def test_errors(lengths, most):
    with pytest.raises(ValueError, match=r"`max_buckets` >= 1; got \["):
        choose_buckets(lengths, most)
