"""What a run would be, told before it is started."""

import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from rmfn_tf.data import Examples, choose_buckets, epoch_batches, training_batches
from rmfn_tf.models.create import compile_model
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.fit import PREDICT_BATCH, build_model
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.scores import report
from rmfn_tf.training.splits import (
    LearningData,
    check_splits,
    open_learning_data,
    open_pool,
    open_task,
    split_into_folds,
)

_TIMED_STEPS = 10


def dry_run(config: RunConfig, builder: Any) -> dict[str, Any]:
    """Shapes, parameters, floors and the time of an epoch; nothing is written or kept.

    With folds it is the first fold's. The time is that of a few training steps of a network that is
    thrown away, and of the validation pass; what their first time takes longer is compiling.

    Args:
        config: the run.
        builder: a built data set; its test split is not read.

    Returns:
        - `examples`: `train` and what is predicted -> how many;
        - `modalities`: name -> `width` (features a step) and `present` (training examples with it);
        - `steps`: `shortest`, `median` and `longest` training example;
        - `padded_to`: the lengths that batches are padded to;
        - `batches`: training steps an epoch, of `batch_size`;
        - `parameters`: trainable ones, `total` and `by_layer`;
        - `floors`: see `report`;
        - `seconds`: of `compiling`, once a fold, of an `epoch`, and of the whole `run` if no epoch
          is spared (writing checkpoints comes on top).

    Raises:
        ValueError: as `train_run`.
    """
    check_splits(config, builder)
    task, learning, inside, judged, split = _open(config, builder)
    keras.utils.set_random_seed(config.seed)
    buckets = choose_buckets(learning.train.lengths)
    batches, steps = training_batches(
        learning.train, config.batch_size, buckets=buckets, seed=config.seed
    )
    model = build_model(config, learning)
    compile_model(model, task, config.optimizer, decay_steps=steps * config.epochs)
    compiling, epoch = _time_an_epoch(model, batches, steps, learning.validation)
    lengths = learning.train.lengths
    return {
        "data": config.data,
        "model": config.model,
        "examples": {"train": len(learning.train), split: len(judged)},
        "modalities": {
            name: {"width": width, "present": int(learning.train.present[name].sum())}
            for name, width in learning.train.widths.items()
        },
        "steps": {
            "shortest": int(lengths.min()),
            "median": float(np.median(lengths)),
            "longest": int(lengths.max()),
        },
        "padded_to": list(buckets),
        "batches": steps,
        "batch_size": config.batch_size,
        "parameters": _parameters(model),
        "floors": report(split, task, judged.labels, floor_predictions(task, inside, judged)),
        "seconds": {
            "compiling": compiling,
            "epoch": epoch,
            "run": (compiling + epoch * config.epochs) * max(config.folds, 1),
        },
    }


def _open(config: RunConfig, builder: Any) -> tuple[Task, LearningData, Examples, Examples, str]:
    """The task, what is learned from, what floors learn from, what is judged, and its name."""
    task = open_task(config, builder)
    if config.folds:
        pool = open_pool(config, builder)
        fold = next(split_into_folds(config, task, pool))
        return task, fold.learning, fold.inside, fold.outside, "fold 1"
    learning = open_learning_data(config, builder)
    assert learning.validation is not None  # `open_learning_data` reads both
    return task, learning, learning.train, learning.validation, "validation"


def _parameters(model: keras.Model) -> dict[str, Any]:
    counts = {
        layer.name: int(sum(np.prod(each.shape) for each in layer.trainable_variables))
        for layer in model.layers
    }
    by_layer = {name: count for name, count in counts.items() if count}
    return {"total": sum(by_layer.values()), "by_layer": by_layer}


def _time_an_epoch(
    model: keras.Model, batches: Any, steps: int, validation: Examples | None
) -> tuple[float, float]:
    """Seconds of compiling, and of an epoch of so many steps."""
    timed = min(steps, _TIMED_STEPS)
    compiling, seconds = _time_twice(
        lambda: model.fit(batches, steps_per_epoch=timed, shuffle=False, verbose=0)
    )
    seconds *= steps / timed
    if validation is not None:
        held_out = epoch_batches(validation, PREDICT_BATCH)
        more, judging = _time_twice(lambda: model.evaluate(held_out, verbose=0))
        compiling, seconds = compiling + more, seconds + judging
    return compiling, seconds


def _time_twice(action: Callable[[], Any]) -> tuple[float, float]:
    """By how much the first call was slower than the second, and what the second took."""
    times = [time.monotonic()]
    for _ in range(2):
        action()
        times.append(time.monotonic())
    first, second = times[1] - times[0], times[2] - times[1]
    return max(first - second, 0.0), second
