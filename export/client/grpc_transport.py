"""gRPC: TensorFlow Serving's PredictionService through its official stubs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.export.client.address import Address
from rmfn_tf.export.client.errors import serving_error
from rmfn_tf.export.client.interface import Signature, Tensor
from rmfn_tf.export.client.retries import with_retries
from rmfn_tf.export.client.transport import Description

_OPTIONS = [
    # The default of 4 MiB is less than the attention of one batch.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # `with_retries` decides what is asked again.
    ("grpc.enable_retries", 0),
    # By default a lost server is not looked for again within a second, longer than our waits.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
]


class GrpcTransport:
    """A channel to one server, opened by the first call.

    Args:
        address: Of scheme grpc or grpcs (TLS with the system's certificate authorities).
        timeout: Seconds for each call, retries and their waits included.
        retries: How often a call is repeated while the server is UNAVAILABLE.

    Raises:
        ImportError: The extra `serving` is not installed.
    """

    def __init__(self, address: Address, timeout: float, retries: int) -> None:
        try:
            import grpc
            import tensorflow as tf
            from tensorflow_serving.apis import (
                get_model_metadata_pb2,
                predict_pb2,
                prediction_service_pb2_grpc,
            )
        except ImportError as error:
            raise ImportError(
                "gRPC needs the packages of the extra `serving`: pip install 'rmfn-tf[serving]'. "
                f"REST, http://..., goes without ({error})"
            ) from error
        self.where = f"{address.scheme}://{address.target}"
        self._grpc, self._tf = grpc, tf
        self._predict, self._metadata = predict_pb2, get_model_metadata_pb2
        self._address, self._timeout, self._retries = address, timeout, retries
        if address.secure:
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(address.target, credentials, options=_OPTIONS)
        else:
            self._channel = grpc.insecure_channel(address.target, options=_OPTIONS)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def describe(self) -> Description:
        request = self._metadata.GetModelMetadataRequest(metadata_field=["signature_def"])
        self._choose_version(request.model_spec, None)
        response = self._ask(self._stub.GetModelMetadata, request)
        definitions = self._metadata.SignatureDefMap()
        definitions.ParseFromString(response.metadata["signature_def"].value)
        return Description(
            response.model_spec.version.value,
            {
                name: Signature(self._tensors(each.inputs), self._tensors(each.outputs))
                for name, each in definitions.signature_def.items()
                if not name.startswith("__")  # TensorFlow's own, as __saved_model_init_op
            },
        )

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> dict[str, np.ndarray]:
        request = self._predict.PredictRequest()
        request.model_spec.signature_name = signature
        self._choose_version(request.model_spec, version)
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(self._tf.make_tensor_proto(values))
        response = self._ask(self._stub.Predict, request)
        return {name: self._tf.make_ndarray(value) for name, value in response.outputs.items()}

    def close(self) -> None:
        self._channel.close()

    def _choose_version(self, model_spec: Any, version: int | None) -> None:
        model_spec.name = self._address.model
        version = self._address.version if version is None else version
        if version is not None:
            model_spec.version.value = version
        elif self._address.label is not None:
            model_spec.version_label = self._address.label

    def _ask(self, method: Any, request: Any) -> Any:
        def attempt(seconds: float) -> Any:
            try:
                return method(request, timeout=seconds)
            except self._grpc.RpcError as error:
                code, detail = error.code().name, error.details() or ""
                raise serving_error(code, self.where, detail) from error

        return with_retries(attempt, self._timeout, self._retries)

    def _tensors(self, infos: Any) -> dict[str, Tensor]:
        return {
            name: Tensor(
                self._tf.as_dtype(info.dtype).name,
                tuple(None if axis.size < 0 else axis.size for axis in info.tensor_shape.dim),
            )
            for name, info in infos.items()
        }
