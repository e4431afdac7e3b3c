"""Predictions word by word, while someone speaks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.export.client.interface import STEP, Interface, ServingError
from rmfn_tf.export.client.sequences import as_float32, check_modalities
from rmfn_tf.export.contract import NEXT


class Session:
    """Follows speakers word by word. It keeps the model's states: the server remembers nothing.

        session = client.session()
        for word in words:
            prediction = session.step(word)

    All steps go to the version that the session began with, because the states of one version
    mean nothing to another. A step that fails leaves the session as it was, so it can be repeated.
    Threads must not share a session.

    Attributes:
        attention: That of the last step: modality -> `(stages, d_m)`, or `(B, stages, d_m)`. Empty
            before the first step, and for models without highlight.
    """

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self.reset()

    @property
    def version(self) -> int | None:
        """The version of the model that this session asks."""
        return self._interface.version

    def reset(self) -> None:
        """Begin anew, before the first word and with the version that the server has now.

        Raises:
            ServingError: No answer.
        """
        self._interface = Interface.learn(self._interface.transport)
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
            ValueError: The words do not fit the model, or the step before.
            ServingError: No answer; also NOT_FOUND where the server has replaced this session's
                version by a newer one (which `reset` takes).
        """
        inputs, shape = self._read(words)
        states = self._states or {
            name: np.zeros((int(np.prod(shape)), size), np.float32)
            for name, size in self._interface.states.items()
        }
        try:
            outputs = self._interface.ask(STEP, {**inputs, **states}, self.version)
        except ServingError as error:
            if error.code == "NOT_FOUND":
                error.args = (
                    f"{error}. This session's states are of version {self.version}: reset() begins "
                    "anew with the version that is served now",
                )
            raise
        self._shape = shape
        self._states = {name: outputs[NEXT + name] for name in states}
        scores = {name: outputs.get(f"attention_{name}") for name in inputs}
        self.attention = {
            name: each.reshape(*shape, *each.shape[1:])
            for name, each in scores.items()
            if each is not None
        }
        return outputs["prediction"].reshape(*shape, -1)

    def _read(self, words: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], tuple[int, ...]]:
        """Modality -> words as `(batch, F)`, and the shape of the speakers: `()` or `(B,)`."""
        modalities = self._interface.modalities
        check_modalities(words, modalities, "({width},)")
        inputs = {name: as_float32(words[name], repr(name)) for name in modalities}
        for name, width in modalities.items():
            found = inputs[name].shape
            if len(found) not in (1, 2) or found[-1] != width or 0 in found:
                raise ValueError(
                    f"a word of {name!r} must have the shape ({width},), or (speakers, {width}); "
                    f"got {found}"
                )
        shape, *others = {word.shape[:-1] for word in inputs.values()}
        if others:
            raise ValueError(f"all modalities need as many speakers; got {[shape, *others]}")
        if self._states and shape != self._shape:
            raise ValueError(
                f"this session follows speakers of shape {self._shape}; got {shape}. Open another "
                "session, or call reset()"
            )
        return {name: np.atleast_2d(word) for name, word in inputs.items()}, shape
