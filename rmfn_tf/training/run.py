"""A run folder: what was trained, how far it has come, what it says; and the training itself."""

import contextlib
import csv
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

import rmfn_tf.models  # noqa: F401  (registers the layers for load_model)
from rmfn_tf.data import Examples, choose_buckets
from rmfn_tf.files import only_writer, replace_file, write_json, write_rows
from rmfn_tf.task import Task
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig, import_modules
from rmfn_tf.training.fit import (
    CHECKPOINT,
    Fitted,
    NonFiniteLoss,
    OnEpoch,
    build_model,
    fit_in_folder,
    predict,
)
from rmfn_tf.training.predictions import (
    Predictions,
    read_predictions,
    report,
    write_predictions,
)
from rmfn_tf.training.provenance import check_trained_on, data_facts, session_facts
from rmfn_tf.training.splits import LearningData, RunData, check_splits, monitored, open_split

OnStart = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Listeners:
    """Who is told of a training; see `Run.train`."""

    on_start: OnStart | None = None
    on_epoch: OnEpoch | None = None
    callbacks: Sequence[keras.callbacks.Callback] = field(default=())


class Run:
    """A run folder, or the place of one that is to be made.

    `config.toml` (every value that was used), `run.json` (where the numbers come from),
    `history.csv` and `history.png`, `tensorboard/`, `checkpoint.npz`, `model.keras`,
    `predictions_<split>.csv` and, last of all, `metrics.json`: a folder that has it is finished.
    With folds, `fold_<n>/` hold the states of the folds, and `final/` that of the model that has
    learned from all of the data.

    Args:
        folder: its path.
    """

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)

    @property
    def config(self) -> RunConfig:
        """What was trained; ValueError where this is no run folder."""
        if not (self.folder / "config.toml").is_file():
            raise ValueError(
                f"{self.folder} is not a run folder: it has no config.toml. `rmfn train` makes one."
            )
        return RunConfig.read(self.folder / "config.toml")

    @property
    def facts(self) -> dict[str, Any]:
        """Data, versions, hardware, time: the content of `run.json`."""
        return self._read("run.json")

    @property
    def task(self) -> Task:
        """What was learned, of the labels that the config names."""
        return Task.from_json(self.facts["task"]).select(self.config.labels)

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "metrics.json").exists()

    @property
    def metrics(self) -> dict[str, Any]:
        """What the finished run says of validation, or of all folds: see `report`."""
        return self._read("metrics.json")

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError as error:
            raise ValueError(
                f"{self.folder} is not a run folder, or its run has not come so far: it has no "
                f"{name}."
            ) from error

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each finished epoch, `{"epoch", "loss", ...}`, with folds `{"fold", ...}`; none
        where there is no folder."""
        # Each fold's own: the run has them side by side only at its end.
        files = sorted(self.folder.glob("fold_*/history.csv")) or [self.folder / "history.csv"]
        rows = []
        for file in files:
            name = file.parent.name
            fold = {} if file.parent == self.folder else {"fold": float(name.removeprefix("fold_"))}
            with contextlib.suppress(FileNotFoundError), file.open(encoding="utf-8") as lines:
                for row in csv.DictReader(lines):
                    rows.append({**fold, **{key: float(value) for key, value in row.items()}})
        return rows

    def model(self) -> keras.Model:
        """The best model, with folds the one of all of the data; ValueError where there is none."""
        import_modules(self.config.imports)
        if not (self.folder / "model.keras").is_file():
            raise ValueError(
                f"{self.folder} has no model.keras: it is not finished. Go on with `rmfn train "
                f"--resume {self.folder}`."
            )
        return keras.models.load_model(self.folder / "model.keras")

    def predictions(self, split: str) -> Predictions:
        """What was predicted: `"train"`, `"validation"` or, with folds, `"out_of_fold"`; also
        `"test"`, once the run was judged on it."""
        return read_predictions(self.folder / f"predictions_{split}.csv", self.task.kind)

    def open_examples(self, builder: Any, split: str) -> Examples:
        """Reads a split for the run; rows of the test split too, once everything was chosen.

        Before such rows are read, when and which is recorded in the run's `test_openings.jsonl`.

        Args:
            builder: the data set that the run was trained on.
            split: as in `load_examples`.

        Returns:
            The examples, with the run's labels.

        Raises:
            ValueError: not a run folder, data other than the run was trained on, rows of the test
                split for a run that is not finished, or as `load_examples`.
        """
        config = self.config
        metadata = builder.info.metadata
        check_trained_on(self.folder, self.facts, builder.info.full_name, metadata)

        def record(opening: dict[str, Any]) -> None:
            if not self.is_finished:
                raise ValueError(
                    f"{self.folder} is not finished, and the test split stays closed until then: "
                    f"go on with `rmfn train --resume {self.folder}`."
                )
            with (self.folder / "test_openings.jsonl").open("a") as file:
                now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
                file.write(json.dumps({"time": now, **opening}) + "\n")
                file.flush()
                os.fsync(file.fileno())

        return open_split(config, builder, split, record=record)

    def check_new(self) -> None:
        """ValueError where the folder is there already: nothing is ever overwritten.

        An empty one, or one that a kill left before its first file was whole, is as good as none.
        """
        folder = self.folder
        if not folder.exists() or (
            folder.is_dir()
            and all(
                each.name == ".lock" or each.name.startswith(".partial-")
                for each in folder.iterdir()
            )
        ):
            return
        if (folder / "config.toml").exists() and not self.is_finished:
            raise ValueError(
                f"{folder} holds a run that was interrupted; go on with `rmfn train --resume "
                f"{folder}`, or name a new folder with --out."
            )
        raise ValueError(f"{folder} exists already; name a new folder with --out, or remove it.")

    def check_same(self, config: RunConfig, builder: Any) -> None:
        """ValueError where the folder is of another config, or was trained on other data; where the
        data lie does not matter."""
        there, asked = (_entries(each, builder) for each in (self.config, config))
        other = [key for key in asked if asked[key] != there.get(key)]
        if other:
            raise ValueError(
                f"{self.folder} is of another config: there { {k: there.get(k) for k in other} }, "
                f"asked for { {k: asked[k] for k in other} }. Name another folder."
            )
        if (self.folder / "run.json").exists():
            check_trained_on(self.folder, self.facts, config.data, builder.info.metadata)

    def train(
        self,
        config: RunConfig,
        builder: Any,
        *,
        resume: bool = False,
        on_start: OnStart | None = None,
        on_epoch: OnEpoch | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        data: RunData | None = None,
    ) -> dict[str, Any]:
        """Trains what `config` says; interrupted, it can go on.

        With the data set's own splits it learns from `train` and reports `validation`; the test
        split is not read. With folds it reports the pooled predictions of every fold on the videos
        it did not see, and trains the model to keep on all of the data: for `epochs`, or with
        `choose_epochs` for the median of the epochs that the folds chose. A folder where no epoch
        was finished is removed again on an error.

        Args:
            config: the run.
            builder: a built data set.
            resume: whether the folder may be there: a finished run is left as it is, an unfinished
                one goes on from its last finished epoch.
            on_start: called before the first epoch with `describe`'s account.
            on_epoch: called after each epoch.
            callbacks: further ones of `model.fit`, of every fold. What they keep themselves is not
                kept for a run that goes on.
            data: of the builder; given where several runs of one process share it.

        Returns:
            The content of `metrics.json`: see `report`; its rows are the model and the floors.

        Raises:
            ValueError: the folder exists (without `resume`) or is of another config or other data,
                or as `fit_in_folder`.
            OSError: the folder cannot be written; what was finished is kept.
        """
        check_splits(config, builder)
        self._check_place(config, builder, resume)
        config = _complete(config, builder).replace(data_dir=_absolute(builder.data_dir_root))
        self.folder.mkdir(parents=True, exist_ok=True)
        with only_writer(self.folder):
            # Once more: another process may have been here before this one held the folder.
            self._check_place(config, builder, resume)
            if self.is_finished:
                return self.metrics
            try:
                self._describe(config, builder)
                train = self._train_folds if config.folds else self._train_split
                listeners = Listeners(on_start, on_epoch, callbacks)
                metrics, measured = train(config, data or RunData(builder), listeners)
                self._draw_history(config)
                write_json(self.folder / "run.json", {**self.facts, **measured})
                write_json(self.folder / "metrics.json", metrics)
                return metrics
            except BaseException:
                if not any(self.folder.rglob(CHECKPOINT)):
                    shutil.rmtree(self.folder, ignore_errors=True)
                raise

    def _check_place(self, config: RunConfig, builder: Any, resume: bool) -> None:
        if resume and (self.folder / "config.toml").exists():
            self.check_same(config, builder)
        else:
            self.check_new()

    def _describe(self, config: RunConfig, builder: Any) -> None:
        """Writes what is known before training; a run that goes on gets one more session."""
        # First: a folder with a config can be resumed.
        config.write(self.folder / "config.toml")
        path = self.folder / "run.json"
        sessions = self.facts["sessions"] if path.exists() else []
        facts = data_facts(config.data, builder.info.metadata)
        write_json(path, {**facts, "seed": config.seed, "sessions": [*sessions, session_facts()]})

    def _draw_history(self, config: RunConfig) -> None:
        from rmfn_tf.visualization.history import plot_history

        figure = plot_history(self.history, f"{config.model} on {config.data}")
        replace_file(self.folder / "history.png", lambda path: figure.savefig(path, dpi=120))

    def _train_split(
        self, config: RunConfig, run_data: RunData, listeners: Listeners
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data = run_data.learning(config)
        assert data.validation is not None  # `learning` reads both
        parts = {"train": data.train, "validation": data.validation}
        floors = run_data.floors(data.task, data.train, list(parts.values()))
        known = report("validation", data.task, data.validation.labels, floors[1])
        fitted = _fit(config, data, self.folder, listeners, known=known)
        self._save(fitted.model)
        for (split, examples), trivial in zip(parts.items(), floors, strict=True):
            predictions = {config.model: predict(fitted.model, examples), **trivial}
            write_predictions(self.folder / f"predictions_{split}.csv", examples, predictions)
        result = report("validation", data.task, data.validation.labels, predictions)
        return result, _measured(fitted.model, data.train, [fitted.checkpoint])

    def _train_folds(
        self, config: RunConfig, run_data: RunData, listeners: Listeners
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        whole, folds = run_data.pool(config), run_data.folds(config)
        task, pool = whole.task, whole.train
        pooled: dict[str, np.ndarray] = {}
        for fold in folds:
            (trivial,) = run_data.floors(task, fold.inside, [fold.outside])
            for name, values in trivial.items():
                pooled.setdefault(name, np.zeros((len(pool), values.shape[1])))[fold.rows] = values
        known = report(f"{config.folds} folds", task, pool.labels, pooled)
        own, states = np.zeros((len(pool), task.num_outputs)), []
        for fold in folds:
            folder = self.folder / f"fold_{fold.number:02d}"
            told = known if fold.number == 1 else None
            fitted = _fit(config, fold.learning, folder, listeners, known=told, fold=fold.number)
            own[fold.rows] = predict(fitted.model, fold.outside)
            states.append(fitted.checkpoint)  # not the models, of which there may be many
        epochs, why = _epochs_of_all(config, states)
        final = _fit(config, whole, self.folder / "final", listeners, epochs=epochs)
        self._save(final.model)
        rows = [
            {"fold": fold.number, **row}
            for fold, state in zip(folds, states, strict=True)
            for row in state.history
        ]
        write_rows(self.folder / "history.csv", rows)
        pooled = {config.model: own, **pooled}
        write_predictions(self.folder / "predictions_out_of_fold.csv", pool, pooled)
        result = report(f"{config.folds} folds", task, pool.labels, pooled)
        measured = _measured(final.model, pool, [*states, final.checkpoint])
        return result, {**measured, "final_model": {"epochs": epochs, "why": why}}

    def _save(self, model: keras.Model) -> None:
        replace_file(self.folder / "model.keras", model.save)


def describe(
    config: RunConfig, data: LearningData, model: keras.Model, floors: dict[str, Any]
) -> dict[str, Any]:
    """What a person wants to see before a training begins.

    Args:
        config: the run.
        data: what the model learns from, with folds that of the first.
        model: before its first step.
        floors: the report of those that need no training.

    Returns:
        - `data`, `model`, `folds`, `jit`: of the config;
        - `examples`: `train` and `validation` -> how many;
        - `modalities`: name -> `width` (features a step) and `present` (training examples with it);
        - `steps`: `shortest`, `median` and `longest` training example;
        - `padded_to`: the lengths that batches are padded to;
        - `batches`: training steps an epoch, of `batch_size`;
        - `parameters`: trainable ones, `total` and `by_layer`;
        - `floors`: see `report`.
    """
    train, lengths = data.train, data.train.lengths
    counts = {
        layer.name: sum(int(np.prod(each.shape)) for each in layer.trainable_variables)
        for layer in model.layers
    }
    held_out = {} if data.validation is None else {"validation": len(data.validation)}
    return {
        **{key: getattr(config, key) for key in ("data", "model", "folds", "batch_size", "jit")},
        "examples": {"train": len(train), **held_out},
        "modalities": {
            name: {"width": width, "present": int(train.present[name].sum())}
            for name, width in train.widths.items()
        },
        "steps": {
            "shortest": int(lengths.min()),
            "median": float(np.median(lengths)),
            "longest": int(lengths.max()),
        },
        "padded_to": list(choose_buckets(lengths)),
        "batches": -(-len(train) // config.batch_size),
        "parameters": {
            "total": sum(counts.values()),
            "by_layer": {name: count for name, count in counts.items() if count},
        },
        "floors": floors,
    }


def _complete(config: RunConfig, builder: Any) -> RunConfig:
    return config.complete(dict(builder.info.metadata["modalities"]))


def _absolute(folder: Any) -> str:
    """A path that still holds in another working folder; a bucket's address is absolute."""
    return str(folder) if "://" in str(folder) else os.path.abspath(folder)


