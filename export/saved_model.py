"""Exporting a Keras model as a SavedModel version, checked before it is published."""

import importlib.util
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from pydantic import ValidationError
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

# No public function of TensorFlow lists the kernels of an op.
from tensorflow.python.framework.kernels import get_registered_kernels_for_op

from rmfn_tf.export.contract import (
    ALLOWED_BATCH_SIZES,
    LENGTH_BUCKETS,
    LENGTHS,
    Contract,
    fill_shape,
    mistakes,
    signatures_of,
)
from rmfn_tf.export.publish import publish
from rmfn_tf.export.signatures import Endpoint, Tensors, endpoints_of, has_rmfn, state_sizes
from rmfn_tf.export.warmup import write_warmup
from rmfn_tf.layers import FeatureScaling

ABOUT = ("task", "data", "validation")
_NEEDS_PYTHON = {"EagerPyFunc", "PyFunc", "PyFuncStateless"}
# (batch, time) of the inputs on which answers are compared: two, to notice a size that tracing has
# made a constant.
_SHAPES = ((3, 7), (1, 1))


def export_model(
    model: keras.Model,
    directory: str | os.PathLike[str],
    *,
    about: Mapping[str, Any] | None = None,
    lengths: Sequence[int] = LENGTH_BUCKETS,
    keep: int | None = None,
) -> Path:
    """Write `model` as the next version `directory/<version>/`, ready for TensorFlow Serving.

    The version is a TensorFlow SavedModel that needs neither Keras nor rmfn_tf to run, with the
    signatures of `rmfn_tf.export.signatures`:

        served = tf.saved_model.load(export_model(model, "served"))
        served.signatures["serving_default"](language=..., lengths=...)["prediction"]

    Beside the graph lie its contract (`rmfn_tf.export.contract`) and, where the extra `serving` is
    installed, warm-up requests (`rmfn_tf.export.warmup`).

    Before it is published the written graph is checked (no op that a stock TensorFlow lacks),
    loaded again, its answers compared with the model's, and the warm-up answered. It then appears
    in one step (`rmfn_tf.export.publish`), or, on any failure, not at all.

    Args:
        model: A functional model with a dict of inputs and one output, such as `create_model`
            gives. Whether it is compiled does not matter; its optimizer is not exported.
        directory: The model folder that holds one folder a version; made where it is missing.
        about: What the contract says of the model's run: any of `task`, `data` and `validation`,
            as in `rmfn_tf.export.contract.Contract`.
        lengths: Numbers of words that sequences are likely to be padded to, such as
            `choose_buckets(examples.lengths)`: the warm-up has requests of each.
        keep: How many versions to keep, this one counted; None keeps all.

    Returns:
        The new version's folder.

    Raises:
        ValueError: The model is not of this form, uses an op that cannot be served, or answers
            differently once exported; or `about`, `lengths` or `keep` is wrong.
        OSError: `directory` cannot be written; or, with the version published, an older one could
            not be removed.
    """
    about = about or {}
    if not set(ABOUT).issuperset(about):
        raise ValueError(f"`about` may have {', '.join(ABOUT)}; got {', '.join(about)}.")
    endpoints = endpoints_of(model)

    def write(folder: Path) -> None:
        _write(endpoints, folder)
        _check_portable(folder)
        served = tf.saved_model.load(str(folder)).signatures
        _check_same_answers(model, endpoints, served)
        contract = _contract(model, served, about, lengths)
        contract.write(folder)
        if importlib.util.find_spec("tensorflow_serving") is not None:  # the extra `serving`
            write_warmup(contract, served, folder)

    return publish(directory, write, keep=keep)


def _write(endpoints: Sequence[Endpoint], folder: Path) -> None:
    # ExportArchive saves the functions and the variables they use, but no Keras objects, whose
    # classes would be needed to load the file.
    archive = keras.export.ExportArchive()
    for endpoint in endpoints:
        archive.add_endpoint(endpoint.name, endpoint.function, [endpoint.inputs])
    try:
        archive.write_out(str(folder), verbose=False)
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow could not write the model: {error.message}") from error


