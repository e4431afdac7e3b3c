"""Requests that TensorFlow Serving answers before it lets a new version answer anybody's.

The first request of each kind is slow, for memory is allotted and kernels are chosen then. A server
that finds `assets.extra/tf_serving_warmup_requests` goes through it while the old version still
answers. It does not serve a version of which it cannot answer one record, so the file is replayed
here before it is published.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError

from rmfn_tf.export.contract import LENGTHS, Contract, Signature, fill_shape

WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000  # a server refuses a version with more


def can_write_warmup() -> bool:
    """Whether the messages of TensorFlow Serving are installed (the extra `serving`)."""
    return importlib.util.find_spec("tensorflow_serving") is not None


def write_warmup(contract: Contract, version: Path) -> None:
    """Write a record for each batch size, length and signature of a contract (`step` takes words,
    of no length). OSError where the file cannot be written."""
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
    """Inputs of each batch size and length.

    A message with a shape and a single value stands for that value everywhere: a file of a few kB.
    """
    lengths = contract.batching.length_buckets if LENGTHS in signature.inputs else [1]
    for batch in contract.batching.allowed_batch_sizes:
        for time in lengths:
            yield {
                name: tf.make_tensor_proto(
                    time if name == LENGTHS else 1,  # no padding
                    dtype=spec.dtype,
                    shape=fill_shape(spec.shape, batch, time),
                )
                for name, spec in signature.inputs.items()
            }


def replay_warmup(version: Path, served: Mapping[str, Any]) -> None:
    """Answer every record of a version's warm-up file, as a server will when it loads it.

    Args:
        version: The version.
        served: Its signatures, as `tf.saved_model.load` gives them.

    Raises:
        ValueError: A record cannot be read or answered, or there are too many.
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
