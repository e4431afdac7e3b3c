"""TensorFlow Serving's gRPC services on loopback, for tests and benchmarks: see `served_model`.

With `together` it batches as the server does with `pad_variable_length_inputs`: so many requests
are joined, and shorter ones padded with the first element of their own tensor.

    python tests/support/serving_twin.py FOLDER NAME     prints its port and serves until killed
"""

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc as prediction_service

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.served_model import RequestError, ServedModel


class ServingTwin(prediction_service.PredictionServiceServicer):
    def __init__(self, model: ServedModel, together: int = 0) -> None:
        self.model, self.together = model, together
        self.failures: list[grpc.StatusCode] = []  # for the next calls of Predict, in order
        self.go = threading.Event()  # cleared, it holds Predict back
        self.go.set()
        self.change: Callable = lambda response: None  # what is done to each answer of Predict
        self.requests: deque = deque(maxlen=99)  # the last ones of Predict
        self._waiting: list[tuple] = []
        self._lock = threading.Lock()
        self._server = grpc.server(
            futures.ThreadPoolExecutor(80),
            options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
        )
        prediction_service.add_PredictionServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self.url = f"grpc://127.0.0.1:{self.port}/{model.name}"

    def __enter__(self) -> "ServingTwin":
        self._server.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.stop(grace=None).wait()

    def Predict(self, request, context):
        self.requests.append(request)
        if self.failures:
            context.abort(self.failures.pop(0), "as the test asked")
        self.go.wait()
        with _aborting(context):
            version = self._version(request.model_spec)
            signature = request.model_spec.signature_name or "serving_default"
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            run = self._run_together if self.together else self.model.run
            outputs = run(version, signature, inputs)
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(request.model_spec)
        response.model_spec.version.value = version
        for name, values in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(values))
        self.change(response)
        return response

    def GetModelMetadata(self, request, context):
        with _aborting(context):
            version = self._version(request.model_spec)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = self.model.name
        response.model_spec.version.value = version
        definitions = get_model_metadata_pb2.SignatureDefMap()
        for name, definition in self.model.definitions[version].items():
            definitions.signature_def[name].CopyFrom(definition)
        response.metadata["signature_def"].Pack(definitions)
        return response

    def _version(self, model_spec) -> int:
        asked = model_spec.version.value if model_spec.HasField("version") else None
        return self.model.find(model_spec.name, asked)

    def _run_together(self, version, signature, inputs):
        """The last of a batch runs for all; none is refused for another."""
        self.model.check(version, signature, inputs)
        answer: futures.Future = futures.Future()
        with self._lock:
            self._waiting.append((inputs, answer))
            waiting = self._waiting
            if last := len(waiting) == self.together:
                self._waiting = []
        if last:
            try:
                outputs = self.model.run(version, signature, _join([each for each, _ in waiting]))
                start = 0
                for each, future in waiting:
                    end = start + len(each["lengths"])
                    future.set_result({name: x[start:end] for name, x in outputs.items()})
                    start = end
            except Exception as error:
                for _, future in waiting:
                    future.set_exception(error)
        return answer.result()


def _join(requests: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    joined = {}
    for name in requests[0]:
        parts = [each[name] for each in requests]
        if parts[0].ndim > 1:
            time = max(part.shape[1] for part in parts)
            ends = [[(0, 0), (0, time - part.shape[1]), (0, 0)] for part in parts]
            parts = [
                np.pad(part, end, constant_values=part.flat[0])
                for part, end in zip(parts, ends, strict=True)
            ]
        joined[name] = np.concatenate(parts)
    return joined


@contextlib.contextmanager
def _aborting(context):
    try:
        yield
    except RequestError as error:
        context.abort(getattr(grpc.StatusCode, error.code), str(error))


if __name__ == "__main__":
    with ServingTwin(ServedModel(Path(sys.argv[1]), sys.argv[2])) as twin:
        print(twin.port, flush=True)
        threading.Event().wait()
