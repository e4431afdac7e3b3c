"""REST: TensorFlow Serving's JSON over HTTP, with the standard library alone."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.export.client.address import Address
from rmfn_tf.export.client.errors import serving_error
from rmfn_tf.export.client.interface import Signature, Tensor
from rmfn_tf.export.client.retries import with_retries
from rmfn_tf.export.client.transport import Description

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


class RestTransport:
    """A connection a call to one server.

    Numbers are sent with all their digits. NaN and the infinities are sent as `NaN`, `Infinity`
    and `-Infinity`, which are no JSON but which TensorFlow Serving reads; a proxy between may not.

    Args:
        address: Of scheme http or https (certificates are checked against the system's).
        timeout: Seconds for each call, retries and their waits included. While an answer is
            arriving they count from its last byte.
        retries: How often a call is repeated while the server is UNAVAILABLE.
    """

    def __init__(self, address: Address, timeout: float, retries: int) -> None:
        self.where = f"{address.scheme}://{address.target}"
        self._address, self._timeout, self._retries = address, timeout, retries

    def describe(self) -> Description:
        answer = self._ask(self._address.path() + "/metadata")
        try:
            definitions = answer["metadata"]["signature_def"]["signature_def"]
            return Description(
                int(answer["model_spec"]["version"]),
                {
                    name: Signature(_tensors(each["inputs"]), _tensors(each["outputs"]))
                    for name, each in definitions.items()
                    if not name.startswith("__")  # TensorFlow's own, as __saved_model_init_op
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._not_serving(f"its metadata lack {error}") from error

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> dict[str, np.ndarray]:
        columns = {name: values.tolist() for name, values in inputs.items()}
        body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
        answer = self._ask(self._address.path(version) + ":predict", body)
        try:
            outputs = answer["outputs"]
            if not isinstance(outputs, dict):
                # The server leaves out the name of an only output.
                outputs = {"prediction": outputs}
            return {name: np.asarray(values, np.float32) for name, values in outputs.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise self._not_serving(f"its answer is not as it should be ({error})") from error

    def close(self) -> None:
        """Nothing is held between calls."""

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(
            self.where + path, body, {"Content-Type": "application/json"}
        )
        return with_retries(
            lambda seconds: self._attempt(request, seconds), self._timeout, self._retries
        )

    def _attempt(self, request: urllib.request.Request, seconds: float) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            code = _CODES.get(error.code, "INTERNAL")
            detail = _reason(_read(error)) or f"HTTP {error.code} {error.reason}"
            raise serving_error(code, self.where, detail) from error
        except http.client.BadStatusLine as error:
            if isinstance(error, http.client.RemoteDisconnected):
                raise serving_error("UNAVAILABLE", self.where, str(error)) from error
            raise self._not_serving("it does not speak HTTP") from error
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            code = "DEADLINE_EXCEEDED" if isinstance(reason, TimeoutError) else "UNAVAILABLE"
            raise serving_error(code, self.where, str(reason)) from error
        try:
            return json.loads(content)
        except ValueError as error:
            raise self._not_serving(f"its answer is no JSON ({error})") from error

    def _not_serving(self, detail: str) -> Exception:
        return serving_error("UNIMPLEMENTED", self.where, detail)


def _read(error: urllib.error.HTTPError) -> bytes:
    """The body of an error; nothing where it does not come."""
    try:
        with error:
            return error.read()
    except (OSError, http.client.HTTPException):
        return b""


def _reason(content: bytes) -> str:
    """What TensorFlow Serving says in the body of an error; nothing where it was another."""
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


def _tensors(infos: Mapping[str, Any]) -> dict[str, Tensor]:
    return {
        name: Tensor(
            {"DT_FLOAT": "float32", "DT_INT32": "int32"}.get(info["dtype"], info["dtype"]),
            tuple(
                None if int(axis["size"]) < 0 else int(axis["size"])
                for axis in info["tensor_shape"].get("dim", ())
            ),
        )
        for name, info in infos.items()
    }
