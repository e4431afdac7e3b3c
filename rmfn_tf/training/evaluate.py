"""Judging a finished run on a split."""

import json
import os
import time
from pathlib import Path
from typing import Any

import keras

import rmfn_tf.models  # noqa: F401  (registers the layers for load_model)
from rmfn_tf.data import Examples
from rmfn_tf.files import only_writer, write_json
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.fit import predict
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.predictions import write_predictions
from rmfn_tf.training.provenance import check_trained_on
from rmfn_tf.training.run import is_finished
from rmfn_tf.training.scores import report
from rmfn_tf.training.splits import open_split, open_task


def read_config(run: Path) -> RunConfig:
    """The config of a run folder; ValueError where it is none."""
    if not (run / "config.toml").is_file():
        raise ValueError(
            f"{run} is not a run folder: it has no config.toml. `rmfn train` makes one."
        )
    return RunConfig.read(run / "config.toml")


def load_run(run: Path) -> tuple[RunConfig, keras.Model]:
    """The config and the best model of a run folder; ValueError where it has none."""
    config = _config_with_model(run)
    return config, keras.models.load_model(run / "model.keras")


def _config_with_model(run: Path) -> RunConfig:
    config = read_config(run)
    if config.folds:
        raise ValueError(f"{run} has no model.keras: a run over folds keeps no single model.")
    if not (run / "model.keras").is_file():
        raise ValueError(
            f"{run} has no model.keras: it is not finished. Go on with `rmfn train --resume {run}`."
        )
    return config


def evaluate_run(run: Path, builder: Any, split: str) -> dict[str, Any]:
    """The run's model on a split, beside the trivial floors, which learn from `train`.

    The test split is read once: what came out is kept in the run folder, and given again.

    Args:
        run: a run folder made by `train_run` without folds.
        builder: the data set it was trained on.
        split: one of the data set's.

    Returns:
        See `report`; its rows are the model and the floors.

    Raises:
        ValueError: not a run folder, a run that is not finished, an unknown split, or data other
            than the run was trained on.
    """
    config = _config_with_model(run)
    if split not in builder.info.splits:
        raise ValueError(
            f"{config.data} has no split {split!r}; it has {list(builder.info.splits)}."
        )
    check_trained_on(run, config.data, builder.info.metadata)
    with only_writer(run):
        return _judge(run, builder, split)


def _judge(run: Path, builder: Any, split: str) -> dict[str, Any]:
    kept = run / "metrics_test.json"
    if split == "test" and kept.exists():
        return json.loads(kept.read_text())
    config, model = load_run(run)
    examples = open_examples(run, builder, split)
    task = open_task(config, builder)
    predictions = {config.model: predict(model, examples)}
    predictions |= floor_predictions(task, open_split(config, builder, "train"), examples)
    write_predictions(run / f"predictions_{split}.csv", examples, predictions)
    result = report(split, task, examples.labels, predictions)
    if split == "test":
        write_json(kept, result)
    return result


def open_examples(run: Path, builder: Any, split: str) -> Examples:
    """Reads a split for a run; rows of the test split too, once everything was chosen.

    Before such rows are read, when and which is recorded in the run's `test_openings.jsonl`.

    Args:
        run: a run folder made by `train_run`.
        builder: the data set it was trained on.
        split: as in `load_examples`.

    Returns:
        The examples, with the run's labels.

    Raises:
        ValueError: not a run folder, data other than the run was trained on, rows of the test split
            for a run that is not finished, or as `load_examples`.
    """
    config = read_config(run)
    check_trained_on(run, builder.info.full_name, builder.info.metadata)

    def record(opening: dict[str, Any]) -> None:
        if not is_finished(run):
            raise ValueError(
                f"{run} is not finished, and the test split stays closed until then: go on with "
                f"`rmfn train --resume {run}`."
            )
        with (run / "test_openings.jsonl").open("a") as file:
            now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
            file.write(json.dumps({"time": now, **opening}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    return open_split(config, builder, split, record=record)
