"""What a run learns from: objects that have no test split."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np

from rmfn_tf.data import Examples, fit_scaling, hold_out, load_examples, make_folds
from rmfn_tf.metrics import metrics_for
from rmfn_tf.names import unknown_name
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.floors import floor_predictions


@dataclass(frozen=True)
class LearningData:
    """What training, scaling, early stopping and selection are given; test examples are not here,
    and nothing here leads to them.

    Args:
        task: what the labels are.
        train: what is learned from; scaling's statistics come from it alone.
        validation: what chooses the epoch, or None to keep the last.
    """

    task: Task
    train: Examples
    validation: Examples | None
    _scaling: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def scaling(self, method: str) -> Mapping[str, Any]:
        """`fit_scaling` of `train`, once for all runs that learn from this."""
        if method not in self._scaling:
            self._scaling[method] = fit_scaling(self.train, method)
        return self._scaling[method]


@dataclass(frozen=True)
class Fold:
    """A fold: what to learn from, and which rows of the pool it must predict.

    Args:
        number: from 1.
        learning: all videos of the other folds, a share of them as validation where the epoch is
            chosen.
        inside: the examples of the other folds, which the trivial floors learn from.
        outside: the examples of this fold.
        rows: `(n,)` their indices in the pool.
    """

    number: int
    learning: LearningData
    inside: Examples
    outside: Examples
    rows: np.ndarray


class RunData:
    """Reads, splits and judges by floors what the runs of one process share, once for all of them;
    the test split is not read.

    Args:
        builder: a built data set.
    """

    def __init__(self, builder: Any):
        self.builder = builder
        self._kept: dict[Any, Any] = {}

    def learning(self, config: RunConfig) -> LearningData:
        """`train` and `validation`, of a data set with splits."""

        def read() -> LearningData:
            splits = [open_split(config, self.builder, name) for name in ("train", "validation")]
            return LearningData(open_task(config, self.builder), *splits)

        return self._once(("learning", *config.labels), read)

    def pool(self, config: RunConfig) -> LearningData:
        """The one split of a data set without any, all of it to learn from."""

        def read() -> LearningData:
            examples = open_split(config, self.builder, "all")
            return LearningData(open_task(config, self.builder), examples, None)

        return self._once(("pool", *config.labels), read)

    def folds(self, config: RunConfig) -> list[Fold]:
        """The folds of `pool`; no video is on two sides of any."""

        def split() -> list[Fold]:
            pool, folds = self.pool(config), []
            parts = make_folds(pool.train, config.folds, config.seed)
            for number, (inside, outside) in enumerate(parts, 1):
                kept, held = inside, None
                if config.choose_epochs:
                    kept, aside = hold_out(pool.train, inside, seed=config.seed)
                    held = pool.train.take(aside)
                learning = LearningData(pool.task, pool.train.take(kept), held)
                sides = pool.train.take(inside), pool.train.take(outside)
                folds.append(Fold(number, learning, *sides, outside))
            return folds

        key = ("folds", config.folds, config.seed, config.choose_epochs, *config.labels)
        return self._once(key, split)

    def floors(
        self, task: Task, train: Examples, judged: Sequence[Examples]
    ) -> list[dict[str, np.ndarray]]:
        """`floor_predictions` for each of several sets of examples, fitted once."""

        def make() -> list[dict[str, np.ndarray]]:
            together = reduce(Examples.concatenate, judged)
            ends = np.cumsum([len(each) for each in judged])[:-1]
            floors = {
                name: np.split(values, ends)
                for name, values in floor_predictions(task, train, together).items()
            }
            return [{name: parts[i] for name, parts in floors.items()} for i in range(len(judged))]

        return self._once(("floors", train, *judged), make)

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]


def check_splits(config: RunConfig, builder: Any) -> None:
    """ValueError where the data set does not have what the config names: its splits, labels,
    classes or metrics."""
    task = open_task(config, builder)
    monitored(task, config.select_by)
    check_class_weight(task, config.class_weight)
    splits = list(builder.info.splits)
    if config.folds and len(splits) != 1:
        raise ValueError(
            f"{config.data} comes with the splits {splits}; folds are for data sets without any."
        )
    if not config.folds and not {"train", "validation"} <= set(splits):
        raise ValueError(f"{config.data} has only the splits {splits}: train with --folds.")


def monitored(task: Task, select_by: str) -> tuple[str, bool]:
    """The entry of the history that chooses the epoch, and whether less of it is better.

    Raises:
        ValueError: neither `"loss"` nor a metric of the task.
    """
    metrics = {each.name: each for each in metrics_for(task)}
    if select_by != "loss" and select_by not in metrics:
        raise ValueError(unknown_name("metric to select by", select_by, ["loss", *metrics]))
    lower = select_by == "loss" or metrics[select_by]._direction == "down"
    return f"val_{select_by}", lower


def check_class_weight(task: Task, class_weight: Any) -> None:
    """ValueError where there is a weight too many or too few, or no classes to weigh."""
    if class_weight is None:
        return
    if task.kind != "classification":
        raise ValueError(f"class_weight is for a classification; this is a {task.kind}.")
    if class_weight != "balanced" and len(class_weight) != task.num_classes:
        raise ValueError(
            f"class_weight must have {task.num_classes} weights, one a class; got {class_weight!r}."
        )


def check_test_split(config: RunConfig, builder: Any) -> None:
    """ValueError where there is no test split to judge a run on; reads nothing of it."""
    splits = builder.info.splits
    if "test" not in splits or not splits["test"].num_examples:
        held = {name: split.num_examples for name, split in splits.items()}
        raise ValueError(f"{config.data} has no test split with examples; it has {held}.")


def open_task(config: RunConfig, builder: Any) -> Task:
    """The task of a built data set with the labels that the config names.

    Raises:
        ValueError: a label that the data set does not score, or labels to choose from a
            classification, which has one.
    """
    task = Task.from_json(builder.info.metadata["task"])
    try:
        return task.select(config.labels)
    except ValueError as error:
        raise ValueError(f"{config.data}: {error}") from error


def open_split(config: RunConfig, builder: Any, split: str, **lock: Any) -> Examples:
    """`load_examples` of a built data set, with the labels that the config names."""
    examples = load_examples(builder, split, **lock)
    if not config.labels:
        return examples
    names = Task.from_json(builder.info.metadata["task"]).labels
    columns = [names.index(name) for name in config.labels]
    return replace(examples, labels=examples.labels[:, columns])
