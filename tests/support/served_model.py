"""A model folder as TensorFlow Serving serves it: versions, names and dtypes checked, answers."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel


class RequestError(Exception):
    """Refused, with gRPC's name of the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServedModel:
    """All versions of a folder, loaded; versions may be loaded and dropped while it serves."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.versions: dict[int, object] = {}
        self.definitions: dict[int, dict[str, SignatureDef]] = {}
        for path in folder.iterdir():
            if path.name.isdigit():
                self.load(int(path.name))

    def load(self, version: int) -> None:
        path = self.folder / str(version)
        self.versions[version] = tf.saved_model.load(str(path))
        contents = SavedModel.FromString((path / "saved_model.pb").read_bytes())
        self.definitions[version] = dict(contents.meta_graphs[0].signature_def)

    def find(self, name: str, version: int | None) -> int:
        """The version that answers."""
        if name != self.name or not self.versions or (version and version not in self.versions):
            asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RequestError("NOT_FOUND", f"Servable not found for request: {asked}")
        return version or max(self.versions)

    def definition(self, version: int, signature: str) -> SignatureDef:
        if signature not in self.definitions[version]:
            raise RequestError(
                "FAILED_PRECONDITION",
                f'Serving signature name: "{signature}" not found in signature def',
            )
        return self.definitions[version][signature]

    def check(self, version: int, signature: str, inputs: dict[str, np.ndarray]) -> None:
        """Names and dtypes; shapes are TensorFlow's to check."""
        wanted = self.definition(version, signature).inputs
        if set(inputs) != set(wanted):
            raise RequestError(
                "INVALID_ARGUMENT",
                "input size does not match signature. "
                f"Sent extra: {sorted(set(inputs) - set(wanted))}. "
                f"Missing but required: {sorted(set(wanted) - set(inputs))}.",
            )
        for name, values in inputs.items():
            dtype = tf.as_dtype(wanted[name].dtype)
            if tf.as_dtype(values.dtype) != dtype:
                raise RequestError(
                    "INVALID_ARGUMENT",
                    f"Expects {name} to be {dtype.name} but {values.dtype} is provided",
                )

    def run(
        self, version: int, signature: str, inputs: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        self.check(version, signature, inputs)
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        try:
            outputs = self.versions[version].signatures[signature](**tensors)
        except (tf.errors.InvalidArgumentError, TypeError, ValueError) as error:
            raise RequestError("INVALID_ARGUMENT", str(error)) from error
        return {name: values.numpy() for name, values in outputs.items()}
