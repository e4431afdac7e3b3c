"""What a model must look like to be served, and what its signature then says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export import export_model
from rmfn_tf.export.signatures import serving_default

LENGTHS = keras.KerasTensor((None,), "int32")


def model_of(shapes, *, lengths=LENGTHS, outputs=1):
    inputs = {name: keras.Input(batch_shape=shape, name=name) for name, shape in shapes.items()}
    if lengths is not None:
        inputs["lengths"] = keras.Input(
            batch_shape=lengths.shape, dtype=lengths.dtype, name="lengths"
        )
    first = next(iter(inputs.values()))
    pooled = keras.ops.sum(keras.ops.cast(first, "float32"), axis=list(range(1, first.ndim)))
    prediction = pooled[:, None]
    return keras.Model(inputs, prediction if outputs == 1 else [prediction] * outputs)


def test_inputs_by_name_and_of_any_batch_and_time(small_model):
    signature = serving_default(small_model())

    assert signature.name == "serving_default"
    shapes = {name: (tuple(spec.shape), spec.dtype.name) for name, spec in signature.inputs.items()}
    assert shapes == {
        "language": ((None, None, 4), "float32"),
        "acoustic": ((None, None, 3), "float32"),
        "visual": ((None, None, 2), "float32"),
        "lengths": ((None,), "int32"),
    }


def test_the_function_is_inference(small_model):
    """Dropout of a half would show."""
    model = small_model()
    inputs = {
        name: np.ones((3, 4, *spec.shape[2:]), spec.dtype.name)
        for name, spec in serving_default(model).inputs.items()
    }
    inputs["lengths"] = np.array([4, 2, 1], "int32")

    outputs = serving_default(model).function(inputs)

    assert list(outputs) == ["prediction"]
    np.testing.assert_array_equal(outputs["prediction"], model(inputs, training=False))


WORDS = (None, None, 3)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: "model.keras", r"functional keras\.Model .* received 'model\.keras'"),
        (lambda: keras.Sequential([keras.layers.Dense(1)]), "whose inputs are a dict"),
        (lambda: keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]), "are a dict"),
        (lambda: model_of({"language": WORDS}, lengths=None), r"'lengths'.*\['language'\]"),
        (lambda: model_of({}), r"one modality at least.*has \['lengths'\]"),
        (
            lambda: model_of({"language": WORDS}, lengths=keras.KerasTensor((None, 1), "int32")),
            r"'lengths' .* must be \(batch,\) int32; .* it is \(None, 1\) int32",
        ),
        (
            lambda: model_of({"language": WORDS}, lengths=keras.KerasTensor((None,), "float32")),
            r"'lengths' .* it is \(None,\) float32",
        ),
        (
            lambda: model_of({"language": WORDS}, lengths=keras.KerasTensor((8,), "int32")),
            r"'lengths' .* it is \(8,\) int32",
        ),
        (lambda: model_of({"a": WORDS, "b": (None, 20, 3)}), r"'b' .* it is \(None, 20, 3\)"),
        (lambda: model_of({"a": (8, None, 3)}), r"'a' .* it is \(8, None, 3\)"),
        (lambda: model_of({"a": (None, None, None)}), r"'a' .* it is \(None, None, None\)"),
        (lambda: model_of({"a": (None, 3)}), r"'a' .* it is \(None, 3\) float32"),
        (lambda: model_of({"a": WORDS}, outputs=2), "returns one tensor"),
    ],
)
def test_other_models_are_refused(tmp_path, model, message):
    with pytest.raises(ValueError, match=message):
        export_model(model(), tmp_path / "models")

    assert not (tmp_path / "models").exists()


def test_features_of_another_dtype_are_refused(tmp_path):
    inputs = {
        "words": keras.Input((None, 3), dtype="int32", name="words"),
        "lengths": keras.Input((), dtype="int32", name="lengths"),
    }
    model = keras.Model(inputs, keras.ops.sum(inputs["words"], axis=(1, 2))[:, None])

    with pytest.raises(ValueError, match=r"'words' .* float32.* it is \(None, None, 3\) int32"):
        export_model(model, tmp_path)


@pytest.mark.parametrize("name", ["text-emb", "1st", "a.b", "a b", "é", "_x", "self"])
def test_names_that_tensorflow_would_change_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="cannot serve under that name") as caught:
        export_model(model_of({name: WORDS}), tmp_path)

    assert repr(name) in str(caught.value)


def test_other_names_are_served_as_they_are(tmp_path):
    names = ["Text", "selfies", "inputs", "training", "prediction", "x_2"]
    version = export_model(model_of(dict.fromkeys(names, WORDS)), tmp_path)

    predict = tf.saved_model.load(version).signatures["serving_default"]
    assert set(predict.structured_input_signature[1]) == {*names, "lengths"}
