"""The state of a training between two epochs, in one file."""

import json
import math
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rmfn_tf.files import replace_file


@dataclass
class Checkpoint:
    """All that the next epoch depends on, beside the config and the data.

    The order of batches is a function of seed and epoch, the learning rate one of the optimizer's
    step, early stopping and the best epoch are functions of the history: so the variables of model
    and optimizer (seed generators among them), the best weights and the history are all there is.

    Args:
        history: a row an epoch, `{"epoch", "loss", ...}`.
        variables: of the model, then of its optimizer, after the last epoch.
        best: of the model, after the best epoch; empty without validation.
        seconds: that training took so far.
        monitor: the entry of the history that makes an epoch better; it is not in the file.
        lower_is_better: of `monitor`.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    variables: list[np.ndarray] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)
    seconds: float = 0.0
    monitor: str = "val_loss"
    lower_is_better: bool = True

    def take(self, model: keras.Model, row: dict[str, float], seconds: float) -> None:
        """Takes the state of a compiled model after an epoch.

        Args:
            model: as `model.fit` left it.
            row: the epoch's history.
            seconds: that the epoch took.
        """
        self.history.append(row)
        self.variables = [np.array(each) for each in _variables(model)]
        self.seconds += seconds
        if self.monitor in row and self.best_row() is row:
            self.best = self.variables[: len(model.variables)]

    def restore(self, model: keras.Model) -> None:
        """Gives a compiled model of the same config the state after the last epoch."""
        _assign(_variables(model), self.variables)

    def restore_best(self, model: keras.Model) -> None:
        """Gives a model its weights of the best epoch, or of the last one without validation."""
        _assign(model.variables, self.best or self.variables[: len(model.variables)])

    def best_row(self) -> dict[str, float]:
        """The history of the best epoch (the first of equals), or the last epoch's without
        validation."""
        if self.monitor not in self.history[-1]:
            return self.history[-1]
        return min(self.history, key=self._badness)

    def _badness(self, row: dict[str, float]) -> float:
        value = row[self.monitor] if self.lower_is_better else -row[self.monitor]
        return value if math.isfinite(value) else math.inf

    def is_done(self, epochs: int, patience: int) -> bool:
        """Whether there is no next epoch: all were run, or `patience` ran out."""
        if not self.history:
            return False
        last = int(self.history[-1]["epoch"])
        return last >= epochs or bool(patience and last - self.best_row()["epoch"] >= patience)

    def write(self, path: Path) -> None:
        """Replaces the file in one step; an OSError leaves the earlier one."""
        facts = {"history": self.history, "seconds": self.seconds}
        arrays: dict[str, Any] = {"facts": np.array(json.dumps(facts))}
        for name in ("variables", "best"):
            arrays |= {f"{name}_{i}": each for i, each in enumerate(getattr(self, name))}
        replace_file(path, lambda partial: np.savez(partial, **arrays))

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """The state in a file, or that before the first epoch where there is no file.

        Raises:
            ValueError: the file is damaged.
        """
        if not path.exists():
            return cls()
        try:
            # Opened here: NumPy leaves a file open that turns out to be no archive.
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = dict(file)
            facts = json.loads(str(arrays.pop("facts")))
            lists = {
                name: [
                    arrays[f"{name}_{i}"] for i in range(sum(k.startswith(name) for k in arrays))
                ]
                for name in ("variables", "best")
            }
            return cls(facts["history"], lists["variables"], lists["best"], facts["seconds"])
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{path} is damaged ({error}); remove it to train from the first epoch."
            ) from error


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
