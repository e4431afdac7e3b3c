"""TensorFlow Serving's REST API on loopback, for tests: see `served_model`."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from support.served_model import RequestError, ServedModel

_PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/stable)?(/metadata|:predict)")
_STATUS = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "NOT_FOUND": 404}


class RestTwin:
    def __init__(self, model: ServedModel) -> None:
        self.model = model
        self.failures: list[int] = []  # HTTP statuses of the next predictions, in order
        self.go = threading.Event()  # cleared, it holds predictions back
        self.go.set()
        self.contents: Iterator[bytes] = iter(())  # of the next answers, instead of true ones
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        twin = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["Content-Length"])))

            def _answer(self, body: bytes) -> None:
                status, answer = twin.answer(self.path, body)
                content = next(twin.contents, None)
                if content is None:
                    content = json.dumps(answer).encode()
                with contextlib.suppress(ConnectionError):  # a client that gave up waiting
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1/models/{model.name}"

    def __enter__(self) -> "RestTwin":
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, body: bytes) -> tuple[int, dict]:
        self.paths.append(path)
        found = _PATH.fullmatch(path)
        if not found:
            return 404, {"error": f"Malformed request: {path}"}
        name, asked, verb = found.groups()
        try:
            version = self.model.find(name, int(asked) if asked else None)
            if verb == "/metadata":
                return 200, self._metadata(version)
            return self._predict(version, body)
        except RequestError as error:
            return _STATUS[error.code], {"error": str(error)}

    def _metadata(self, version: int) -> dict:
        definitions = {
            name: json_format.MessageToDict(
                each, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            for name, each in self.model.definitions[version].items()
        }
        return {
            "model_spec": {"name": self.model.name, "signature_name": "", "version": str(version)},
            "metadata": {"signature_def": {"signature_def": definitions}},
        }

    def _predict(self, version: int, body: bytes) -> tuple[int, dict]:
        self.bodies.append(body)
        if self.failures:
            return self.failures.pop(0), {"error": "as the test asked"}
        self.go.wait()
        request = json.loads(body)
        signature = request.get("signature_name", "serving_default")
        wanted = self.model.definition(version, signature).inputs
        inputs = {
            name: _to_array(name, values, tf.as_dtype(wanted[name].dtype).as_numpy_dtype)
            if name in wanted
            else np.zeros(())
            for name, values in request["inputs"].items()
        }
        outputs = {
            name: values.tolist()
            for name, values in self.model.run(version, signature, inputs).items()
        }
        only = len(outputs) == 1
        return 200, {"outputs": next(iter(outputs.values())) if only else outputs}


def _to_array(name: str, values: object, dtype: type) -> np.ndarray:
    """JSON has numbers only: what the signature wants is what they are taken for."""
    try:
        array = np.array(values)
    except ValueError as error:
        raise RequestError("INVALID_ARGUMENT", f"{name}: {error}") from error
    kinds = "iu" if np.issubdtype(dtype, np.integer) else "iuf"
    if array.size and array.dtype.kind not in kinds:
        raise RequestError("INVALID_ARGUMENT", f"{name} is not of expected type: {dtype.__name__}")
    return array.astype(dtype)
