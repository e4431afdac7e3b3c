"""A session: a model that follows speakers word by word, as they speak."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rmfn_tf.export.client.errors import ServingError
from rmfn_tf.export.client.interface import STEP, Interface
from rmfn_tf.export.client.request_check import check_request
from rmfn_tf.export.client.sequences import as_float32, check_modalities
from rmfn_tf.export.client.transport import Transport


class Session:
    """The states between words, kept here: no server remembers anything.

        session = client.session()
        for word in words:
            prediction = session.step(word)

    All steps go to the version that the session began with, because the states of one version
    mean nothing to another. A step that fails leaves the session as it was, so it can be taken
    again. A session belongs to one thread.

    Attributes:
        attention: Of the last step, modality -> `(stages, d_m)`, or `(B, stages, d_m)`; empty
            before the first, and of models without highlight.
    """

    def __init__(self, transport: Transport, interface: Interface) -> None:
        self._transport, self._interface = transport, interface
        self.reset()

    @property
    def version(self) -> int | None:
        """The version of the model that this session asks."""
        return self._interface.version

    def reset(self) -> None:
        """Begin anew: nothing said so far, and the version that the server has now.

        Raises:
            ServingError: No answer.
        """
        version, signatures = self._transport.describe()
        self._interface = replace(self._interface, version=version, signatures=signatures)
        self._interface.signature(STEP)
        self._states: dict[str, np.ndarray] = {}
        self._shape: tuple[int, ...] = ()
        self.attention: dict[str, np.ndarray] = {}

    def step(self, words: Mapping[str, Any]) -> np.ndarray:
        """The prediction after one more word.

        Args:
            words: Modality -> the features of the word, `(F,)`; or of the words of B speakers,
                `(B, F)`, the same B at every step. Zeros where a modality has nothing.

        Returns:
            `(outputs,)`, or `(B, outputs)`, float32.

        Raises:
            ValueError: The words are not as the model wants them.
            ServingError: No answer; also NOT_FOUND where the server has dropped this session's
                version for a newer one (`reset` goes on with that).
        """
        inputs, shape = self._read(words)
        batch = int(np.prod(shape))
        states = self._states or {
            name: np.zeros((batch, size), np.float32)
            for name, size in self._interface.states.items()
        }
        request = check_request(STEP, self._interface.signature(STEP), {**inputs, **states})
        try:
            outputs = self._transport.call(STEP, request, self.version)
        except ServingError as error:
            if error.code != "NOT_FOUND":
                raise
            raise ServingError(
                error.code,
                f"{error}. This session's states are of version {self.version}: reset() begins "
                "anew with the version that is served now",
            ) from error
        self._shape = shape
        self._states = {name: outputs[name] for name in states}
        self.attention = {
            name: outputs[f"attention_{name}"].reshape(
                *shape, *outputs[f"attention_{name}"].shape[1:]
            )
            for name in inputs
            if f"attention_{name}" in outputs
        }
        return outputs["prediction"].reshape(*shape, -1)

    def _read(self, words: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], tuple[int, ...]]:
        """Every word as `(batch, F)`, and `()` or `(B,)` as they were given."""
        modalities = self._interface.modalities
        check_modalities(words, modalities, "({width},)")
        inputs, shapes = {}, {}
        for name, width in modalities.items():
            word = as_float32(words[name], repr(name))
            if word.ndim not in (1, 2) or word.shape[-1] != width:
                raise ValueError(
                    f"a word of {name!r} must have the shape ({width},), or (speakers, {width}); "
                    f"got {word.shape}"
                )
            inputs[name] = np.atleast_2d(word)
            shapes[name] = word.shape[:-1]
        shape = next(iter(shapes.values()))
        if len(set(shapes.values())) > 1:
            raise ValueError(f"all modalities need as many speakers; got {shapes}")
        if self._states and shape != self._shape:
            raise ValueError(
                f"this session follows speakers of shape {self._shape}; got {shape}. Take a "
                "session of its own, or reset()"
            )
        return inputs, shape
