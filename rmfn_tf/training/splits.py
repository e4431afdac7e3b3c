"""What a run learns from: objects that have no test split."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rmfn_tf.data import Examples, fit_scaling, hold_out, load_examples, make_folds
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig


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


def check_splits(config: RunConfig, builder: Any) -> None:
    """ValueError where the data set does not have the splits or labels that the config names."""
    open_task(config, builder)
    splits = list(builder.info.splits)
    if config.folds and len(splits) != 1:
        raise ValueError(
            f"{config.data} comes with the splits {splits}; folds are for data sets without any."
        )
    if not config.folds and not {"train", "validation"} <= set(splits):
        raise ValueError(f"{config.data} has only the splits {splits}: train with --folds.")


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


def open_learning_data(config: RunConfig, builder: Any) -> LearningData:
    """Reads `train` and `validation` of a built data set, and no other split."""
    train, validation = (open_split(config, builder, split) for split in ("train", "validation"))
    return LearningData(open_task(config, builder), train, validation)


def open_pool(config: RunConfig, builder: Any) -> Examples:
    """Reads the one split of a data set without splits of its own, for `split_into_folds`."""
    return open_split(config, builder, "all")


def split_into_folds(config: RunConfig, task: Task, pool: Examples) -> Iterator[Fold]:
    """The folds of a run, one after another; no video is on two sides of any."""
    for number, (inside, outside) in enumerate(make_folds(pool, config.folds, config.seed), 1):
        train, validation = pool.take(inside), None
        if config.choose_epochs:
            kept, held = hold_out(pool, inside, seed=config.seed)
            train, validation = pool.take(kept), pool.take(held)
        learning = LearningData(task, train, validation)
        yield Fold(number, learning, pool.take(inside), pool.take(outside), outside)
