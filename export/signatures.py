"""The signatures of an exported model."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from rmfn_tf.export.contract import LENGTHS
from rmfn_tf.export.request_checks import check_sequences
from rmfn_tf.export.signature import PREDICTION, Signature
from rmfn_tf.export.streaming import (
    attention_by_modality,
    has_rmfn,
    highlights,
    readable,
    step,
)
from rmfn_tf.models.attention import attention_model
from rmfn_tf.names import SERVED_NAME


def signatures_of(model: keras.Model) -> list[Signature]:
    """Every signature that a model can have: see `serving_default`, `explain` and `step`.

    The last two need an RMFN layer, as `create_model("rmfn")` makes it, and `explain` one that
    highlights.
    """
    signatures = [serving_default(model)]
    if has_rmfn(model):
        if highlights(model):
            signatures.append(explain(model))
        signatures.append(step(model))
    return signatures


def serving_default(model: keras.Model) -> Signature:
    """The signature that a client gets who names none: features in, prediction out.

    Inputs, by the names in `model.input`: each modality `(batch, time, F)` float32, and `lengths`
    `(batch,)` int32, the number of words of each sequence. Output `prediction`: what the model
    returns, `(batch, outputs)` or `(batch, time, outputs)`, called with `training=False`; half
    precision as float32. NaN and infinite features count as 0 after scaling.

    Raises:
        ValueError: The model has other inputs than these, or not one single output.
    """
    inputs = _input_specs(model)
    if not isinstance(model.output, keras.KerasTensor):
        raise ValueError(
            f"a served model returns one tensor, its prediction; {model.name!r} returns "
            f"{model.output!r}. Export a model made of the output to serve: "
            "keras.Model(model.input, output)"
        )

    def predict(features: dict[str, Any]) -> dict[str, Any]:
        features = check_sequences(features, inputs)
        with _without_cudnn(model):
            return {PREDICTION: readable(model(features, training=False))}

    return Signature("serving_default", inputs, predict)


def explain(model: keras.Model) -> Signature:
    """The prediction, and what the network looked at to make it.

    Inputs as of `serving_default`. Outputs: `prediction`, and for each modality
    `attention_<modality>` `(batch, time, stages, d_m)` float32: how much each of its hidden
    coordinates was highlighted at each stage of each word. Over all modalities a stage sums to 1;
    padded words are 0.
    """
    inputs = _input_specs(model)
    view = attention_model(model)

    def look(features: dict[str, Any]) -> dict[str, Any]:
        features = check_sequences(features, inputs)
        with _without_cudnn(model):
            outputs = view(features, training=False)
        return {
            PREDICTION: readable(outputs["prediction"]),
            **attention_by_modality(model, outputs["attention"]),
        }

    return Signature("explain", inputs, look)


def _input_specs(model: keras.Model) -> dict[str, keras.InputSpec]:
    """Each input's shape and dtype by name, checked against what every served model takes."""
    tensors = _named_inputs(model)
    if LENGTHS not in tensors:
        raise ValueError(
            f"a served model needs the input {LENGTHS!r}, shape (batch,) int32, the number of "
            f"words of each sequence; {model.name!r} has the inputs {sorted(tensors)}"
        )
    if len(tensors) == 1:
        raise ValueError(f"{model.name!r} has no modality among its inputs, only {LENGTHS!r}")
    for name, tensor in tensors.items():
        if not SERVED_NAME.fullmatch(name):
            raise ValueError(
                f"{model.name!r} has an input {name!r}, which TensorFlow cannot serve under that "
                "name: letters, digits and underscores after a first letter, and not 'self'"
            )
        if name == LENGTHS:
            wanted, fits = "(batch,) int32", tensor.shape == (None,) and tensor.dtype == "int32"
        else:
            wanted = "(batch, time, features) float32, batch and time left open (None)"
            fits = (
                len(tensor.shape) == 3
                and tensor.shape[:2] == (None, None)
                and tensor.shape[2] is not None
                and tensor.dtype == "float32"
            )
        if not fits:
            raise ValueError(
                f"input {name!r} of a served model must be {wanted}; in {model.name!r} it is "
                f"{tensor.shape} {tensor.dtype}"
            )
    return {
        name: keras.InputSpec(shape=tensor.shape, dtype=tensor.dtype, name=name)
        for name, tensor in tensors.items()
    }


def _named_inputs(model: keras.Model) -> dict[str, keras.KerasTensor]:
    try:
        tensors = model.input
    except (AttributeError, ValueError):  # not a model, or one that never saw its inputs
        tensors = None
    if not isinstance(tensors, dict) or not all(
        isinstance(tensor, keras.KerasTensor) for tensor in tensors.values()
    ):
        raise ValueError(
            "a served model is a functional keras.Model whose inputs are a dict, "
            "keras.Model({'language': ..., 'lengths': ...}, outputs); received "
            f"{model!r} with inputs {tensors!r}"
        )
    return tensors


@contextlib.contextmanager
def _without_cudnn(model: keras.Model) -> Iterator[None]:
    """Trace LSTM and GRU layers as plain ops.

    On a machine with a GPU, Keras would write the fused cuDNN op into the graph, which has no
    CPU kernel: the export would run on machines with a GPU only.
    """
    fused = [layer for layer in model._flatten_layers() if hasattr(layer, "use_cudnn")]
    settings = [layer.use_cudnn for layer in fused]
    try:
        for layer in fused:
            layer.use_cudnn = False
        yield
    finally:
        for layer, setting in zip(fused, settings, strict=True):
            layer.use_cudnn = setting
