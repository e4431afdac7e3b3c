"""`Examples`: what they refuse, and that parts of them stay together."""

from dataclasses import replace

import numpy as np
import pytest

from support.random_examples import WIDTHS, make_examples

LENGTHS = [3, 1, 4, 2, 5]


@pytest.fixture
def examples():
    return make_examples(LENGTHS, videos=[0, 0, 1, 2, 2])


def assert_row(examples, row, source, source_row):
    """Row `row` of `examples` is row `source_row` of `source`, in every field."""
    assert examples.ids[row] == source.ids[source_row]
    assert examples.words[row] == source.words[source_row]
    assert examples.groups[row] == source.groups[source_row]
    assert examples.lengths[row] == source.lengths[source_row]
    np.testing.assert_array_equal(examples.labels[row], source.labels[source_row])
    for name in source.features:
        np.testing.assert_array_equal(
            examples.features[name][row], source.features[name][source_row]
        )
        assert examples.present[name][row] == source.present[name][source_row]
    assert examples.extra["kind"][row] == source.extra["kind"][source_row]


def test_sizes(examples):
    assert len(examples) == 5
    assert examples.lengths.dtype == np.int32
    assert examples.lengths.tolist() == LENGTHS
    assert list(examples.widths.items()) == list(WIDTHS.items())


@pytest.mark.parametrize(
    "indices", [[4, 0, 0], np.array([2]), np.array([True, False, False, True, False]), [-1]]
)
def test_take(examples, indices):
    examples.present["visual"][[0, 3]] = False
    taken = examples.take(indices)
    rows = np.arange(5)[indices]
    assert len(taken) == len(rows)
    for row, source_row in enumerate(rows):
        assert_row(taken, row, examples, source_row)


def test_concatenate(examples):
    other = make_examples([2, 6], seed=1)
    both = examples.concatenate(other)
    assert len(both) == 7
    for row in range(5):
        assert_row(both, row, examples, row)
    for row in range(2):
        assert_row(both, 5 + row, other, row)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"widths": {"acoustic": 3, "language": 5, "visual": 2}}, "modalities"),
        ({"widths": {**WIDTHS, "visual": 9}}, "widths"),
        ({"kind": "multilabel"}, "label shapes"),
    ],
)
def test_concatenate_refuses_what_does_not_fit(examples, other, message):
    with pytest.raises(ValueError, match=message):
        examples.concatenate(make_examples([2], **other))


def changed(examples, **changes):
    """A copy with the given fields changed in row 2 (or as a whole)."""
    features = {name: list(sequences) for name, sequences in examples.features.items()}
    if "sequence" in changes:
        features["acoustic"][2] = changes.pop("sequence")
    labels = examples.labels.copy()
    if "label" in changes:
        labels[2] = changes.pop("label")
    return replace(examples, **{"features": features, "labels": labels, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sequence": np.ones((3, 3), "float32")}, "'example-2'.*share one length"),
        ({"sequence": np.ones((4, 2), "float32")}, "'example-2': acoustic has 2 .* 3 in the first"),
        ({"label": np.nan}, "'example-2'.*not finite"),
        ({"label": np.inf}, "'example-2'.*not finite"),
        (
            {"labels": np.zeros((4, 1), "float32")},
            r"have 4 entries, as `labels` have.*\(5,\)",
        ),
        ({"words": [["a"]] * 5}, "'example-0'.*share one length"),
        ({"groups": np.zeros(4)}, r"`groups` must have 5.*\(4,\)"),
        ({"groups": np.zeros((5, 1))}, r"`groups` must have 5.*\(5, 1\)"),
        ({"present": {}}, "same modalities"),
        ({"extra": {"kind": np.zeros(3)}}, r"kind.*\(3,\)"),
        ({"features": {"mask": []}}, "cannot be called 'mask'"),
        ({"features": {}, "present": {}}, "no modality"),
        ({"ids": []}, "at least one"),
    ],
)
def test_refused(examples, changes, message):
    with pytest.raises(ValueError, match=message):
        changed(examples, **changes)


def test_an_example_without_steps_is_refused(examples):
    features = {name: [s[:0] for s in sequences] for name, sequences in examples.features.items()}
    with pytest.raises(ValueError, match="'example-0' has no steps"):
        replace(examples, features=features, words=[[]] * 5)


def test_features_may_hold_nan(examples):
    assert len(changed(examples, sequence=np.full((4, 3), np.nan, "float32"))) == 5
