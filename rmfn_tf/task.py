"""What is learned: the kind of the labels, their names, and all that follows from the kind."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rmfn_tf.names import unknown_name


class Kind(NamedTuple):
    """What every task of one kind has in common.

    Attributes:
        activation: the activation of a model's last layer.
        loss: name in `keras.losses` of the loss that a model is trained with.
        metric: Keras' name of the metric that training shows beside the loss.
        floors: names of the predictions that need no network.
        selection: metric by which a configuration is chosen, and whether less of it is better.
        metrics: names of the sets of metrics that there are (`rmfn_tf.metrics.metrics_for`).
    """

    activation: str | None
    loss: str
    metric: str
    floors: tuple[str, str]
    selection: tuple[str, bool]
    metrics: tuple[str, ...]


KINDS = {
    "regression": Kind(
        activation=None,
        loss="MeanAbsoluteError",
        metric="mae",
        floors=("constant", "ridge"),
        selection=("mae", True),
        metrics=("default", "sentiment", "pom", "ict_mmmo"),
    ),
    "classification": Kind(
        activation="softmax",
        loss="SparseCategoricalCrossentropy",
        metric="accuracy",
        floors=("majority", "logistic"),
        selection=("accuracy", False),
        metrics=("default",),
    ),
    "multilabel": Kind(
        activation="sigmoid",
        loss="BinaryCrossentropy",
        metric="binary_accuracy",
        floors=("majority", "logistic"),
        selection=("weighted_f1", False),
        metrics=("default", "iemocap"),
    ),
}


@dataclass(frozen=True)
class Task:
    """What is learned from a data set.

    A builder stores it as JSON: `Task.from_json(builder.info.metadata["task"])`.

    Args:
        kind: `"regression"` (numbers), `"classification"` (one class) or `"multilabel"` (labels
            that are each present or not).
        columns: names of all label columns that are stored; a classification has one.
        labels: names of those that are learned and scored, in order; none means all.
        ranges: label -> (lowest, highest) value, for labels that have such limits.
        num_classes: number of classes of a classification, at least 2, which `class_names` tells
            too; 0 for the other kinds.
        metrics: which set of metrics it is scored with.
        per_step: whether each step of a sequence has a label of its own, as the utterances of a
            dialogue have. A prediction is then made after each step.
        class_names: names of the classes of a classification, in order; none where they have none.

    Raises:
        ValueError: the values do not fit this description.
    """

    kind: str
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    num_classes: int = 0
    metrics: str = "default"
    per_step: bool = False
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in list(KINDS):  # a list: what is given may not be hashable
            raise ValueError(unknown_name("kind of task", self.kind, KINDS))
        for name in ("columns", "labels", "class_names"):
            value = getattr(self, name)
            if not isinstance(value, list | tuple) or not all(isinstance(x, str) for x in value):
                raise ValueError(f"A task's `{name}` must be a list of names; got {value!r}.")
            object.__setattr__(self, name, tuple(value))
        object.__setattr__(self, "labels", self.labels or self.columns)
        object.__setattr__(self, "num_classes", self.num_classes or len(self.class_names))
        object.__setattr__(self, "ranges", {k: tuple(v) for k, v in self.ranges.items()})
        if not self.columns or len(set(self.columns)) < len(self.columns):
            raise ValueError(f"A task needs different names of columns; got {self.columns!r}.")
        for name in self.labels:
            if name not in self.columns:
                raise ValueError(unknown_name("label", name, self.columns))
        if self.metrics not in KINDS[self.kind].metrics:
            known = KINDS[self.kind].metrics
            raise ValueError(unknown_name(f"set of metrics of a {self.kind}", self.metrics, known))
        if self.kind == "classification" and len(self.columns) > 1:
            raise ValueError(
                f"A classification has one column, which holds the class; got {self.columns!r}. "
                "Several labels that are present or not are of the kind 'multilabel'."
            )
        if (self.kind == "classification") != (self.num_classes >= 2):
            raise ValueError(
                "`num_classes` must be at least 2 for a classification and is left out for other "
                f"kinds; got {self.num_classes!r} for a {self.kind}."
            )
        if self.class_names and len(set(self.class_names)) != self.num_classes:
            raise ValueError(
                f"`class_names` must be {self.num_classes} different names, one a class; got "
                f"{self.class_names!r}."
            )
        if self.metrics == "pom":
            missing = [name for name in self.labels if len(self.ranges.get(name, ())) != 2]
            if missing:
                raise ValueError(
                    "The metrics 'pom' round within each label's range, and `ranges` has no "
                    f"(lowest, highest) for {missing!r}."
                )

    @classmethod
    def of(cls, task: "str | Task", num_outputs: int = 1) -> "Task":
        """A task as it is, or one of a kind with columns of no particular names.

        Args:
            task: a task, or one of `KINDS`.
            num_outputs: number of targets, classes or labels. It is not looked at where `task`
                is a task.

        Raises:
            ValueError: an unknown kind, or fewer outputs than it needs.
        """
        if isinstance(task, Task):
            return task
        least = 2 if task == "classification" else 1
        if num_outputs < least and task in list(KINDS):
            raise ValueError(
                f"A {task} needs `num_outputs` of at least {least}; got {num_outputs!r}."
            )
        if task == "classification":
            return cls(task, ("label",), num_classes=num_outputs)
        return cls(task, tuple(f"label_{i}" for i in range(num_outputs)))

    @property
    def of_kind(self) -> Kind:
        """What it has in common with all tasks of its kind."""
        return KINDS[self.kind]

    @property
    def num_outputs(self) -> int:
        """The width of a model's last layer: classes, or one output a label."""
        return self.num_classes or len(self.labels)

    @property
    def output_names(self) -> list[str]:
        """A name for each output of a model: a label, or a class (by default `class_0`, ...)."""
        if self.kind != "classification":
            return list(self.labels)
        return list(self.class_names) or [f"class_{number}" for number in range(self.num_classes)]

    def select(self, labels: Sequence[str]) -> "Task":
        """The same task with these labels alone; with all of its labels where none is named.

        Raises:
            ValueError: the task does not learn such a label, or it is a classification.
        """
        if labels and self.kind == "classification":
            raise ValueError("A classification has one label, its class: leave `labels` out.")
        for name in labels:
            if name not in self.labels:
                raise ValueError(unknown_name("label", name, self.labels))
        return dataclasses.replace(self, labels=tuple(labels) or self.labels)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, from which `from_json` makes an equal task."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Task":
        """The task that `to_json` wrote down, or that a user's file holds.

        Raises:
            ValueError: an entry is unknown or missing, or as in the constructor.
        """
        known = [each.name for each in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise ValueError(unknown_name("entry of a task", name, known))
        for name in ("kind", "columns"):
            if name not in values:
                raise ValueError(f"A task needs the entry {name!r}; got {dict(values)!r}.")
        return cls(**values)
