"""A run folder: what was trained, how far it has come, and what it says."""

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

import rmfn_tf.models  # noqa: F401  (registers the layers for load_model)
from rmfn_tf.data import Examples
from rmfn_tf.files import LOCK, absolute, only_writer, read_json, replace_file, write_json
from rmfn_tf.models.without_keras import WITHOUT_KERAS, check_keras
from rmfn_tf.names import shorten
from rmfn_tf.task import Task
from rmfn_tf.training.checkpoint import CHECKPOINT, read_history
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.floors import predictions_without_network
from rmfn_tf.training.predictions import (
    Predictions,
    predict,
    read_predictions,
    report,
    write_predictions,
)
from rmfn_tf.training.provenance import session_facts
from rmfn_tf.training.splits import check_splits, open_learning_data, open_split
from rmfn_tf.training.trainer import Trainer


class Run:
    """A run folder, or the place of one that is to be made.

    `config.toml` (every value that was used), `run.json` (where the numbers come from),
    `history.csv` and `history.png`, `checkpoint.npz`, `model.keras`, `predictions_<split>.csv` and,
    last of all, `metrics.json`: a folder that has it is finished. With folds, `fold_<n>/` hold the
    states of the folds, and `final/` that of the model that has learned from all of the data.
    """

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)

    def _path(self, name: str) -> Path:
        """Where a file of the run lies; ValueError where there is none."""
        path = self.folder / name
        if not self.folder.is_dir():
            raise ValueError(f"There is no run folder {self.folder}.")
        if not path.is_file():
            raise ValueError(
                f"{self.folder} has no {name}: it is not a run folder, or its run has not come so "
                f"far. `rmfn train` makes one, and `rmfn train --resume {self.folder}` goes on."
            )
        return path

    @property
    def config(self) -> RunConfig:
        """What was trained; ValueError where this is no run folder."""
        return RunConfig.read(self._path("config.toml"))

    @property
    def facts(self) -> dict[str, Any]:
        """The content of `run.json`: data, versions, hardware, time."""
        return read_json(self._path("run.json"))

    @property
    def task(self) -> Task:
        """What was learned, with the labels that the config names."""
        return Task.from_json(self.facts["task"]).select(self.config.labels)

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "metrics.json").exists()

    @property
    def metrics(self) -> dict[str, Any]:
        """What the finished run says of validation, or of all folds: see `report`."""
        return read_json(self._path("metrics.json"))

    @property
    def history(self) -> list[dict[str, float]]:
        """One row for each finished epoch, `{"epoch", "loss", ...}`, with folds also `"fold"`; an
        empty list where there is no folder."""
        # From the folders of the folds: the run has one file of them all only at its end.
        rows = [
            {"fold": float(folder.name.removeprefix("fold_")), **row}
            for folder in sorted(self.folder.glob("fold_*"))
            for row in read_history(folder)
        ]
        return rows or read_history(self.folder)

    @property
    def epochs_done(self) -> int:
        """How many epochs were finished, with folds those of the final model too."""
        return len(self.history) + len(read_history(self.folder / "final"))

    def model(self) -> keras.Model:
        """The best model, with folds the one of all of the data; ValueError where there is none, as
        of a non-temporal model."""
        check_keras(self.config.model)  # reading the config imports the modules of user layers
        return keras.models.load_model(self._path("model.keras"))

    def predictions(self, split: str) -> Predictions:
        """What was predicted: of `"train"` and `"validation"` or, with folds, `"out_of_fold"`; also
        of `"test"`, once the run was judged on it."""
        return read_predictions(self._path(f"predictions_{split}.csv"), self.task.kind)

    def open_examples(self, builder: Any, split: str) -> Examples:
        """Reads a split of the data set that the run was trained on, with the run's labels; rows of
        the test split too, once the run is finished. Before such rows are read, the time and the
        rows are recorded in the run's `test_openings.jsonl`.

        Raises:
            ValueError: not a run folder, data other than the run was trained on, rows of the test
                split for a run that is not finished, or as `load_examples`.
        """
        config = self.config
        self.check_data(builder)

        def record(opening: dict[str, Any]) -> None:
            if not self.is_finished:
                raise ValueError(
                    f"{self.folder} is not finished, and the test split stays closed until then: "
                    f"go on with `rmfn train --resume {self.folder}`."
                )
            with (self.folder / "test_openings.jsonl").open("a") as file:
                time_now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
                file.write(json.dumps({"time": time_now, **opening}) + "\n")
                file.flush()
                os.fsync(file.fileno())

        return open_split(config, builder, split, record=record)

    def evaluate(self, builder: Any, split: str) -> dict[str, Any]:
        """Judges the model on a split, beside the trivial floors, which learn from `train`. The
        test split is read once: the result is kept in the run folder and given again.

        Returns:
            See `report`; its rows are the model and the floors.

        Raises:
            ValueError: no such split, a cross-validated run, or as `open_examples`.
        """
        config = self.config
        if config.folds:
            raise ValueError(
                f"{self.folder} was cross-validated: its model has learned from all of the data, "
                "which leaves none to judge it on. What its folds predicted is in metrics.json and "
                "predictions_out_of_fold.csv."
            )
        if split not in (splits := list(builder.info.splits)):
            raise ValueError(f"{config.data} has no split {split!r}; it has {splits}.")
        self.check_data(builder)
        model = None if config.model in WITHOUT_KERAS else self.model()
        kept = self.folder / "metrics_test.json"
        with only_writer(self.folder):
            if split == "test" and kept.exists():
                return read_json(kept)
            examples, task = self.open_examples(builder, split), self.task
            predictions = {} if model is None else {config.model: predict(model, examples)}
            train = open_split(config, builder, "train")
            predictions |= predictions_without_network(config, task, train, examples)
            write_predictions(self.folder / f"predictions_{split}.csv", examples, predictions)
            result = report(split, task, examples.rows.labels, predictions)
            if split == "test":
                write_json(kept, result)
            return result

    def check_data(self, builder: Any) -> None:
        """ValueError where a data set is not the one that the run learned from."""
        here, there = builder.info.metadata, self.facts
        prints = [each["fingerprint"] for each in (here, there)]
        # The same ids and labels may come with other features.
        files = sorted({name for name, _ in here["sources"].items() ^ there["sources"].items()})
        if prints[0] != prints[1]:
            differs = "fingerprint {:.12}, the run has {:.12}".format(*prints)
        elif files:
            differs = f"it was read from other files than the run's ({shorten(files)})"
        else:
            return
        raise ValueError(
            f"The built data set is not what {self.folder} was trained on: {differs}. Name the "
            "data of the run with --manual-dir or --data-dir."
        )

    def check_same(self, config: RunConfig, builder: Any) -> None:
        """ValueError where the folder is of another config or other data, wherever the data lie."""
        there, asked = (_entries(each, builder) for each in (self.config, config))
        other = [key for key in asked if asked[key] != there.get(key)]
        if other:
            raise ValueError(
                f"{self.folder} is of another config: there { {k: there.get(k) for k in other} }, "
                f"asked for { {k: asked[k] for k in other} }. Name another folder."
            )
        if (self.folder / "run.json").exists():
            self.check_data(builder)

    def check_new(self) -> None:
        """ValueError where the folder exists already: nothing is ever overwritten.

        An empty one, or one that was killed before its first file was whole, may be used.
        """
        folder = self.folder
        names = [each.name for each in folder.glob("*")]
        is_free = all(name == LOCK or name.startswith(".partial-") for name in names)
        if is_free and not folder.is_file():
            return
        how = "name a new folder with --out"
        if "config.toml" in names and not self.is_finished:
            how += f", or go on with its run, which was interrupted: `rmfn train --resume {folder}`"
        raise ValueError(f"{folder} exists already; {how}.")

    def train(
        self,
        config: RunConfig,
        builder: Any,
        *,
        resume: bool = False,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> dict[str, Any]:
        """Trains what `config` says on the built data set that it names; interrupted, it can go on.

        With the data set's own splits it learns from `train` and reports `validation`; the test
        split is not read. With folds it reports the pooled predictions of every fold on the videos
        it did not see, and trains the model to keep on all of the data: for `epochs`, or with
        `choose_epochs` for the median of the epochs that the folds chose. A folder where no epoch
        was finished is removed again on an error.

        Args:
            resume: whether the folder may exist: a finished run is left as it is, an unfinished one
                goes on from its last finished epoch.
            callbacks: as in `fit`, for every fold; a `RunCallback` is told of more.

        Returns:
            The content of `metrics.json`: see `report`; its rows are the model and the floors.

        Raises:
            ValueError: the folder exists (without `resume`) or is of another config or other data,
                or as `Trainer.fit`.
            OSError: the folder cannot be written; what was finished is kept.
        """

        def check_place() -> None:
            if resume and (self.folder / "config.toml").exists():
                self.check_same(config, builder)
            else:
                self.check_new()

        check_splits(config, builder)
        check_place()
        config = _complete(config, builder).replace(data_dir=absolute(builder.data_dir_root))
        self.folder.mkdir(parents=True, exist_ok=True)
        with only_writer(self.folder):
            check_place()  # another process may have been here before this one held the folder
            if self.is_finished:
                return self.metrics
            try:
                return self._train(config, builder, Trainer(config, callbacks))
            except BaseException:
                if not any(self.folder.rglob(CHECKPOINT)):
                    shutil.rmtree(self.folder, ignore_errors=True)
                raise

    def _train(self, config: RunConfig, builder: Any, trainer: Trainer) -> dict[str, Any]:
        from rmfn_tf.visualization.history import plot_history

        # First: a folder with a config can be resumed.
        config.write(self.folder / "config.toml")
        path = self.folder / "run.json"
        sessions = self.facts["sessions"] if path.exists() else []
        of_data = {key: builder.info.metadata[key] for key in ("fingerprint", "sources", "task")}
        facts = {"data": config.data, **of_data, "sessions": [*sessions, session_facts()]}
        write_json(path, facts)
        data = open_learning_data(config, builder)
        train = trainer.train_folds if config.folds else trainer.train_split
        started = time.monotonic()
        metrics, measured = train(data, self.folder)
        measured.setdefault("seconds", round(time.monotonic() - started, 1))
        if self.history:
            figure = plot_history(self.history, f"{config.model} on {config.data}")
            replace_file(self.folder / "history.png", lambda path: figure.savefig(path, dpi=120))
        write_json(path, {**facts, **measured})
        write_json(self.folder / "metrics.json", metrics)
        return metrics


def _complete(config: RunConfig, builder: Any) -> RunConfig:
    return config.complete(dict(builder.info.metadata["modalities"]))


def _entries(config: RunConfig, builder: Any) -> dict[str, Any]:
    """All that decides the numbers, the entries of tables one by one."""
    values = _complete(config, builder).model_dump(exclude={"data_dir"})
    tables = {name: values.pop(name) for name in ("hyperparameters", "optimizer")}
    return values | {
        f"{name}.{key}": x for name, table in tables.items() for key, x in table.items()
    }
