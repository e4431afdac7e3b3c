"""Training a run into its folder."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rmfn_tf.files import only_writer, replace_file, write_json, write_rows
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig, without_none
from rmfn_tf.training.data import RunData
from rmfn_tf.training.fit import (
    CHECKPOINT,
    EpochReport,
    NonFiniteLoss,
    build_model,
    fit_in_folder,
    predict,
)
from rmfn_tf.training.predictions import write_predictions
from rmfn_tf.training.provenance import check_trained_on, data_facts, session_facts
from rmfn_tf.training.scores import report
from rmfn_tf.training.splits import LearningData, check_splits


@dataclass(frozen=True)
class RunProgress:
    """Where a run stands after an epoch.

    Args:
        last: of the training that goes on.
        fold: from 1; 0 without folds.
        folds: how many; 0 without folds.
    """

    last: EpochReport
    fold: int
    folds: int


OnProgress = Callable[[RunProgress], None]


def train_run(
    config: RunConfig,
    builder: Any,
    out: Path,
    *,
    resume: bool = False,
    on_epoch: OnProgress | None = None,
    data: RunData | None = None,
) -> dict[str, Any]:
    """Trains what `config` says into the run folder `out`; interrupted, it can go on.

    With the data set's own splits it learns from `train` and reports `validation`; the test split
    is not read. With folds it reports the pooled predictions of every fold on the videos it did
    not see.

    The folder: `config.toml`, `run.json` (where the numbers come from), `history.csv`,
    `tensorboard/`, `checkpoint.npz`, `model.keras`, `predictions_<split>.csv` and, last of all,
    `metrics.json`: a folder that has it is finished. With folds, `fold_<n>/` hold the events and
    checkpoints, and there is no single model. A folder where no epoch was finished is removed
    again on an error.

    Args:
        config: the run.
        builder: a built data set.
        out: the folder to make. With `resume` it may be there: a finished run is left as it is, an
            unfinished one goes on from its last finished epoch.
        resume: see above.
        on_epoch: called after each epoch.
        data: of the builder; given where several runs of one process share it.

    Returns:
        The content of `metrics.json`: see `report`; its rows are the model and the floors.

    Raises:
        ValueError: the folder exists (without `resume`) or is of another config or other data, or
            as `fit_in_folder`.
        OSError: the folder cannot be written; what was finished is kept.
    """
    check_splits(config, builder)
    if resume and (out / "config.toml").exists():
        check_same_run(out, config, builder)
    else:
        check_new(out)
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        if is_finished(out):
            return json.loads((out / "metrics.json").read_text())
        try:
            _describe(out, config, builder)
            train = _train_folds if config.folds else _train_split
            metrics, measured = train(config, data or RunData(builder), out, on_epoch)
            described = json.loads((out / "run.json").read_text())
            write_json(out / "run.json", {**described, **measured})
            write_json(out / "metrics.json", metrics)
            return metrics
        except BaseException:
            if not any(out.rglob(CHECKPOINT)):
                shutil.rmtree(out, ignore_errors=True)
            raise


def check_new(out: Path) -> None:
    """ValueError where the run folder is there already: nothing is ever overwritten.

    An empty one, or one that a kill left before its first file was whole, is as good as none.
    """
    if not out.exists() or (
        out.is_dir() and all(each.name.startswith(".partial-") for each in out.iterdir())
    ):
        return
    if (out / "config.toml").exists() and not is_finished(out):
        raise ValueError(
            f"{out} holds a run that was interrupted; go on with `rmfn train --resume {out}`, or "
            "name a new folder with --out."
        )
    raise ValueError(f"{out} exists already; name a new folder with --out, or remove it.")


def is_finished(out: Path) -> bool:
    """Whether a run folder's run came to its end."""
    return (out / "metrics.json").exists()


def check_same_run(out: Path, config: RunConfig, builder: Any) -> None:
    """ValueError where a run folder is of another config, or was trained on other data."""
    earlier = asdict(RunConfig.read(out / "config.toml"))
    now = {k: v for k, v in without_none(asdict(config)).items() if v != earlier[k]}
    if now:
        then = {key: earlier[key] for key in now}
        raise ValueError(
            f"{out} is of another config: there {then}, asked for {now}. Name another folder."
        )
    if (out / "run.json").exists():
        check_trained_on(out, config.data, builder.info.metadata)


