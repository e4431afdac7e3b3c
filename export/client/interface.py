"""What a client knows of a model, and the one place where answers are checked against it."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rmfn_tf.export.client.sequences import as_float32
from rmfn_tf.export.contract import LENGTHS, Signature, Tensor

PREDICT, EXPLAIN, STEP = "serving_default", "explain", "step"
_NEEDS = {
    EXPLAIN: ": only an RMFN with highlight can explain",
    STEP: ": only an RMFN can be followed word by word",
}
_MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_MEANINGS = {
    "UNAVAILABLE": "no server answers at {where}: {detail}",
    "DEADLINE_EXCEEDED": "{where} gave no answer in time: {detail}. Allow more with timeout, or "
    "send less at once with batch_size",
    "NOT_FOUND": "{where} does not serve this model or version: {detail}",
    "INVALID_ARGUMENT": "{where} refuses the request: {detail}",
    "FAILED_PRECONDITION": "{where} refuses the request: {detail}",
    "RESOURCE_EXHAUSTED": "{where} takes no request of this size or at this rate: {detail}. Send "
    "less at once with batch_size",
    "UNIMPLEMENTED": "{where} is not a prediction service of TensorFlow Serving: {detail}. Is this "
    "the right port (by default gRPC is on 8500, REST on 8501)?",
}


class ServingError(OSError):
    """The model did not answer as it should, or its server refused the request. The message has
    one line.

    Attributes:
        code: gRPC's name for what happened, also over REST and in this process: UNAVAILABLE,
            DEADLINE_EXCEEDED, NOT_FOUND, INVALID_ARGUMENT, ...
    """

    def __init__(self, code: str, where: str, detail: str) -> None:
        self.code = code
        detail = " ".join(detail.split()).rstrip(".") or "no reason given"
        meaning = _MEANINGS.get(code, f"{{where}} failed ({code}): {{detail}}")
        super().__init__(meaning.format(where=where, detail=detail))


class Transport:
    """Carries requests to the model at `where`, and its answers back. Threads may share one.

    Its methods raise a ServingError where there is no answer or the server refuses. A malformed
    answer may raise anything while it is read: `Interface` makes a ServingError of that.
    """

    where: str  # the address or folder, for messages

    def describe(self) -> "Interface":
        """The interface of the version that would answer now."""
        raise NotImplementedError

    def call(
        self, signature: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> Mapping[str, Any]:
        """The outputs of a signature by name, not yet checked. `version` overrides the address."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection, if there is one."""


@dataclass(frozen=True)
class Interface:
    """One version of a model, and how it is reached.

    Attributes:
        transport: What carries requests to it.
        version: Its number; None where it has none.
        signatures: Its signatures by name.
        order: The modalities in the model's own order; empty where that is not known.
        task: What was learned, with its `kind` and `labels`; None where that is not known.
    """

    transport: Transport
    version: int | None
    signatures: Mapping[str, Signature]
    order: tuple[str, ...] = ()
    task: Any = None

    @staticmethod
    def learn(transport: Transport) -> "Interface":
        """The interface of the version that answers now; ServingError where none does."""
        with _reading("UNIMPLEMENTED", transport.where):
            return transport.describe()

    @property
    def where(self) -> str:
        return self.transport.where

    @cached_property
    def modalities(self) -> dict[str, int]:
        """Modality -> number of features, in the model's order where known, or else by name."""
        inputs = self.signature(PREDICT).inputs
        names = self.order or sorted(name for name in inputs if name != LENGTHS)
        return {name: self._size(inputs, name) for name in names}

    @cached_property
    def states(self) -> dict[str, int]:
        """State of `step` -> its size, by name."""
        inputs = self.signature(STEP).inputs
        names = sorted(inputs.keys() - self.modalities.keys())
        return {name: self._size(inputs, name) for name in names}

    def signature(self, name: str) -> Signature:
        """The signature of this name; ValueError where there is none."""
        if name not in self.signatures:
            raise ValueError(
                f"the model at {self.where} has no signature {name!r}"
                f"{_NEEDS.get(name, '')}. It has {sorted(self.signatures)}"
            )
        return self.signatures[name]

    def ask(
        self, name: str, inputs: Mapping[str, np.ndarray], version: int | None = None
    ) -> dict[str, np.ndarray]:
        """The outputs of a signature by name, as float32, for all its inputs, batched and padded;
        `version` overrides the address.

        Raises:
            ServingError: There is no answer, or it lacks an output, or an output has another shape
                than it should or numbers that are not finite.
        """
        wanted = self.signature(name).outputs
        with _reading("INTERNAL", self.where):
            answer = self.transport.call(name, inputs, version)
            return {key: _checked(key, answer[key], wanted[key], inputs) for key in wanted}

    def _size(self, inputs: Mapping[str, Tensor], name: str) -> int:
        size = inputs[name].shape[-1] if name in inputs and inputs[name].shape else None
        if size is None:
            raise ValueError(
                f"the model at {self.where} is not one of rmfn_tf: its input {name!r} "
                "has no fixed number of features"
            )
        return size


@contextlib.contextmanager
def _reading(code: str, where: str) -> Iterator[None]:
    """Turn whatever goes wrong while an answer is read into a ServingError of this code."""
    try:
        yield
    except _MALFORMED as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ServingError(code, where, f"its answer is malformed ({what})") from error


def _checked(name: str, value: Any, wanted: Tensor, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    array = as_float32(value, repr(name))
    batch, *words = next(each for key, each in inputs.items() if key != LENGTHS).shape[:-1]
    fits = array.ndim == len(wanted.shape) and all(
        size in (None, found) for size, found in zip(wanted.shape, array.shape, strict=True)
    )
    # A server that joins requests may have padded the words further than this client, never less.
    cut = words and array.ndim > 2 and array.shape[1] < words[0]
    if not fits or array.shape[0] != batch or cut:
        raise ValueError(f"{name!r} has the shape {array.shape} for {batch} sequences")
    if not np.isfinite(array).all():
        raise ValueError(f"{name!r} has numbers that are not finite")
    return array
