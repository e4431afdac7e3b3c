"""No server: an export folder, or a model, in this process."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.export.client.interface import Interface, ServingError, Transport
from rmfn_tf.export.client.network import GRAMMAR
from rmfn_tf.export.contract import CONTRACT, LENGTHS, read_contract, signatures_of
from rmfn_tf.export.publish import published_versions


class InProcess(Transport):
    """A model in this process, which answers as a server would.

    Args:
        where: What messages call it.
        functions: TensorFlow's concrete functions by name of the signature.
        owner: What holds their variables, which are deleted with it.
        about: `version`, `order` and `task` of `Interface`.
    """

    def __init__(self, where: str, functions: Mapping[str, Any], owner: Any, **about: Any) -> None:
        self.where, self._functions, self._owner = where, functions, owner
        self._about = {"signatures": signatures_of(functions), **about}

    @classmethod
    def load(cls, folder: Path) -> "InProcess":
        """The version in a folder, or the highest one in a model folder; ValueError where there is
        none. Modalities and task are those of its contract, where it has one."""
        import tensorflow as tf

        versions = [folder, *(folder / str(each) for each in published_versions(folder)[::-1])]
        version = next((each for each in versions if (each / "saved_model.pb").is_file()), None)
        if version is None:
            raise ValueError(
                f"{str(folder)!r} holds no exported model: name a version, or the model folder "
                f"with its versions 1, 2, ..., as `rmfn export` makes it; or write {GRAMMAR}"
            )
        try:
            loaded = tf.saved_model.load(str(version))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise ValueError(f"{str(version)!r} cannot be loaded: {error}") from error
        about: dict[str, Any] = {"version": int(version.name) if version.name.isdigit() else None}
        if (version / CONTRACT).is_file():
            contract = read_contract(version)
            about |= {"order": tuple(contract.widths), "task": contract.task}
        return cls(str(version), loaded.signatures, loaded, **about)

    @classmethod
    def of_model(cls, model: Any, where: str, task: Any) -> "InProcess":
        """A Keras model, with the signatures that its export would have."""
        import tensorflow as tf

        from rmfn_tf.export.signatures import endpoints_of

        def trace(function: Callable[[dict[str, Any]], Any], inputs: dict[str, Any]) -> Any:
            return tf.function(lambda **given: function(given)).get_concrete_function(**inputs)

        functions = {e.name: trace(e.function, e.inputs) for e in endpoints_of(model)}
        order = tuple(name for name in model.input if name != LENGTHS)
        return cls(where, functions, model, version=None, order=order, task=task)

    def describe(self) -> Interface:
        return Interface(self, **self._about)

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> Mapping[str, Any]:
        import tensorflow as tf

        try:
            tensors = {name: tf.constant(values) for name, values in inputs.items()}
            outputs = self._functions[signature](**tensors)
        except (TypeError, ValueError, LookupError) as error:
            raise ServingError("INVALID_ARGUMENT", self.where, str(error)) from error
        except tf.errors.OpError as error:
            refused = isinstance(error, tf.errors.InvalidArgumentError)
            code = "INVALID_ARGUMENT" if refused else "INTERNAL"
            raise ServingError(code, self.where, str(error.message)) from error
        return {name: values.numpy() for name, values in outputs.items()}
