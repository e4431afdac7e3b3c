"""The contract of a Keras model and of the SavedModel made of it."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.framework.tensor_shape_pb2 import TensorShapeProto
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from rmfn_tf.export.contract import ALLOWED_BATCH_SIZES, LENGTH_BUCKETS, LENGTHS, Contract
from rmfn_tf.export.signature import Signature
from rmfn_tf.export.streaming import has_rmfn, state_sizes
from rmfn_tf.layers import FeatureScaling

ABOUT = ("task", "data", "validation")


def model_contract(
    model: keras.Model,
    signatures: Sequence[Signature],
    saved_model: Path,
    about: Mapping[str, Any],
) -> Contract:
    """What the model is, what the file says of its tensors, and what `about` says of its run.

    Args:
        model: The model that was written.
        signatures: Those it was written with, `serving_default` first.
        saved_model: The folder it was written to.
        about: `task`, `data` and `validation` of a `Contract`, each where it is known.
    """
    features = signatures[0].inputs
    return Contract(
        model=model.name,
        modalities={name: spec.shape[-1] for name, spec in features.items() if name != LENGTHS},
        signatures=_written_signatures(signatures, saved_model),
        states=state_sizes(model) if has_rmfn(model) else {},
        scaling=_scaling(model, features),
        batching={
            "allowed_batch_sizes": list(ALLOWED_BATCH_SIZES),
            "length_buckets": list(LENGTH_BUCKETS),
        },
        versions={name: version(name) for name in ("rmfn-tf", "tensorflow", "keras")},
        **about,
    )


def _written_signatures(signatures: Sequence[Signature], saved_model: Path) -> dict[str, Any]:
    contents = SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    written = contents.meta_graphs[0].signature_def
    return {
        signature.name: {
            # The maps of a SavedModel have no order.
            "inputs": {
                name: _tensor(written[signature.name].inputs[name]) for name in signature.inputs
            },
            "outputs": {
                name: _tensor(info)
                for name, info in sorted(written[signature.name].outputs.items())
            },
        }
        for signature in signatures
    }


def _tensor(info: TensorInfo) -> dict[str, Any]:
    return {"dtype": tf.as_dtype(info.dtype).name, "shape": _shape(info.tensor_shape)}


def _shape(shape: TensorShapeProto) -> list[int | None]:
    return [None if dim.size < 0 else dim.size for dim in shape.dim]


def _scaling(model: keras.Model, modalities: Mapping[str, Any]) -> dict[str, Any]:
    """What the `FeatureScaling` layers of `create_model` hold; empty for another model."""
    layers = {layer.name: layer for layer in model.layers if isinstance(layer, FeatureScaling)}
    return {
        modality: {
            "center": layers[f"{modality}_scaling"].center.numpy().tolist(),
            "scale": layers[f"{modality}_scaling"].scale.numpy().tolist(),
            "clip": layers[f"{modality}_scaling"].clip,
        }
        for modality in modalities
        if f"{modality}_scaling" in layers
    }
