"""Exporting a Keras model as a SavedModel version."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from rmfn_tf.export.contract import (
    ALLOWED_BATCH_SIZES,
    LENGTH_BUCKETS,
    read_contract,
    write_contract,
)
from rmfn_tf.export.model_contract import ABOUT, model_contract
from rmfn_tf.export.portability import check_portable
from rmfn_tf.export.publish import publish
from rmfn_tf.export.signature import Signature
from rmfn_tf.export.signatures import signatures_of
from rmfn_tf.export.verification import check_same_outputs
from rmfn_tf.export.warmup import can_write_warmup, replay_warmup, write_warmup

_Report = Callable[[str], None]


def export_model(
    model: keras.Model,
    directory: str | os.PathLike[str],
    *,
    about: Mapping[str, Any] | None = None,
    keep: int | None = None,
    on_progress: _Report | None = None,
) -> Path:
    """Write `model` as the next version `directory/<version>/`, ready for TensorFlow Serving.

    The version is a TensorFlow SavedModel that needs neither Keras nor rmfn_tf to run. Its
    signature `serving_default` takes the model's inputs by name, each modality
    `(batch, time, F)` float32 and `lengths` `(batch,)` int32, of any batch and time, and returns
    `{"prediction": (batch, outputs)}`, what `model(inputs, training=False)` returns (of a model
    that answers after every word, `(batch, time, outputs)`):

        served = tf.saved_model.load(export_model(model, "served"))
        served.signatures["serving_default"](language=..., lengths=...)["prediction"]

    A model of `create_model("rmfn")` also has `explain` and `step` (`rmfn_tf.export.signatures`,
    `rmfn_tf.export.streaming`). A request that cannot be right is refused inside the graph, as
    INVALID_ARGUMENT.

    Beside the graph lie `assets.extra/contract.json` (`rmfn_tf.export.contract`) and, where the
    extra `serving` is installed, `assets.extra/tf_serving_warmup_requests`
    (`rmfn_tf.export.warmup`).

    Before it is published the written graph is checked (no op that a stock TensorFlow lacks),
    loaded again, its answers compared with the model's, and the warm-up replayed. It then appears
    in one step, under the first free number above those there. On any failure the folder is left
    as it was.

    Args:
        model: A functional model with a dict of inputs and one output, such as `create_model`
            gives. Whether it is compiled does not matter; its optimizer is not exported.
        directory: The model folder that holds one folder a version; made where it is missing.
        about: What the contract says of the model's run: any of `task`, `data` and `validation`,
            as in `rmfn_tf.export.contract.Contract`.
        keep: As of `rmfn_tf.export.publish.publish`: how many versions to keep, this one counted.
        on_progress: Called with one line of text as each step begins.

    Returns:
        The new version's folder.

    Raises:
        ValueError: The model is not of this form, uses an op that cannot be served, or answers
            differently once exported; or `about` or `keep` is wrong.
        OSError: `directory` cannot be written; or, with the version published, an older one could
            not be removed.
    """
    report = on_progress or (lambda line: None)
    about = _checked(about or {})
    signatures = signatures_of(model)
    tolerance = _tolerance(model)

    def write(folder: Path) -> None:
        report(f"writing {model.name!r}")
        _write(signatures, folder)
        report("checking its ops")
        check_portable(folder)
        report("comparing its predictions with the model's")
        check_same_outputs(folder, signatures, tolerance)
        report("writing its contract")
        write_contract(model_contract(model, signatures, folder, about), folder)
        read_contract(folder)
        _warm_up(signatures, folder, model.name, report)

    version = publish(directory, write, keep=keep)
    report(f"published {version}")
    return version


def _checked(about: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = sorted(about.keys() - set(ABOUT))
    if unknown or not all(isinstance(part, Mapping) for part in about.values()):
        raise ValueError(f"`about` has dicts under {', '.join(ABOUT)}; got {dict(about)!r}.")
    return about


def _warm_up(signatures: Sequence[Signature], folder: Path, name: str, report: _Report) -> None:
    if not can_write_warmup():
        report("without warm-up requests: they need pip install 'rmfn-tf[serving]'")
        return
    report("answering its warm-up requests")
    write_warmup(
        signatures, folder, name=name, batch_sizes=ALLOWED_BATCH_SIZES, lengths=LENGTH_BUCKETS
    )
    replay_warmup(folder)


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