def _describe(out: Path, config: RunConfig, builder: Any) -> None:
    """Writes what is known before training; a run that goes on gets one more session."""
    # First: a folder with a config can be resumed.
    config.write(out / "config.toml")
    path = out / "run.json"
    sessions = json.loads(path.read_text())["sessions"] if path.exists() else []
    facts = data_facts(config.data, builder.info.metadata)
    write_json(path, {**facts, "seed": config.seed, "sessions": [*sessions, session_facts()]})


def _train_split(
    config: RunConfig, run_data: RunData, out: Path, on_epoch: OnProgress | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    data = run_data.learning(config)
    try:
        fitted = fit_in_folder(config, data, out, _told(on_epoch, 0, 0))
    except NonFiniteLoss as error:
        raise _keep_best(config, data, out, error) from error
    replace_file(out / "model.keras", fitted.model.save)
    validation = data.validation
    assert validation is not None  # `open_learning_data` reads both
    floors = run_data.floors(data.task, data.train, [data.train, validation])
    for split, examples, known in zip(
        ("train", "validation"), (data.train, validation), floors, strict=True
    ):
        predictions = {config.model: predict(fitted.model, examples), **known}
        write_predictions(out / f"predictions_{split}.csv", examples, predictions)
    result = report("validation", data.task, validation.labels, predictions)
    return result, _measured(fitted.model, fitted.seconds)


def _train_folds(
    config: RunConfig, run_data: RunData, out: Path, on_epoch: OnProgress | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    pool = run_data.pool(config)
    history: list[dict[str, float]] = []
    pooled: dict[str, np.ndarray] = {}
    seconds = 0.0
    for fold in run_data.folds(config):
        folder = out / f"fold_{fold.number:02d}"
        folder.mkdir(exist_ok=True)
        told = _told(on_epoch, fold.number, config.folds)
        try:
            fitted = fit_in_folder(config, fold.learning, folder, told)
        except NonFiniteLoss as error:
            kept = _keep_best(config, fold.learning, folder, error)
            raise NonFiniteLoss(f"Fold {fold.number} of {config.folds}: {kept}") from error
        history += [{"fold": fold.number, **row} for row in fitted.history]
        seconds += fitted.seconds
        (known,) = run_data.floors(fold.learning.task, fold.inside, [fold.outside])
        predictions = {config.model: predict(fitted.model, fold.outside), **known}
        for name, values in predictions.items():
            pooled.setdefault(name, np.zeros((len(pool), values.shape[1])))[fold.rows] = values
    write_rows(out / "history.csv", history)
    write_predictions(out / "predictions_out_of_fold.csv", pool, pooled)
    result = report(f"{config.folds} folds", fold.learning.task, pool.labels, pooled)
    return result, _measured(fitted.model, seconds)


def _measured(model: keras.Model, seconds: float) -> dict[str, Any]:
    """What `run.json` says of the training itself."""
    parameters = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
    return {"seconds": round(seconds, 1), "parameters": parameters}


def _told(
    on_epoch: OnProgress | None, fold: int, folds: int
) -> Callable[[EpochReport], None] | None:
    if on_epoch is None:
        return None
    return lambda last: on_epoch(RunProgress(last, fold, folds))


def _keep_best(
    config: RunConfig, data: LearningData, out: Path, error: NonFiniteLoss
) -> NonFiniteLoss:
    """Makes `model.keras` of the best epoch before the loss left the numbers, where there is one;
    gives the error that says so."""
    checkpoint = Checkpoint.read(out / CHECKPOINT)
    if not checkpoint.history:
        return error
    model = build_model(config, data)
    checkpoint.restore_best(model)
    replace_file(out / "model.keras", model.save)
    best = int(checkpoint.best_row()["epoch"])
    return NonFiniteLoss(f"{error} The best model so far, of epoch {best}, is kept in {out}.")
