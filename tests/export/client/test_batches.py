"""Cutting many sequences into few requests, and reading what comes back."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rmfn_tf.export.client.sequences import Sequences, check_sequences, pad, plan_batches


def sequences_of(lengths, width=2) -> Sequences:
    words = [np.full((length, width), row + 1.0) for row, length in enumerate(lengths)]
    return check_sequences({"language": words}, {"language": width})


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    batch_size=st.integers(1, 12),
    words=st.integers(1, 120),
)
def test_every_sequence_once_within_both_limits(lengths, batch_size, words):
    max_bytes = words * 2 * 4
    batches = plan_batches(sequences_of(lengths), batch_size, max_bytes)

    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch) <= batch_size
        padded = len(batch) * max(lengths[row] for row in batch)
        assert padded <= words or len(batch) == 1
    ends = [(min(lengths[r] for r in b), max(lengths[r] for r in b)) for b in batches]
    assert all(left[1] <= right[0] for left, right in pairwise(ends))


def test_no_more_requests_than_needed():
    assert plan_batches(sequences_of([5, 1, 9, 1, 3]), 2) == [[1, 3], [4, 0], [2]]


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_padding_is_zeros_behind_the_words(lengths):
    inputs = pad(sequences_of(lengths), list(range(len(lengths)))[::-1])

    assert inputs["lengths"].dtype == np.int32
    assert inputs["lengths"].tolist() == lengths[::-1]
    assert inputs["language"].shape == (len(lengths), max(lengths), 2)
    for place, row in enumerate(reversed(range(len(lengths)))):
        assert (inputs["language"][place, : lengths[row]] == row + 1).all()
        assert not inputs["language"][place, lengths[row] :].any()
