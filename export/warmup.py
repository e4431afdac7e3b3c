"""Requests that TensorFlow Serving answers before it lets a new version answer anybody's.

The first request of each shape is slow, because memory is allocated and kernels are chosen. A
server that finds `assets.extra/tf_serving_warmup_requests` answers these requests while the old
version still serves. If it fails at a single one, it does not serve the new version, so they are
all answered here before the version is published.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError

from rmfn_tf.export.contract import LENGTHS, Contract, Signature, fill_shape

WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000  # a server refuses a version with more


def write_warmup(contract: Contract, version: Path) -> None:
    """Write a request for each signature, batch size and length of a contract (of `step`, which
    takes single words, for each batch size). OSError where the file cannot be written."""
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    path = version / WARMUP
    path.parent.mkdir(exist_ok=True)
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for name, signature in contract.signatures.items():
                for inputs in _requests(signature, contract):
                    log = PredictionLog()
                    request = log.predict_log.request
                    request.model_spec.name = contract.model
                    request.model_spec.signature_name = name
                    for key, value in inputs.items():
                        request.inputs[key].CopyFrom(value)
                    writer.write(log.SerializeToString())
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow could not write the warm-up: {error.message}") from error


def _requests(signature: Signature, contract: Contract) -> Iterator[dict[str, Any]]:
    """The inputs of a signature for each batch size and length. A message with a shape and a single
    value means that value everywhere, so the file has only a few kB."""
    lengths = contract.batching.length_buckets if LENGTHS in signature.inputs else [1]
    for batch in contract.batching.allowed_batch_sizes:
        for time in lengths:
            yield {
                name: tf.make_tensor_proto(
                    time if name == LENGTHS else 1,  # the whole length: no padding
                    dtype=spec.dtype,
                    shape=fill_shape(spec.shape, batch, time),
                )
                for name, spec in signature.inputs.items()
            }


def replay_warmup(version: Path, served: Mapping[str, Any]) -> None:
    """Answer every request in a version's warm-up file, as a server will when it loads it.

    Args:
        version: The folder of the version.
        served: Its signatures, as `tf.saved_model.load` gives them.

    Raises:
        ValueError: A request cannot be read or answered, or there are none or too many.
    """
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    count = 0
    try:
        for record in tf.data.TFRecordDataset(str(version / WARMUP)):
            count += 1
            request = PredictionLog.FromString(record.numpy()).predict_log.request
            inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
            answer = served[request.model_spec.signature_name]
            answer(**{key: tf.constant(value) for key, value in inputs.items()})
    except tf.errors.DataLossError as error:
        raise ValueError(f"{WARMUP} is damaged: {error.message}") from error
    except (DecodeError, KeyError, TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            f"record {count} of {WARMUP} cannot be answered, so a server would refuse the version: "
            f"{error}"
        ) from error
    if not 0 < count <= MOST_RECORDS:
        raise ValueError(f"{WARMUP} must have 1 to {MOST_RECORDS} records; it has {count}")
