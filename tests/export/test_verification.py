"""An export that would not answer as its model does is never published."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export import export_model
from support.through import Through


def traced_path_differs(words):
    return words if tf.executing_eagerly() else words * 1.1


def frozen_time(words):
    """Takes the padded length from the trace, where it is not known."""
    return words / (words.shape[1] or 1)


def lone_sequence(words):
    """Takes another way for a single sequence, which the trace cannot see."""
    return words + 0.1 if words.shape[0] == 1 else words


@pytest.mark.parametrize("function", [traced_path_differs, frozen_time, lone_sequence])
def test_other_answers_are_refused(tmp_path, small_model, function):
    with pytest.raises(ValueError, match=r"does not answer as the model does: 'prediction' of"):
        export_model(small_model(Through(function)), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_lost_weights_are_noticed(tmp_path, small_model, monkeypatch):
    """The weights change between the writing and the comparison, as if others had been saved."""
    model = small_model()
    archive = type(keras.export.ExportArchive())
    write_out = archive.write_out

    def write_then_change(self, *args, **options):
        write_out(self, *args, **options)
        kernel = model.layers[-1].kernel
        kernel.assign(kernel + 1e-2)

    monkeypatch.setattr(archive, "write_out", write_then_change)
    with pytest.raises(ValueError, match=r"does not answer as the model does.* differs by"):
        export_model(model, tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_diverged_model_is_refused(tmp_path, small_model, value):
    model = small_model()
    model.layers[-1].bias.assign([0.0, value])

    with pytest.raises(ValueError, match="not finite on standard normal inputs"):
        export_model(model, tmp_path)


@pytest.fixture
def under_policy():
    """Calls a function under a global dtype policy."""
    before = keras.config.dtype_policy()

    def call(policy, function, *args):
        keras.config.set_dtype_policy(policy)
        try:
            return function(*args)
        finally:
            keras.config.set_dtype_policy(before)

    return call


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_pass_and_are_served_as_float32(
    tmp_path, small_model, under_policy, policy
):
    model = under_policy(policy, small_model)

    predict = tf.saved_model.load(export_model(model, tmp_path)).signatures["serving_default"]

    assert predict.structured_outputs["prediction"].dtype == tf.float32


def rounded_otherwise(words):
    return words if tf.executing_eagerly() else words * 1.01


def test_what_counts_as_rounding_depends_on_the_precision(tmp_path, small_model, under_policy):
    half = under_policy("mixed_bfloat16", small_model, Through(rounded_otherwise))
    assert export_model(half, tmp_path).name == "1"

    with pytest.raises(ValueError, match="does not answer as the model does"):
        export_model(small_model(Through(rounded_otherwise)), tmp_path)
