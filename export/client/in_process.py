"""No server: an export folder, loaded in this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.export.client.errors import serving_error
from rmfn_tf.export.client.interface import Signature, Tensor
from rmfn_tf.export.client.transport import Description
from rmfn_tf.export.versions import published_versions

_GRAPH = "saved_model.pb"


def version_folder(folder: Path) -> Path:
    """The version to load: `folder` where it is one, or else the highest in it.

    Raises:
        ValueError: There is none.
    """
    if (folder / _GRAPH).is_file():
        return folder
    for version in reversed(published_versions(folder) if folder.is_dir() else []):
        if (folder / str(version) / _GRAPH).is_file():
            return folder / str(version)
    raise ValueError(
        f"{str(folder)!r} holds no exported model: name a version, or the model folder with its "
        "versions 1, 2, ..., as `rmfn export` makes it"
    )


class InProcessTransport:
    """A version loaded into this process: the answers of a server, without one.

    Args:
        folder: One version.

    Raises:
        ValueError: TensorFlow cannot load it.
    """

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self.where = str(folder)
        self._tf = tf
        try:
            self._model = tf.saved_model.load(self.where)
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise ValueError(f"{self.where!r} cannot be loaded: {error}") from error
        self._version = int(folder.name) if folder.name.isdigit() else None

    def describe(self) -> Description:
        return Description(
            self._version,
            {
                name: Signature(
                    _tensors(function.structured_input_signature[1]),
                    _tensors(function.structured_outputs),
                )
                for name, function in self._model.signatures.items()
            },
        )

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> dict[str, np.ndarray]:
        try:
            tensors = {name: self._tf.constant(values) for name, values in inputs.items()}
            outputs = self._model.signatures[signature](**tensors)
        except (TypeError, ValueError, KeyError) as error:
            raise serving_error("INVALID_ARGUMENT", self.where, str(error)) from error
        except self._tf.errors.OpError as error:
            refused = isinstance(error, self._tf.errors.InvalidArgumentError)
            code = "INVALID_ARGUMENT" if refused else "INTERNAL"
            raise serving_error(code, self.where, str(error.message)) from error
        return {name: values.numpy() for name, values in outputs.items()}

    def close(self) -> None:
        """The model goes with this object."""


def _tensors(specs: Mapping[str, Any]) -> dict[str, Tensor]:
    return {
        name: Tensor(spec.dtype.name, tuple(spec.shape.as_list())) for name, spec in specs.items()
    }
