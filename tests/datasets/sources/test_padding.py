"""What is padding and what is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.sources.padding import strip_padding
from rmfn_tf.datasets.sources.sample import Sample


def rows(*values):
    """(T, 2) with `(0, v)` per step: one value in a row is enough to make it real."""
    return np.array([[0, value] for value in values], np.float32)


def test_front_and_back_go_and_the_inside_stays():
    stripped = strip_padding({"a": rows(0, 0, 1, 0, 2, 0)})
    np.testing.assert_array_equal(stripped["a"], rows(1, 0, 2))


def test_a_step_is_padding_only_where_every_modality_is_zero():
    stripped = strip_padding({"a": rows(0, 0, 1, 0, 0), "b": rows(0, 3, 0, 0, 0)})
    np.testing.assert_array_equal(stripped["a"], rows(0, 1))
    np.testing.assert_array_equal(stripped["b"], rows(3, 0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1, 1e-30])
def test_anything_but_zero_is_a_value(value):
    assert len(strip_padding({"a": rows(0, value, 0)})["a"]) == 1


def test_a_sample_of_zeros_keeps_one_step_and_is_not_present():
    stripped = strip_padding({"a": rows(0, 0, 0), "b": rows(0, 0, 0)})
    assert {name: kept.shape for name, kept in stripped.items()} == {"a": (1, 2), "b": (1, 2)}
    assert Sample("x", stripped, 0.0).present == {"a": False, "b": False}


def test_the_result_does_not_keep_the_array_alive():
    array = rows(0, 1)
    assert strip_padding({"a": array})["a"].base is None


@given(
    hnp.arrays(np.float32, (4, 2), elements=st.sampled_from([0.0, 1.0])),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_more_padding_changes_nothing(array, front, back):
    padded = np.pad(array, ((front, back), (0, 0)))
    np.testing.assert_array_equal(
        strip_padding({"a": padded})["a"], strip_padding({"a": array})["a"]
    )
