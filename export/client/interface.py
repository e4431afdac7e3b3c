"""What a client knows about a model before it asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from rmfn_tf.export.contract import LENGTHS
from rmfn_tf.names import did_you_mean

PREDICT, EXPLAIN, STEP = "serving_default", "explain", "step"
_NEEDS = {
    EXPLAIN: "only an RMFN with highlight can explain",
    STEP: "only an RMFN can be followed word by word",
}


class Tensor(NamedTuple):
    """Of one input or output: NumPy's name of its dtype, and its shape; None = any size."""

    dtype: str
    shape: tuple[int | None, ...]


class Signature(NamedTuple):
    """Inputs and outputs by name."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


@dataclass(frozen=True)
class Interface:
    """The signatures of one version, and what its contract adds to them.

    Attributes:
        where: The address or folder, for messages.
        version: Its number; None where it is not known.
        signatures: By name.
        order: The modalities in the model's own order; empty where no contract says it.
        task: The contract's task (`kind`, `labels`, ...); empty where no contract says it.
    """

    where: str
    version: int | None
    signatures: Mapping[str, Signature]
    order: Sequence[str] = ()
    task: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def modalities(self) -> dict[str, int]:
        """Modality -> features a word, in the model's order, or else by name."""
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
        """The signature of this name.

        Raises:
            ValueError: There is none.
        """
        if name not in self.signatures:
            why = f": {_NEEDS[name]}" if name in _NEEDS else ""
            raise ValueError(
                f"the model at {self.where} has no signature {name!r}{why}. It has "
                f"{sorted(self.signatures)}.{did_you_mean(name, self.signatures)}"
            )
        return self.signatures[name]

    def columns(self, outputs: int) -> list[str]:
        """A name for each of the `outputs` numbers of a prediction.

        The labels of the task; `class_0`, ... of a classification; `prediction_0`, ... where the
        task is not known.
        """
        if self.task.get("kind") == "classification":
            return [f"class_{number}" for number in range(outputs)]
        labels = list(self.task.get("labels", ()))
        if len(labels) == outputs:
            return labels
        return [f"prediction_{number}" for number in range(outputs)]

    def _size(self, inputs: Mapping[str, Tensor], name: str) -> int:
        size = inputs[name].shape[-1] if name in inputs and inputs[name].shape else None
        if size is None:
            raise ValueError(
                f"the model at {self.where} is not one of rmfn_tf: its input {name!r} has no "
                "fixed number of features"
            )
        return size
