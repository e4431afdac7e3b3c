"""Asking a server, over gRPC or REST."""

import contextlib
import http.client
import json
import random
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

import numpy as np

from rmfn_tf.export.client.interface import Interface, ServingError, Transport
from rmfn_tf.export.contract import Signature, Tensor

Answer = TypeVar("Answer")
LONGEST_TIMEOUT = 86_400.0  # seconds; sockets take no infinity
FIRST_WAIT = 0.1  # seconds before a call is repeated; doubled each time

GRAMMAR = (
    "grpc://HOST:8500/MODEL, http://HOST:8501/v1/models/MODEL (grpcs:// and https:// with TLS), "
    "each with /versions/N or /labels/NAME at the end to ask for one version"
)
_URL = re.compile(
    r"(?P<scheme>(?P<http>https?)|grpcs?)://(?P<host>[^/:@?#\[\]]+|\[[^/@?#\[\]]+\])"
    r"(?::(?P<port>\d+))?(?(http)/v1/models)/(?P<model>[^/:@?#]+)"
    r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:?#]+))?/?"
)
_PORTS = {"grpc": 8500, "grpcs": 8500, "http": 80, "https": 443}
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    412: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class Address(NamedTuple):
    """A model on the server at `target` (`host:port`); `version` is a number, a label, or None for
    the one that the server chooses."""

    scheme: str
    target: str
    model: str
    version: int | str | None = None


def parse_address(url: str) -> Address:
    """The parts of a URL in the form of `GRAMMAR`; ValueError for any other. The default port
    is 8500 (gRPC), 80 (http) or 443 (https)."""
    found = _URL.fullmatch(url)
    port = int(found["port"] or _PORTS[found["scheme"]]) if found else 0
    if found is None or not 0 < port < 2**16:
        raise ValueError(f"{url!r} is not the address of a served model. Write {GRAMMAR}.")
    version = int(found["version"]) if found["version"] else found["label"]
    return Address(found["scheme"], f"{found['host']}:{port}", found["model"], version)


def open_transport(url: str, timeout: float, retries: int) -> Transport:
    """What reaches the model at a URL; arguments and errors as of `Client.connect`."""
    if not 0 < timeout <= LONGEST_TIMEOUT:
        raise ValueError(
            f"timeout must be a number of seconds above 0, a day at most; got {timeout}"
        )
    if retries < 0:
        raise ValueError(f"retries must be 0 or more; got {retries}")
    address = parse_address(url)
    kind = GrpcTransport if address.scheme.startswith("grpc") else RestTransport
    return kind(address, timeout, retries)


class _Network(Transport):
    """Reaches one server. With TLS, certificates are checked against the system's authorities."""

    def __init__(self, address: Address, timeout: float, retries: int) -> None:
        self.where = f"{address.scheme}://{address.target}"
        self._address, self._timeout, self._retries = address, timeout, retries

    def _repeated(self, attempt: Callable[[float], Answer]) -> Answer:
        """Calls `attempt(seconds left)`, and after a wait again while the server is UNAVAILABLE.

        Asking twice is safe because every signature is a pure function of its request. Any other
        failure would only repeat itself, or add to the load of a server that is too slow.
        """
        deadline = time.monotonic() + self._timeout
        for number in range(self._retries + 1):
            try:
                return attempt(max(deadline - time.monotonic(), 0.001))
            except ServingError as error:
                # Random, so that clients that lost the same server do not all return at once.
                wait = FIRST_WAIT * 2**number * random.uniform(0.5, 1)
                late = time.monotonic() + wait >= deadline
                if error.code != "UNAVAILABLE" or number == self._retries or late:
                    raise
            time.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")