def _check_portable(folder: Path) -> None:
    """ValueError for what TensorFlow Serving as shipped cannot run on a machine without a GPU: XLA,
    calls of Python, and ops that have only a GPU kernel."""
    contents = SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = contents.meta_graphs[0].graph_def  # TensorFlow 2 writes exactly one
    functions = graph.library.function
    faults = [
        f"function {function.signature.name!r} must be compiled by XLA (jit_compile=True)"
        for function in functions
        if function.attr["_XlaMustCompile"].b
    ]
    nodes = [*graph.node, *(node for function in functions for node in function.node_def)]
    for op, node in {node.op: node for node in nodes}.items():  # one of each op
        if op.startswith("Xla"):
            faults.append(f"{op} (node {node.name!r}) is an op of XLA")
        if op in _NEEDS_PYTHON:
            faults.append(f"{op} (node {node.name!r}) calls Python, which a server lacks")
        kernels = get_registered_kernels_for_op(op).kernel
        if not any(kernel.device_type in {"CPU", "DEFAULT"} for kernel in kernels):
            faults.append(f"{op} (node {node.name!r}) has no CPU kernel")
    if faults:
        raise ValueError(
            "this model cannot be served by a stock TensorFlow:\n  " + "\n  ".join(faults)
        )


def _check_same_answers(
    model: keras.Model, endpoints: Sequence[Endpoint], served: Mapping[str, Any]
) -> None:
    """Compare each signature with the function it was made from, on random inputs of two batch
    sizes and lengths: both must give finite numbers with `|Δ| ≤ tolerance · max(1, |expected|)`.

    Eager and graph execution fuse ops differently and so round at different places: to 10 bits
    where a GPU multiplies float32 as TF32, to 8 bits in bfloat16. A lost weight shows far above.
    """
    dtypes = {layer.compute_dtype for layer in model._flatten_layers()}
    tolerance = 5e-2 if dtypes & {"float16", "bfloat16"} else 1e-3
    for endpoint in endpoints:
        for batch, time in _SHAPES:
            inputs = _random_inputs(endpoint.inputs, batch, time)
            received = served[endpoint.name](**inputs)
            for name, expected in endpoint.function(inputs).items():
                what = f"{name!r} of {endpoint.name!r} for {batch} sequences of up to {time} words"
                _compare(what, np.asarray(expected), np.asarray(received[name]), tolerance)


def _random_inputs(specs: Mapping[str, tf.TensorSpec], batch: int, time: int) -> Tensors:
    """Standard normal features; lengths from `time` down, so that some sequences are padded."""
    generator = np.random.default_rng(0)
    inputs = {}
    for name, spec in specs.items():
        if name == LENGTHS:
            values = np.maximum(time - 2 * np.arange(batch), 1)
        else:
            values = generator.standard_normal(fill_shape(spec.shape, batch, time))
        inputs[name] = tf.constant(values, dtype=spec.dtype)
    return inputs


def _compare(what: str, expected: np.ndarray, received: np.ndarray, tolerance: float) -> None:
    if not np.isfinite(expected).all():
        raise ValueError(
            f"the model's {what} is not finite on standard normal inputs: {expected.tolist()}. "
            "Did its training diverge?"
        )
    worst = np.inf
    if received.shape == expected.shape:
        worst = np.max(np.abs(received - expected) / np.maximum(1, np.abs(expected)), initial=0)
    if not worst <= tolerance:
        raise ValueError(
            f"the exported model does not answer as the model does: {what} differs by {worst:.2g} "
            f"(allowed: {tolerance:.0e}). Does a layer choose its path in Python by the shape or "
            "the values of its inputs?"
        )


def _contract(
    model: keras.Model, served: Mapping[str, Any], about: Mapping[str, Any], lengths: Sequence[int]
) -> Contract:
    """What the model is, what the written signatures are, and what `about` says of its run."""
    widths = {name: tensor.shape[-1] for name, tensor in model.input.items() if name != LENGTHS}
    layers = {layer.name: layer for layer in model.layers}
    values = {
        "format": 1,
        "model": model.name,
        "modalities": [{"name": m, "width": width} for m, width in widths.items()],
        "signatures": signatures_of(served),
        "states": state_sizes(model) if has_rmfn(model) else {},
        "scaling": {
            m: {
                "center": layer.center.numpy().tolist(),
                "scale": layer.scale.numpy().tolist(),
                "clip": layer.clip,
            }
            for m in widths
            if isinstance(layer := layers.get(f"{m}_scaling"), FeatureScaling)
        },
        "batching": {"allowed_batch_sizes": ALLOWED_BATCH_SIZES, "length_buckets": lengths},
        "versions": {each: version_of(each) for each in ("rmfn-tf", "tensorflow", "keras")},
        **about,
    }
    try:
        return Contract.model_validate(values)
    except ValidationError as error:
        raise ValueError(
            f"the contract of {model.name!r} cannot be written: {mistakes(error)}"
        ) from error
