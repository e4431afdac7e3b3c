"""Training a run into its folder."""

import csv
import json
import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.data import Examples, hold_out, load_examples, make_folds
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.fitting import OnEpoch, fit_model, predict
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.scores import report


def train_run(
    config: RunConfig, builder: Any, out: Path, on_epoch: OnEpoch | None = None
) -> dict[str, Any]:
    """Trains what `config` says and writes the run folder `out`, whole or not at all.

    With the data set's own splits it learns from `train` and reports `validation`; the test split
    is not read. With folds it reports the pooled predictions of every fold on the videos it did
    not see.

    The folder: `config.toml`, `run.json` (versions, data fingerprint, time), `metrics.json`,
    `history.csv`, `predictions.csv` and, without folds, `model.keras`.

    Args:
        config: the run.
        builder: a built data set.
        out: the folder to make; it must not exist.
        on_epoch: see `fit_model`.

    Returns:
        The content of `metrics.json`: see `report`; its rows are the model and the floors.

    Raises:
        ValueError: the folder exists, or as `fit_model`.
    """
    check_new(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    started = time.time()
    task = builder.info.metadata["task"]
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as name:
        folder = Path(name) / "run"
        folder.mkdir()
        train_one = _train_folds if config.folds else _train_split
        split, history, examples, predictions = train_one(config, builder, folder, on_epoch)
        metrics = report(split, task, examples.labels, predictions)
        config.write(folder / "config.toml")
        write_rows(folder / "history.csv", history)
        write_rows(folder / "predictions.csv", prediction_rows(examples, predictions[config.model]))
        _write_json(folder / "metrics.json", metrics)
        _write_json(folder / "run.json", _provenance(config, builder, time.time() - started))
        os.rename(folder, out)
    return metrics


def check_new(out: Path) -> None:
    """ValueError where the run folder is there already: nothing is ever overwritten."""
    if out.exists():
        raise ValueError(f"{out} exists already; name a new folder with --out, or remove it.")


def _train_split(
    config: RunConfig, builder: Any, folder: Path, on_epoch: OnEpoch | None
) -> tuple[str, list[dict[str, float]], Examples, dict[str, np.ndarray]]:
    if "validation" not in builder.info.splits:
        raise ValueError(
            f"{config.data} has only the splits {list(builder.info.splits)}: train with --folds."
        )
    task = builder.info.metadata["task"]
    train, validation = (load_examples(builder, split) for split in ("train", "validation"))
    fitted = fit_model(config, task, train, validation, scratch=folder, on_epoch=on_epoch)
    fitted.model.save(folder / "model.keras")
    predictions = {config.model: predict(fitted.model, validation)}
    predictions.update(floor_predictions(task, train, validation))
    return "validation", fitted.history, validation, predictions


def _train_folds(
    config: RunConfig, builder: Any, folder: Path, on_epoch: OnEpoch | None
) -> tuple[str, list[dict[str, float]], Examples, dict[str, np.ndarray]]:
    splits = list(builder.info.splits)
    if len(splits) != 1:
        raise ValueError(
            f"{config.data} comes with the splits {splits}; folds are for data sets without any."
        )
    task = builder.info.metadata["task"]
    examples = load_examples(builder, "all")
    history: list[dict[str, float]] = []
    pooled: dict[str, np.ndarray] = {}
    for fold, (inside, outside) in enumerate(make_folds(examples, config.folds, config.seed)):
        inner = None
        train = examples.take(inside)
        learned = train
        if config.choose_epochs:
            kept, held = hold_out(examples, inside, seed=config.seed)
            learned, inner = examples.take(kept), examples.take(held)
        fitted = fit_model(config, task, learned, inner, scratch=folder, on_epoch=on_epoch)
        history += [{"fold": fold + 1, **row} for row in fitted.history]
        test = examples.take(outside)
        predictions = {config.model: predict(fitted.model, test)}
        predictions.update(floor_predictions(task, train, test))
        for name, values in predictions.items():
            pooled.setdefault(name, np.zeros((len(examples), values.shape[1])))[outside] = values
    return f"{config.folds} folds", history, examples, pooled


def prediction_rows(examples: Examples, predictions: np.ndarray) -> list[dict[str, Any]]:
    """A row an example: its id, labels and predictions, numbered where there are several."""
    labels = examples.labels.reshape(len(examples), -1)
    return [
        {
            "id": each,
            **{f"label_{i}": value for i, value in enumerate(labels[row].tolist())},
            **{f"prediction_{i}": value for i, value in enumerate(predictions[row].tolist())},
        }
        for row, each in enumerate(examples.ids)
    ]


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a CSV whose columns are the first row's keys."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _provenance(config: RunConfig, builder: Any, seconds: float) -> dict[str, Any]:
    return {
        "data": config.data,
        "fingerprint": builder.info.metadata["fingerprint"],
        "sources": dict(builder.info.metadata["sources"]),
        "task": dict(builder.info.metadata["task"]),
        "seed": config.seed,
        "seconds": round(seconds, 1),
        "versions": {
            "python": platform.python_version(),
            **{each: version(each) for each in ("rmfn-tf", "tensorflow", "keras", "numpy")},
        },
    }


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
