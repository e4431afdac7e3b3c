"""SequenceMask: lengths to a mask."""

import numpy as np
import pytest

from rmfn_tf.layers import SequenceMask


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "uint8"])
def test_the_first_lengths_steps_are_real(dtype):
    lengths = np.array([0, 1, 3, 4], dtype)
    mask = SequenceMask()(lengths, np.zeros((4, 4, 2), "float32"))
    assert mask.dtype == "bool"
    np.testing.assert_array_equal(
        mask,
        [
            [False, False, False, False],
            [True, False, False, False],
            [True, True, True, False],
            [True, True, True, True],
        ],
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_long_lengths_stay_exact_in_low_precision(policy):
    """257 is no bfloat16 and 2049 no float16."""
    mask = SequenceMask(dtype=policy)(np.array([257, 2049]), np.zeros((2, 3000, 1), "float32"))
    np.testing.assert_array_equal(np.sum(mask, axis=1), [257, 2049])
