"""The state of a training between two epochs: a callback of Keras that takes it, and its files."""

import json
import time
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from rmfn_tf.data import Examples
from rmfn_tf.files import replace_file, write_rows
from rmfn_tf.metrics import score
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import predict
from rmfn_tf.training.splits import monitored

CHECKPOINT, HISTORY = "checkpoint.npz", "history.csv"


class NonFiniteLoss(ValueError):
    """The loss became NaN or infinite."""


class Checkpoint(keras.callbacks.Callback):
    """All that the next epoch depends on, besides the config and the data: the variables of model
    and optimizer (seed generators among them), the best weights and the history. The order of
    batches follows from the seed and the epoch, the learning rate from the optimizer's step, early
    stopping and the best epoch from the history.

    Put it first in the list of callbacks: it checks that each epoch is finite before the others see
    it, and when they are called, the state is taken. (`TerminateOnNaN` of Keras only sees the
    losses of batches, each of which is computed before its step.)

    Args:
        folder: it goes on from what lies there. After each epoch `checkpoint.npz`, then
            `history.csv` are replaced in it. None keeps the state in memory.

    Raises:
        ValueError: the file is damaged.
        NonFiniteLoss: in `model.fit`, a training loss, a validation loss or a weight is not finite.
        OSError: in `model.fit`, the folder cannot be written; the last good state is still there.
    """

    def __init__(self, folder: Path | None = None):
        super().__init__()
        self.folder = folder
        self.history: list[dict[str, float]] = []  # a row for each epoch: epoch, loss, ...
        self.variables: list[np.ndarray] = []  # of model, then optimizer, after the last epoch
        self.best: list[np.ndarray] = []  # of the model after the best epoch, with validation
        self.seconds = 0.0  # how long training has taken so far
        self.monitor, self._lower_is_better = "val_loss", True
        if folder is not None and (folder / CHECKPOINT).exists():
            self._read(folder / CHECKPOINT)
            write_rows(folder / HISTORY, self.history)  # a kill may have come before it

    def follow(
        self, task: Task, validation: Examples | None, epochs: int, patience: int, select_by: str
    ) -> None:
        """Says which epoch is the best, by the entry `monitor` of the history, and which the last;
        the arguments are those of `fit`."""
        self.monitor, self._lower_is_better = monitored(task, select_by)
        self._task, self._validation = task, validation
        self._epochs, self._patience = epochs, patience

    @property
    def is_done(self) -> bool:
        """Whether there is no next epoch: all were run, or the patience ran out."""
        if not self.history:
            return False
        last, patience = self.history[-1]["epoch"], self._patience
        return last >= self._epochs or 0 < patience <= last - self.best_row()["epoch"]

    def best_row(self) -> dict[str, float]:
        """The row of the best epoch (the first among equals), or of the last one without
        validation."""
        if self.monitor not in self.history[-1]:
            return self.history[-1]
        pick = min if self._lower_is_better else max
        return pick(self.history, key=lambda row: row[self.monitor])

    def restore(self, model: keras.Model) -> None:
        """Gives a compiled model of the same config the state after the last epoch."""
        _assign(_variables(model), self.variables)

    def restore_best(self, model: keras.Model) -> None:
        """Gives a model its weights of the best epoch, or of the last one without validation."""
        _assign(model.variables, self.best or self.variables[: len(model.variables)])

    def on_epoch_begin(self, epoch, logs=None):
        squares = [np.square(np.float64(each)).sum() for each in self.model.trainable_variables]
        self._norm = float(np.sqrt(np.sum(squares)))
        self._epoch, self._started = epoch + 1, time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self._check("training", logs["loss"], f"at batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        self._check("validation", logs.get("val_loss", 0.0), "after the last batch")
        if not all(np.isfinite(np.sum(each)) for each in self.model.trainable_variables):
            self._check("training", float("nan"), "after the last batch")
        if self._validation is not None and self.monitor not in logs:
            # Keras does not compute this metric: take it over the whole split, as after a run.
            predictions = predict(self.model, self._validation)
            values = score(self._task, self._validation.rows.labels, predictions)
            logs[self.monitor] = values[self.monitor.removeprefix("val_")]
        self.history.append({"epoch": epoch + 1, **{key: float(x) for key, x in logs.items()}})
        self.variables = [np.array(each) for each in _variables(self.model)]
        if self.monitor in logs and self.best_row() is self.history[-1]:
            self.best = self.variables[: len(self.model.variables)]
        self.seconds += time.monotonic() - self._started
        if self.folder is not None:
            self._write(self.folder / CHECKPOINT)
            write_rows(self.folder / HISTORY, self.history)
        if self.is_done:
            self.model.stop_training = True

    def _check(self, which: str, loss: float, when: str) -> None:
        if not np.isfinite(loss):
            raise NonFiniteLoss(
                f"The {which} loss became {loss} in epoch {self._epoch}, {when}; the parameters "
                f"had the norm {self._norm:.4g} when the epoch began. Lower the learning rate, or "
                "look for extreme values in the data."
            )

    def _write(self, path: Path) -> None:
        facts = {"history": self.history, "seconds": self.seconds, "kept": len(self.variables)}
        arrays, text = [*self.variables, *self.best], np.array(json.dumps(facts))
        replace_file(path, lambda partial: np.savez(partial, *arrays, facts=text))

    def _read(self, path: Path) -> None:
        try:
            # Opened here: NumPy leaves a file open that turns out to be no archive.
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                facts = json.loads(str(file["facts"]))
                arrays = [file[f"arr_{i}"] for i in range(len(file.files) - 1)]
            self.history, self.seconds = facts["history"], facts["seconds"]
            self.variables, self.best = arrays[: facts["kept"]], arrays[facts["kept"] :]
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{path} is damaged ({error}); remove it to train from the first epoch."
            ) from error


def read_history(folder: Path) -> list[dict[str, float]]:
    """The rows of `history.csv` in a folder; an empty list where there is no such file."""
    if not (path := folder / HISTORY).exists():
        return []
    table = pd.read_csv(path, dtype=str, keep_default_na=False)  # pandas may round what it reads
    return table.astype(float).to_dict("records")


def _variables(model: keras.Model) -> list[Any]:
    if not model.optimizer.built:  # one that scales its loss would begin anew
        model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _assign(variables: list[Any], values: list[np.ndarray]) -> None:
    shapes = [tuple(each.shape) for each in variables]
    if shapes != [each.shape for each in values]:
        raise ValueError(
            "The checkpoint is of another model: its variables have other shapes. Train into a new "
            "folder."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
