"""Requests that TensorFlow Serving answers before it lets a new version answer anybody's.

The first request of each kind is slow, for memory is allotted and kernels are chosen then. A server
that finds `assets.extra/tf_serving_warmup_requests` goes through it while the old version still
answers. It does not serve a version of which it cannot answer one record, so the file is replayed
here before it is published.
"""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from google.protobuf.message import DecodeError

from rmfn_tf.export.contract import LENGTHS
from rmfn_tf.export.signature import Signature

WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000  # a server refuses a version with more


def can_write_warmup() -> bool:
    """Whether the messages of TensorFlow Serving are installed (the extra `serving`)."""
    return importlib.util.find_spec("tensorflow_serving") is not None


def write_warmup(
    signatures: Sequence[Signature],
    version: Path,
    *,
    name: str,
    batch_sizes: Sequence[int],
    lengths: Sequence[int],
) -> None:
    """Write a record for each batch size, length and signature; `step` takes words, of no length.

    Args:
        signatures: Of the model.
        version: The version that is being made.
        name: Of the model, as it stands in the requests; a server does not look at it here.
        batch_sizes: That the server forms batches of.
        lengths: In words.

    Raises:
        OSError: The file cannot be written.
    """
    records = [
        _record(name, signature.name, inputs)
        for signature in signatures
        for inputs in _requests(signature, batch_sizes, lengths)
    ]
    path = version / WARMUP
    path.parent.mkdir(exist_ok=True)
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow could not write the warm-up: {error.message}") from error


def replay_warmup(version: Path) -> int:
    """Answer every record of a version's warm-up file, as a server will when it loads it.

    Returns:
        How many records there are.

    Raises:
        ValueError: A record cannot be read or answered, or there are too many.
    """
    served = tf.saved_model.load(str(version)).signatures
    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(version / WARMUP)):
            count += 1
            _answer(served, record.numpy())
    except tf.errors.DataLossError as error:
        raise ValueError(f"{WARMUP} is damaged: {error.message}") from error
    except (KeyError, TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"record {count} of {WARMUP} cannot be answered, so a server would refuse the version: "
            f"{error}"
        ) from error
    if not 0 < count <= MOST_RECORDS:
        raise ValueError(f"{WARMUP} must have 1 to {MOST_RECORDS} records; it has {count}")
    return count


def _answer(served: Mapping[str, Any], record: bytes) -> None:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    try:
        request = PredictionLog.FromString(record).predict_log.request
    except DecodeError as error:
        raise ValueError(str(error)) from error
    inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
    served[request.model_spec.signature_name](**inputs)


def _requests(
    signature: Signature, batch_sizes: Iterable[int], lengths: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Inputs of each batch size and length."""
    sequences = LENGTHS in signature.inputs
    for batch in batch_sizes:
        for time in lengths if sequences else [1]:
            yield {
                name: _ones(spec, batch, time) if name != LENGTHS else _full(spec, batch, time)
                for name, spec in signature.inputs.items()
            }


# A message with a shape and a single value stands for that value everywhere: a file of a few kB.


def _ones(spec: keras.InputSpec, batch: int, time: int) -> Any:
    sizes = (batch, time)[: len(spec.shape) - 1]
    return tf.make_tensor_proto(1, dtype=spec.dtype, shape=[*sizes, spec.shape[-1]])


def _full(spec: keras.InputSpec, batch: int, time: int) -> Any:
    """Lengths that leave no padding."""
    return tf.make_tensor_proto(time, dtype=spec.dtype, shape=[batch])


def _record(name: str, signature: str, inputs: Mapping[str, Any]) -> bytes:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(value)
    return log.SerializeToString()
