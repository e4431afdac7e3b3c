"""Batches: every example once, padded right, in an order of seed and epoch alone."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.data import choose_buckets, epoch_batches, training_batches
from support.random_examples import WIDTHS, make_examples

LENGTHS = [int(length) for length in np.random.default_rng(5).integers(1, 13, 50)]


def numbered(lengths, **options):
    """Examples whose label is their row, so that a batch says which examples it holds."""
    examples = make_examples(lengths, **options)
    return replace(examples, labels=np.arange(len(lengths)))


def flatten(lists):
    return list(chain.from_iterable(lists))


def rows_of(batches):
    return [batch[1].numpy().tolist() for batch in batches]


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=40),
    st.integers(1, 12),
    st.one_of(st.none(), st.integers(0, 2**63 - 2)),
    st.integers(0, 50),
)
@settings(max_examples=25)
def test_every_example_once_and_whole(lengths, batch_size, seed, epoch):
    examples = numbered(lengths)
    weights = np.arange(len(lengths)) * 0.5
    buckets = choose_buckets(lengths)
    batches = list(
        epoch_batches(examples, batch_size, seed=seed, epoch=epoch, sample_weights=weights)
    )
    assert sorted(flatten(rows_of(batches))) == list(range(len(lengths)))
    assert sorted(len(rows) for rows in rows_of(batches))[1:] == [batch_size] * (len(batches) - 1)
    shapes = set()
    for inputs, rows, batch_weights in batches:
        assert list(inputs) == [*WIDTHS, "lengths"]
        longest = max(lengths[row] for row in rows)
        steps = min(bucket for bucket in buckets if bucket >= longest)
        shapes.add((len(rows), steps))
        np.testing.assert_array_equal(inputs["lengths"], [lengths[row] for row in rows])
        np.testing.assert_array_equal(batch_weights, weights[rows.numpy()])
        for name, width in WIDTHS.items():
            expected = np.zeros((len(rows), steps, width))
            for place, row in enumerate(rows):
                expected[place, : lengths[row]] = examples.features[name][row]
            np.testing.assert_array_equal(inputs[name], expected)
    assert len(shapes) <= len(buckets) + 1


def test_without_a_seed_the_order_is_kept():
    batches = epoch_batches(numbered(LENGTHS), 8)
    assert flatten(rows_of(batches)) == list(range(50))
    assert int(batches.cardinality()) == len(rows_of(batches)) == 7


def test_the_order_is_that_of_seed_and_epoch_alone():
    examples = numbered(LENGTHS)
    order = rows_of(epoch_batches(examples, 8, seed=1, epoch=2))
    assert rows_of(epoch_batches(numbered(LENGTHS, seed=9), 8, seed=1, epoch=2)) == order
    others = [(1, 3), (2, 2), (2, 1)]
    for seed, epoch in others:
        assert rows_of(epoch_batches(examples, 8, seed=seed, epoch=epoch)) != order


def test_the_order_is_that_of_every_machine():
    # Recorded once: a generator that depends on the device or the version would change it.
    batches = epoch_batches(numbered([2, 1, 2, 3, 1, 3, 2, 2, 3]), 2, seed=11, epoch=4)
    assert rows_of(batches) == [[8, 5], [4, 1], [3], [2, 7], [6, 0]]


def test_both_examples_and_batches_are_shuffled():
    examples = numbered([1] * 24 + [2] * 24)
    partners, starts = set(), set()
    for epoch in range(8):
        batches = rows_of(epoch_batches(examples, 8, seed=0, epoch=epoch))
        assert all(len({row < 24 for row in rows}) == 1 for rows in batches)  # one bucket a batch
        partners.add(frozenset(next(rows for rows in batches if 0 in rows)))
        starts.add(tuple(rows[0] < 24 for rows in batches))
    assert len(partners) > 1
    assert len(starts) > 1
    assert (True,) * 3 + (False,) * 3 not in starts


def test_left_overs_of_a_bucket_open_the_next():
    shapes = [
        tuple(inputs["visual"].shape[:2])
        for inputs, _ in epoch_batches(numbered([2] * 5 + [4] * 5 + [7] * 5), 4, seed=0)
    ]
    assert sorted(shapes) == [(3, 7), (4, 2), (4, 4), (4, 7)]


def test_training_goes_through_the_epochs():
    examples = numbered(LENGTHS)
    batches, steps = training_batches(examples, 8, seed=1)
    assert steps == 7
    expected = [rows_of(epoch_batches(examples, 8, seed=1, epoch=epoch)) for epoch in range(3)]
    assert rows_of(batches.take(21)) == flatten(expected)


@given(st.integers(0, 2**31), st.integers(0, 4), st.integers(1, 20))
@settings(max_examples=10)
def test_a_resumed_run_is_the_tail_of_the_whole_one(seed, first_epoch, batch_size):
    examples = numbered(LENGTHS[:20])
    whole, steps = training_batches(examples, batch_size, seed=seed)
    resumed, _ = training_batches(examples, batch_size, seed=seed, first_epoch=first_epoch)
    tail = rows_of(whole.skip(first_epoch * steps).take(2 * steps))
    assert rows_of(resumed.take(2 * steps)) == tail
    assert rows_of(resumed.take(2 * steps)) == tail  # and again: iterating changes nothing


@pytest.mark.parametrize("kind", ["regression", "multilabel", "classification"])
def test_static_shapes_leave_batch_and_time_open(kind):
    examples = make_examples(LENGTHS, kind=kind)
    weights = np.ones(len(LENGTHS))
    batches, _ = training_batches(examples, 8, seed=0, sample_weights=weights)
    for dataset in (batches, epoch_batches(examples, 8, sample_weights=weights)):
        inputs, labels, sample_weights = dataset.element_spec
        for name, width in WIDTHS.items():
            assert inputs[name].shape.as_list() == [None, None, width]
            assert inputs[name].dtype == "float32"
        assert inputs["lengths"].shape.as_list() == [None]
        assert inputs["lengths"].dtype == "int32"
        assert labels.shape.as_list() == [None, *examples.labels.shape[1:]]
        assert labels.dtype == examples.labels.dtype
        assert sample_weights.shape.as_list() == [None]


def test_given_buckets_are_used_in_any_order():
    batches = epoch_batches(numbered([1, 2, 3, 9]), 2, buckets=(10, 4))
    assert [inputs["visual"].shape[1] for inputs, _ in batches] == [4, 10]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"buckets": [4, 2]}, r"must be 5 or more.*got \[4, 2\]"),
        ({"buckets": []}, "must be 5 or more"),
        ({"sample_weights": np.ones(2)}, "3 finite numbers"),
        ({"sample_weights": np.array([1, np.nan, 1])}, "3 finite numbers"),
        ({"sample_weights": np.array([1, -1, 1])}, "3 finite numbers"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        epoch_batches(make_examples([3, 5, 2]), **{"batch_size": 2, **options})