class GrpcTransport(_Network):
    """Asks TensorFlow Serving's PredictionService through its official stubs, over one channel.
    ImportError where the extra `serving` is not installed."""

    def __init__(self, address: Address, timeout: float, retries: int) -> None:
        super().__init__(address, timeout, retries)
        try:
            import grpc
            from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub
        except ImportError as error:
            raise ImportError(
                "gRPC needs the packages of the extra `serving`: pip install 'rmfn-tf[serving]'. "
                f"REST, http://..., does not ({error})"
            ) from error
        options = [
            # The default of 4 MiB is less than the attention of one batch.
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.enable_retries", 0),  # `_repeated` decides what is asked again
            # By default gRPC looks for a lost server again after a second: longer than our waits.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        if address.scheme == "grpcs":
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(address.target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(address.target, options)
        self._stub = PredictionServiceStub(self._channel)

    def describe(self) -> Interface:
        from google.protobuf import json_format
        from tensorflow_serving.apis import get_model_metadata_pb2 as metadata

        request = metadata.GetModelMetadataRequest(metadata_field=["signature_def"])
        response = self._ask(self._stub.GetModelMetadata, request, None)
        definitions = metadata.SignatureDefMap()
        if not response.metadata["signature_def"].Unpack(definitions):
            raise ValueError("it has no signatures")
        as_json = json_format.MessageToDict(definitions, preserving_proto_field_name=True)
        version = response.model_spec.version.value
        return Interface(self, version, _signatures(as_json["signature_def"]))

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> Mapping[str, Any]:
        import tensorflow as tf
        from tensorflow_serving.apis.predict_pb2 import PredictRequest

        request = PredictRequest()
        request.model_spec.signature_name = signature
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
        response = self._ask(self._stub.Predict, request, version)
        return {name: tf.make_ndarray(value) for name, value in response.outputs.items()}

    def close(self) -> None:
        self._channel.close()

    def _ask(self, method: Any, request: Any, version: int | str | None) -> Any:
        from grpc import RpcError

        request.model_spec.name = self._address.model
        version = self._address.version if version is None else version
        if isinstance(version, int):
            request.model_spec.version.value = version
        elif version:
            request.model_spec.version_label = version

        def attempt(seconds: float) -> Any:
            try:
                return method(request, timeout=seconds)
            except RpcError as error:
                raise ServingError(error.code().name, self.where, error.details() or "") from error

        return self._repeated(attempt)


class RestTransport(_Network):
    """Asks TensorFlow Serving in JSON over HTTP, with the standard library alone and a connection
    for each call.

    Numbers are sent with all their digits. NaN and the infinities are sent as `NaN`, `Infinity`
    and `-Infinity`, which are not JSON but which TensorFlow Serving reads; a proxy between may not.
    """

    def describe(self) -> Interface:
        answer = self._ask("/metadata", None)
        signatures = _signatures(answer["metadata"]["signature_def"]["signature_def"])
        return Interface(self, int(answer["model_spec"]["version"]), signatures)

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> Mapping[str, Any]:
        columns = {name: values.tolist() for name, values in inputs.items()}
        body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
        outputs = self._ask(":predict", version, body)["outputs"]
        # The server leaves out the name where there is only one output.
        return outputs if isinstance(outputs, dict) else {"prediction": outputs}

    def _ask(self, verb: str, version: int | str | None, body: bytes | None = None) -> Any:
        version = self._address.version if version is None else version
        kind = "versions" if isinstance(version, int) else "labels"
        which = "" if version is None else f"/{kind}/{version}"
        url = f"{self.where}/v1/models/{self._address.model}{which}{verb}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        return json.loads(self._repeated(lambda seconds: self._attempt(request, seconds)))

    def _attempt(self, request: urllib.request.Request, seconds: float) -> bytes:
        try:
            status, content = _fetch(request, seconds)
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, TimeoutError):
                late = f"{seconds:.3g} seconds were left for it"
                raise ServingError("DEADLINE_EXCEEDED", self.where, late) from error
            if type(reason) is http.client.BadStatusLine:
                raise ServingError("UNIMPLEMENTED", self.where, "it speaks no HTTP") from error
            raise ServingError("UNAVAILABLE", self.where, str(reason)) from error
        if status != 200:
            detail = f"HTTP {status} {http.client.responses.get(status, '')}"
            with contextlib.suppress(ValueError, LookupError, TypeError):
                detail = str(json.loads(content)["error"])
            raise ServingError(_CODES.get(status, "INTERNAL"), self.where, detail)
        return content


def _fetch(request: urllib.request.Request, seconds: float) -> tuple[int, bytes]:
    """HTTP status and body, of an error too; TimeoutError where they are not there in time. A
    thread of its own asks, and is then left behind, because the timeout of a socket begins again
    with each byte that a server sends."""
    answer: Future[tuple[int, bytes]] = Future()

    def fetch() -> None:
        try:
            try:
                response = urllib.request.urlopen(request, timeout=seconds)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                answer.set_result((response.status, response.read()))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=fetch, daemon=True).start()
    return answer.result(seconds)


def _signatures(definitions: Mapping[str, Any]) -> dict[str, Signature]:
    """From TensorFlow's SignatureDefs as JSON."""
    dtypes = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_INT32": "int32"}

    def tensors(infos: Mapping[str, Any]) -> dict[str, Tensor]:
        found = {}
        for name, info in infos.items():
            sizes = [int(axis["size"]) for axis in info["tensor_shape"]["dim"]]
            dtype = dtypes.get(info["dtype"], info["dtype"])
            found[name] = Tensor(dtype=dtype, shape=[None if n < 0 else n for n in sizes])
        return found

    return {
        name: Signature(inputs=tensors(each["inputs"]), outputs=tensors(each["outputs"]))
        for name, each in definitions.items()
        if not name.startswith("__")  # TensorFlow's own, such as __saved_model_init_op
    }
