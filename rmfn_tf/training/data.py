"""What the runs of one process learn from, prepared once for all of them."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from rmfn_tf.data import Examples
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.splits import (
    Fold,
    LearningData,
    open_learning_data,
    open_pool,
    open_task,
    split_into_folds,
)


class RunData:
    """Reads, splits and judges by floors what several runs share; the test split is not read.

    Args:
        builder: a built data set.
    """

    def __init__(self, builder: Any):
        self.builder = builder
        self._kept: dict[Any, Any] = {}

    def learning(self, config: RunConfig) -> LearningData:
        """`train` and `validation`, of a data set with splits."""
        return self._once(
            ("learning", *config.labels), lambda: open_learning_data(config, self.builder)
        )

    def pool(self, config: RunConfig) -> Examples:
        """The one split of a data set without any."""
        return self._once(("pool", *config.labels), lambda: open_pool(config, self.builder))

    def folds(self, config: RunConfig) -> list[Fold]:
        """The folds of `pool`."""
        key = ("folds", config.folds, config.seed, config.choose_epochs, *config.labels)
        task = open_task(config, self.builder)
        return self._once(key, lambda: list(split_into_folds(config, task, self.pool(config))))

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
