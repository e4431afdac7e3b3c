"""`Examples.from_arrays`: every form of the same data gives the same examples."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.data import Examples

WIDTHS = {"language": 3, "acoustic": 1}
STEPS = 5
N = 4


def features(dtype="float32", seed=0):
    random = np.random.default_rng(seed)
    return {
        name: random.uniform(1, 100, (N, STEPS, width)).astype(dtype)
        for name, width in WIDTHS.items()
    }


def assert_same(one, other):
    assert one.ids == other.ids
    assert one.words == other.words
    np.testing.assert_array_equal(one.groups, other.groups)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.labels.dtype == other.labels.dtype
    assert list(one.features) == list(other.features) == list(one.present) == list(other.present)
    for name, sequences in one.features.items():
        np.testing.assert_array_equal(one.present[name], other.present[name])
        for mine, theirs in zip(sequences, other.features[name], strict=True):
            assert mine.dtype == theirs.dtype == np.float32
            np.testing.assert_array_equal(mine, theirs)


@settings(deadline=None, max_examples=60)
@given(
    lengths=st.lists(st.integers(1, STEPS), min_size=N, max_size=N),
    starts=st.lists(st.integers(0, STEPS), min_size=N, max_size=N),
    dtype=st.sampled_from(["float64", "float32", "float16", "int32", "uint8", "bool"]),
    zero=st.booleans(),
    padding=st.sampled_from([0, 1]),
)
def test_every_form_gives_the_same_examples(lengths, starts, dtype, zero, padding):
    """Lists; padded behind, with lengths; padded behind, in front or both, with a mask."""
    lists = {
        name: [array[:length] * (not zero) for array, length in zip(arrays, lengths, strict=True)]
        for name, arrays in features(dtype).items()
    }
    expected = Examples.from_arrays(lists, np.arange(N))
    assert expected.lengths.tolist() == lengths
    assert all((there != zero).all() for there in expected.present.values())
    for offsets in (np.zeros(N, int), STEPS - np.array(lengths), None):
        if offsets is None:
            offsets = np.minimum(starts, STEPS - np.array(lengths))
        padded = {
            name: np.full((N, STEPS, width), padding, dtype) for name, width in WIDTHS.items()
        }
        mask = np.zeros((N, STEPS), bool)
        for row, (start, length) in enumerate(zip(offsets, lengths, strict=True)):
            mask[row, start : start + length] = True
            for name, array in padded.items():
                array[row, start : start + length] = lists[name][row]
        assert_same(Examples.from_arrays(padded, np.arange(N), mask=mask), expected)
        if not offsets.any():
            assert_same(Examples.from_arrays(padded, np.arange(N), lengths=lengths), expected)


@pytest.mark.parametrize(
    "form",
    [tf.constant, list, np.ndarray.tolist, lambda x: [tf.constant(each) for each in x]],
    ids=["tensor", "list of arrays", "nested lists", "list of tensors"],
)
def test_whatever_numpy_takes(form):
    arrays = features()
    given_ = {name: form(array) for name, array in arrays.items()}
    labels, lengths = tf.constant([0.5] * N), tf.constant([1, 2, 3, 5])
    expected = Examples.from_arrays(arrays, [0.5] * N, lengths=[1, 2, 3, 5])
    assert_same(Examples.from_arrays(given_, labels, lengths=lengths), expected)
    mask = tf.sequence_mask(lengths, STEPS)
    for like in (mask, tf.cast(mask, tf.float32), mask.numpy().tolist()):
        assert_same(Examples.from_arrays(given_, labels, mask=like), expected)


def test_defaults():
    arrays = features()
    arrays["acoustic"][1] = 0
    arrays["acoustic"][2, 2:] = 0
    arrays["acoustic"][2, 0] = np.nan
    examples = Examples.from_arrays(arrays, np.ones(N))
    assert examples.ids == examples.groups.tolist() == ["0", "1", "2", "3"]
    assert examples.words == [[""] * STEPS] * N
    assert examples.lengths.tolist() == [STEPS] * N  # without lengths zeros are steps as well
    assert examples.present["acoustic"].tolist() == [True, False, True, True]
    assert np.shares_memory(examples.features["language"][0], arrays["language"])


def test_padding_does_not_make_a_modality_present():
    arrays = features()
    arrays["acoustic"][0, :2] = 0
    examples = Examples.from_arrays(arrays, np.ones(N), lengths=[2, 2, 2, 2])
    assert examples.present["acoustic"].tolist() == [False, True, True, True]


def test_what_is_given_stays():
    examples = Examples.from_arrays(
        features(),
        np.ones(N),
        lengths=[1, 2, 1, 1],
        ids=np.arange(10, 14),
        groups=[7, 7, 8, 8],
        words=[["a"], ("b", "c"), ["d"], ["e"]],
        present={name: [1, 0, 1, 1] for name in WIDTHS},
    )
    assert examples.ids == ["10", "11", "12", "13"]
    assert examples.groups.tolist() == [7, 7, 8, 8]
    assert examples.words == [["a"], ["b", "c"], ["d"], ["e"]]
    assert examples.present["language"].tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("labels", "shape", "dtype"),
    [
        ([0, 1, 2, 0], (N,), "int64"),
        (np.array([0, 1, 2, 0], "uint8"), (N,), "int64"),
        ([True, False, True, True], (N,), "int64"),
        ([0.5, 1, 2, 0], (N, 1), "float32"),
        (np.ones((N, 1), "float16"), (N, 1), "float32"),
        (np.ones((N, 3), int), (N, 3), "float32"),
        (np.ones((N, 3), bool), (N, 3), "float32"),
    ],
)
def test_labels(labels, shape, dtype):
    examples = Examples.from_arrays(features(), labels)
    assert (examples.labels.shape, examples.labels.dtype) == (shape, dtype)
    np.testing.assert_array_equal(examples.labels.reshape(np.shape(labels)), labels)


MASK = np.ones((N, STEPS), bool)
HOLE = MASK.copy()
HOLE[2, 3] = False
EMPTY = MASK.copy()
EMPTY[1] = False
ONES = np.ones((N, STEPS, 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": ONES}, "`features` must be a dict.*got ndarray"),
        ({"features": {}}, "`features` names no modality"),
        ({"features": {"mask": ONES}}, "cannot be called 'mask'"),
        (
            {"features": {"a": ONES[0]}},
            r"`features\['a'\]` must be of 4 examples.*got 5",
        ),
        (
            {"features": {"a": ONES[..., 0]}},
            r"`features\['a'\]` must be.*\(5,\) as example 0.*axis",
        ),
        ({"features": {"a": 3}}, r"`features\['a'\]` must be of 4 examples.*got 1"),
        ({"features": {"a": [["x"]] * N}}, r"`features\['a'\]` must be.*numbers; got <U1"),
        ({"features": {"a": ONES * 1j}}, "must be.*of numbers; got complex128"),
        ({"features": {"a": [*ONES[:3], [[1], [1, 2]]]}}, "got object of shape .* as example 3"),
        ({"features": {"a": [*ONES[:3], np.ones((5, 2))]}}, "'3': a has 2 features a step, and 1"),
        ({"features": {"a": ONES, "b": ONES[:, 1:]}}, "'0': its parts must share one length"),
        ({"features": {"a": ONES[:, :0]}}, "'0' has no steps"),
        ({"labels": ["x"] * N}, "`labels` must be numbers.*<U1"),
        ({"labels": 3}, r"`labels` must be .*\(N,\).*shape \(\)"),
        ({"labels": np.ones((N, 1, 1))}, r"`labels` must be .*\(4, 1, 1\)"),
        ({"labels": [[1], [1, 2], [1], [1]]}, "`labels` must be .*object"),
        ({"labels": [1, 2, 3, np.nan]}, "'3': its label is not finite"),
        ({"labels": []}, "must be of 0 examples.*got 4"),
        ({"lengths": [1, 2, 3]}, r"`lengths` must be 4 integers.*\(3,\).*align"),
        ({"lengths": {"a": [1, 2, 3, 4]}}, "`lengths` must be 4 integers.*align"),
        ({"lengths": [1.0, 2, 3, 4]}, "`lengths` must be 4 integers.*float64"),
        ({"lengths": [1, 0, 3, 4]}, "'1' has no steps; leave it out"),
        ({"lengths": [1, -1, 3, 4]}, "'1' has no steps; leave it out"),
        ({"lengths": [1, 2, 9, 4]}, r"`lengths\[2\]` must be at most the 5 steps.*got 9"),
        ({"lengths": [1] * N, "mask": MASK}, "give `lengths` or `mask`; got both"),
        ({"mask": MASK[:3]}, r"`mask` must be bool of shape \(4, T\).*\(3, 5\)"),
        ({"mask": MASK[..., np.newaxis]}, r"`mask` must be.*\(4, 5, 1\)"),
        ({"mask": {"a": MASK}}, "`mask` must be.*object"),
        ({"mask": MASK * 2}, "`mask` must be bool.*int64"),
        ({"mask": MASK[:, 1:]}, r"`mask` is for 4 steps; got 5 in `features\['a'\]\[0\]`"),
        ({"mask": HOLE}, r"`mask\[2\]` has a hole: of steps 0 to 4 only 4 are real"),
        ({"mask": EMPTY}, "'1' has no steps; leave it out"),
        ({"ids": ["x"]}, "`ids` must have 4 entries"),
        ({"groups": [1, 2]}, "`groups` must have 4 entries"),
        ({"groups": np.ones((N, 1))}, r"`groups` must have 4 entries.*\(4, 1\)"),
        ({"words": [["x"]] * 3}, "`words` must have 4 entries"),
        ({"words": [["x"]] * N}, "'0': its parts must share one length.*'words': 1"),
        ({"present": {"b": [1] * N}}, r"`present` is for \['b'\]"),
        ({"present": {"a": [1]}}, r"`present\['a'\]` must have 4 entries"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(ValueError, match=message):
        Examples.from_arrays(**{"features": {"a": ONES}, "labels": np.ones(N), **changes})
