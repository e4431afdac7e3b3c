"""What the labels of a user's own data are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

KINDS = ("regression", "classification", "multilabel")


@dataclass(frozen=True)
class OwnTask:
    """The task of a data set of one's own.

    Args:
        kind: one of `KINDS`.
        columns: names of the label columns; a classification has one.
        num_classes: of a classification; otherwise 0.
        ranges: column -> (low, high), of a regression's columns that have one.
    """

    kind: str
    columns: tuple[str, ...]
    num_classes: int = 0
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From `[task]` of a data.toml without mistakes, or from what `metadata` gave."""
        return cls(
            kind=values["kind"],
            columns=tuple(values["columns"]),
            num_classes=values.get("num_classes", 0),
            ranges={name: (low, high) for name, (low, high) in values.get("ranges", {}).items()},
        )

    @property
    def metadata(self) -> dict[str, Any]:
        """The `task` of a build's metadata (see `SequenceBuilder.sequence_info`)."""
        task: dict[str, Any] = {
            "kind": self.kind,
            "columns": list(self.columns),
            "labels": list(self.columns),
            "ranges": {name: list(limits) for name, limits in self.ranges.items()},
            "metrics": "default",
        }
        if self.kind == "classification":
            task["num_classes"] = self.num_classes
        return task
