"""Folds and held-out shares: complete, disjoint, and no video on both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.data import hold_out, make_folds
from support.random_examples import make_examples

videos_of_examples = st.lists(st.integers(0, 12), min_size=4, max_size=40).filter(
    lambda videos: len(set(videos)) >= 4
)
seeds = st.integers(0, 2**32 - 1)


def examples_of(videos):
    return make_examples([1] * len(videos), videos=videos)


@given(videos_of_examples, st.integers(2, 4), seeds)
@settings(max_examples=60)
def test_folds(videos, k, seed):
    examples = examples_of(videos)
    folds = make_folds(examples, k, seed)
    assert len(folds) == k
    tests = np.concatenate([test for _, test in folds])
    assert sorted(tests) == list(range(len(examples)))  # each example tested exactly once
    counts = []
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(examples)))
        assert not set(examples.groups[train]) & set(examples.groups[test])
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()
        counts.append(len(set(examples.groups[test])))
    assert max(counts) - min(counts) <= 1


@given(videos_of_examples, st.floats(0.01, 0.99), seeds, st.data())
@settings(max_examples=60)
def test_hold_out(videos, fraction, seed, data):
    examples = examples_of(videos)
    indices = data.draw(
        st.lists(st.sampled_from(range(len(videos))), unique=True, min_size=2).filter(
            lambda rows: len(set(examples.groups[rows])) >= 2
        )
    )
    train, validation = hold_out(examples, indices, fraction, seed)
    assert sorted([*train, *validation]) == sorted(indices)
    assert not set(examples.groups[train]) & set(examples.groups[validation])
    assert len(train) > 0
    assert len(validation) > 0
    count = len(set(examples.groups[indices]))
    aside = len(set(examples.groups[validation]))
    assert aside == min(max(1, round(fraction * count)), count - 1)


@pytest.mark.parametrize(
    "split",
    [lambda e, seed: make_folds(e, 5, seed)[0], lambda e, seed: hold_out(e, range(40), 0.2, seed)],
)
def test_the_seed_alone_decides(split):
    examples = examples_of(range(40))
    first, again, other = split(examples, 1), split(examples, 1), split(examples, 2)
    np.testing.assert_array_equal(first[1], again[1])
    assert first[1].tolist() != other[1].tolist()
    assert first[1].tolist() != list(range(8))  # shuffled, not cut in order


def test_hold_out_takes_a_mask():
    examples = examples_of(range(10))
    mask = np.arange(10) >= 5
    train, validation = hold_out(examples, mask, 0.4)
    assert sorted([*train, *validation]) == [5, 6, 7, 8, 9]
    assert len(validation) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: make_folds(e, 1, 0), "2 to 3.*got 1"),
        (lambda e: make_folds(e, 4, 0), "2 to 3, the number of videos"),
        (lambda e: make_folds(e, 2, -1), "Seed must be between 0 and"),
        (lambda e: hold_out(e, [0, 1]), "two videos.*got 1 and 0.15"),
        (lambda e: hold_out(e, [0, 2], 1.0), "got 2 and 1.0"),
        (lambda e: hold_out(e, [0, 2], 0.0), "got 2 and 0.0"),
        (lambda e: hold_out(e, [0, 2], seed=2**32), "Seed must be between 0 and"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(examples_of([0, 0, 1, 2]))
