"""What a run learns from. Nothing here reads the test split."""

from dataclasses import dataclass, replace
from typing import Any

from rmfn_tf.data import Examples, load_examples
from rmfn_tf.metrics import metrics_for
from rmfn_tf.names import unknown_name
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig


@dataclass(frozen=True)
class LearningData:
    """What training, scaling, early stopping and selection are given: no test examples. Without
    `validation` the last epoch is kept."""

    task: Task
    train: Examples
    validation: Examples | None = None


def open_learning_data(config: RunConfig, builder: Any) -> LearningData:
    """Reads `train` and, where there is one, `validation` of a built data set, or with folds all of
    its examples."""
    names = ["train", "validation"] if "validation" in builder.info.splits else ["train"]
    if config.folds:
        names = ["all"]
    splits = [open_split(config, builder, name) for name in names]
    return LearningData(open_task(config, builder), *splits)


def check_splits(config: RunConfig, builder: Any, validation: bool = False) -> None:
    """ValueError where the data set does not have the splits, labels, classes or metrics that the
    config names; `validation`: whether a validation split is needed in any case."""
    task = open_task(config, builder)
    monitored(task, config.select_by)
    check_class_weight(task, config.class_weight)
    splits = list(builder.info.splits)
    if config.folds and len(splits) != 1:
        raise ValueError(
            f"{config.data} comes with the splits {splits}; folds are for data sets without any."
        )
    if not config.folds and len(splits) == 1:
        raise ValueError(f"{config.data} has only the split {splits}: train with --folds.")
    needs = validation or config.patience or config.select_by != "loss"
    if not config.folds and needs and "validation" not in splits:
        raise ValueError(
            f"{config.data} has no validation split, on which to choose: it has {splits}. Without "
            "`patience` and `select_by` a run keeps its last epoch."
        )


def check_class_weight(task: Task, class_weight: Any) -> None:
    """ValueError where the number of weights is wrong, or the task is no classification."""
    if class_weight is None:
        return
    if task.kind != "classification":
        raise ValueError(f"class_weight is for a classification; this is a {task.kind}.")
    if class_weight != "balanced" and len(class_weight) != task.num_classes:
        raise ValueError(
            f"class_weight must have {task.num_classes} weights, one a class; got {class_weight!r}."
        )


def monitored(task: Task, select_by: str) -> tuple[str, bool]:
    """The entry of the history by which the best epoch is chosen, and whether less is better;
    ValueError where `select_by` is neither `"loss"` nor a metric of the task."""
    metrics = {each.name: each for each in metrics_for(task)}
    if select_by != "loss" and select_by not in metrics:
        raise ValueError(unknown_name("metric to select by", select_by, ["loss", *metrics]))
    lower = select_by == "loss" or metrics[select_by]._direction == "down"
    return f"val_{select_by}", lower


def open_task(config: RunConfig, builder: Any) -> Task:
    """The task of a built data set with the labels that the config names; ValueError for a label
    that it does not score, and for any label of a classification, which has only one."""
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
    if isinstance(examples.labels, list):
        return replace(examples, labels=[each[:, columns] for each in examples.labels])
    return replace(examples, labels=examples.labels[:, columns])
