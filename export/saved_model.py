"""Exporting a Keras model as a SavedModel version."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import tensorflow as tf

from rmfn_tf.export.portability import check_portable
from rmfn_tf.export.publish import publish
from rmfn_tf.export.signatures import Signature, serving_default
from rmfn_tf.export.verification import check_same_outputs


def export_model(
    model: keras.Model,
    directory: str | os.PathLike[str],
    *,
    on_progress: Callable[[str], None] | None = None,
) -> Path:
    """Write `model` as the next version `directory/<version>/`, ready for TensorFlow Serving.

    The version is a TensorFlow SavedModel that needs neither Keras nor rmfn_tf to run. Its
    signature `serving_default` takes the model's inputs by name, each modality
    `(batch, time, F)` float32 and `lengths` `(batch,)` int32, of any batch and time, and returns
    `{"prediction": (batch, outputs)}`, what `model(inputs, training=False)` returns (of a model
    that answers after every word, `(batch, time, outputs)`):

        served = tf.saved_model.load(export_model(model, "served"))
        served.signatures["serving_default"](language=..., lengths=...)["prediction"]

    Before it is published the written graph is checked (no op that a stock TensorFlow lacks),
    loaded again, and its answers compared with the model's. It then appears in one step, under
    the first free number above those there. On any failure the folder is left as it was.

    Args:
        model: A functional model with a dict of inputs and one output, such as `create_model`
            gives. Whether it is compiled does not matter; its optimizer is not exported.
        directory: The model folder that holds one folder a version; made where it is missing.
        on_progress: Called with one line of text as each step begins.

    Returns:
        The new version's folder.

    Raises:
        ValueError: The model is not of this form, uses an op that cannot be served, or answers
            differently once exported.
        OSError: `directory` cannot be written.
    """
    report = on_progress or (lambda line: None)
    signatures = [serving_default(model)]
    tolerance = _tolerance(model)

    def write(folder: Path) -> None:
        report(f"writing {model.name!r}")
        _write(signatures, folder)
        report("checking its ops")
        check_portable(folder)
        report("comparing its predictions with the model's")
        check_same_outputs(folder, signatures, tolerance)

    version = publish(directory, write)
    report(f"published {version}")
    return version


def _write(signatures: Sequence[Signature], folder: Path) -> None:
    # ExportArchive saves the functions and the variables they use, and no Keras object: nothing
    # in the file asks for a class when it is loaded.
    archive = keras.export.ExportArchive()
    for signature in signatures:
        archive.add_endpoint(signature.name, signature.function, [dict(signature.inputs)])
    try:
        archive.write_out(str(folder), verbose=False)
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow could not write the model: {error.message}") from error


def _tolerance(model: keras.Model) -> float:
    """How far eager and graph execution of one model may lie apart.

    Each fuses ops in its own way, and rounds what stands between them: to 10 bits where a GPU
    multiplies float32 as TF32, to 8 bits in bfloat16. A weight that was lost shows far above.
    """
    dtypes = {layer.compute_dtype for layer in model._flatten_layers()}
    return 5e-2 if dtypes & {"float16", "bfloat16"} else 1e-3