def _entries(config: RunConfig, builder: Any) -> dict[str, Any]:
    """All that decides the numbers, the entries of tables one by one."""
    values = _complete(config, builder).model_dump(exclude={"data_dir"})
    tables = {name: values.pop(name) for name in ("hyperparameters", "optimizer")}
    return values | {
        f"{name}.{key}": x for name, table in tables.items() for key, x in table.items()
    }


def _fit(
    config: RunConfig,
    data: LearningData,
    folder: Path,
    listeners: Listeners,
    *,
    known: dict[str, Any] | None = None,
    epochs: int | None = None,
    fold: int = 0,
) -> Fitted:
    """`fit_in_folder`, which tells of the start where there are floors to tell of. Where the loss
    leaves the numbers, the best model so far is kept, and the error says so."""

    def tell(model: keras.Model) -> None:
        if listeners.on_start is not None and known is not None:
            listeners.on_start(describe(config, data, model, known))

    try:
        return fit_in_folder(
            config,
            data,
            folder,
            epochs=epochs,
            fold=fold,
            on_model=tell,
            on_epoch=listeners.on_epoch,
            callbacks=listeners.callbacks,
        )
    except NonFiniteLoss as error:
        where = f"Fold {fold} of {config.folds}: " if fold else ""
        checkpoint = Checkpoint.read(folder / CHECKPOINT)
        if not checkpoint.history:
            raise NonFiniteLoss(f"{where}{error}") from error
        checkpoint.monitor, checkpoint.lower_is_better = monitored(data.task, config.select_by)
        model = build_model(config, data)
        checkpoint.restore_best(model)
        replace_file(folder / "model.keras", model.save)
        best = int(checkpoint.best_row()["epoch"])
        raise NonFiniteLoss(
            f"{where}{error} The best model so far, of epoch {best}, is kept in {folder}."
        ) from error


def _epochs_of_all(config: RunConfig, states: list[Checkpoint]) -> tuple[int, str]:
    """For how many epochs the model of all of the data is trained, and why."""
    if not config.choose_epochs:
        return config.epochs, "epochs, as every fold"
    chosen = [int(state.best_row()["epoch"]) for state in states]
    listed = ", ".join(map(str, chosen))
    return round(float(np.median(chosen))), f"the median of what the folds chose: {listed}"


def _measured(model: keras.Model, train: Examples, states: list[Checkpoint]) -> dict[str, Any]:
    """What `run.json` says of the training itself."""
    seconds = sum(state.seconds for state in states)
    parameters = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
    padded_to = list(choose_buckets(train.lengths))  # an export is warmed up for these lengths
    return {"seconds": round(seconds, 1), "parameters": parameters, "padded_to": padded_to}
