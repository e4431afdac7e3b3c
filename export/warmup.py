"""Requests that TensorFlow Serving answers before it lets a new version answer anybody's.

The first request of each shape is slow, because memory is allocated and kernels are chosen. A
server that finds `assets.extra/tf_serving_warmup_requests` answers these requests while the old
version still serves. If it fails at a single one, it does not serve the new version, so they are
all answered here before the version is published.
"""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from rmfn_tf.export.contract import LENGTHS, Contract, fill_shape

WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
MOST_RECORDS = 1000  # a server refuses a version with more


def write_warmup(contract: Contract, served: Mapping[str, Any], version: Path) -> None:
    """Answer a request for each signature, batch size and length of a contract (of `step`, which
    takes single words, for each batch size), and write them beside the contract.

    Args:
        contract: Of the version.
        served: The version's signatures, as `tf.saved_model.load` gives them.
        version: The folder of the version, with its contract.

    Raises:
        ValueError: A request cannot be answered, or there are too many.
        OSError: The file cannot be written.
    """
    logs = list(_logs(contract))
    if len(logs) > MOST_RECORDS:
        raise ValueError(
            f"{WARMUP} may have {MOST_RECORDS} records; for all `lengths` it would have {len(logs)}"
        )
    for log in logs:
        request = log.predict_log.request
        name = request.model_spec.signature_name
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        try:
            served[name](**{key: tf.constant(value) for key, value in inputs.items()})
        except tf.errors.OpError as error:
            shapes = {key: value.shape for key, value in inputs.items()}
            raise ValueError(
                f"the exported model cannot answer {name!r} for {shapes}, so a server would refuse "
                f"the version: {error}"
            ) from error
    try:
        with tf.io.TFRecordWriter(str(version / WARMUP)) as writer:
            for log in logs:
                writer.write(log.SerializeToString())
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow could not write the warm-up: {error.message}") from error


def _logs(contract: Contract) -> Iterator[Any]:
    """A PredictionLog for each request. A message with a shape and a single value means that value
    everywhere, so the file has only a few kB."""
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    sizes = contract.batching
    for name, signature in contract.signatures.items():
        lengths = sizes.length_buckets if LENGTHS in signature.inputs else [1]
        for batch, time in itertools.product(sizes.allowed_batch_sizes, lengths):
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = contract.model
            request.model_spec.signature_name = name
            for key, spec in signature.inputs.items():
                value = time if key == LENGTHS else 1  # the whole length: no padding
                shape = fill_shape(spec.shape, batch, time)
                request.inputs[key].CopyFrom(tf.make_tensor_proto(value, spec.dtype, shape))
            yield log
