"""Folds, scaling and buckets go without TensorFlow; every public name loads."""

import subprocess
import sys

import pytest

import rmfn_tf.data

WITHOUT_TENSORFLOW = """
import sys
from rmfn_tf.data import Examples, choose_buckets, fit_scaling, hold_out, make_folds
import rmfn_tf.data.loading
print([name for name in ("tensorflow", "keras", "tensorflow_datasets") if name in sys.modules])
"""


def test_tensorflow_is_not_imported():
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"


def test_every_public_name_loads():
    assert sorted(rmfn_tf.data._HOMES) == rmfn_tf.data.__all__ == dir(rmfn_tf.data)
    for name in rmfn_tf.data.__all__:
        assert callable(getattr(rmfn_tf.data, name))


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="'nonsense'"):
        rmfn_tf.data.nonsense  # noqa: B018
