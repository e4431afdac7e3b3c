"""What `rmfn train` prints while it trains."""

import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from rich.console import Console

from rmfn_tf.cli.show import SECONDS_OF_SILENCE
from rmfn_tf.data import choose_buckets
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.splits import LearningData
from rmfn_tf.training.trainer import RunCallback, count_parameters


class ShowTraining(RunCallback):
    """Prints on stderr what is trained, then a line for each epoch with its metrics, the best so
    far and the time left. Where stderr is no terminal, there is a line for the first and the last
    epoch of each model, and one a minute between them."""

    def __init__(self, config: RunConfig):
        super().__init__()
        self.config, self.console = config, Console(stderr=True)
        self.seconds: list[float] = []
        self.spoken = -float("inf")

    def on_model(
        self,
        model: keras.Model,
        data: LearningData,
        checkpoint: Checkpoint,
        fold: int,
        floors: Mapping[str, Any],
    ) -> None:
        self.checkpoint, self.fold = checkpoint, fold
        if fold == 1 or not self.config.folds:
            for heading, line in describe(self.config, data, model, floors).items():
                self._print(f"{heading:11} {line}")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        now, epochs, folds = time.monotonic(), self.params["epochs"], self.config.folds
        self.seconds.append(now - self.started)
        is_last = epoch + 1 == epochs
        is_due = self.console.is_terminal or now - self.spoken >= SECONDS_OF_SILENCE
        if not (is_last or is_due):
            return
        self.spoken = now
        # After the folds comes the model of all of the data.
        trainings_left = folds - self.fold + 1 if self.fold else 0
        epochs_left = epochs * (1 + trainings_left) - epoch - 1
        left = time_in_words(epochs_left * float(np.mean(self.seconds)))
        row, monitor = self.checkpoint.history[-1], self.checkpoint.monitor
        values = [f"{name} {value:.4f}" for name, value in row.items() if name != "epoch"]
        if monitor in row:
            best = self.checkpoint.best_row()
            values.append(f"best {monitor} {best[monitor]:.4f} (epoch {best['epoch']:.0f})")
        part = f"fold {self.fold}/{folds} " if self.fold else "all data " if folds else ""
        values = [f"{part}epoch {epoch + 1:3d}/{epochs}", *values, f"{left} left"]
        self._print("  ".join(values))

    def _print(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False, soft_wrap=True)


def describe(
    config: RunConfig, data: LearningData, model: keras.Model, floors: Mapping[str, Any]
) -> dict[str, str]:
    """What a person wants to see before a training begins: headings, and a line for each. With
    folds the data and the model are those of the first."""
    train, lengths = data.train, data.train.lengths
    inputs = [
        f"{name} (batch, time, {width}) in {train.present[name].sum():,} of {len(train):,}"
        for name, width in train.widths.items()
    ]
    layers = [
        f"{layer.name} {count_parameters(layer.trainable_variables):,}"
        for layer in model.layers
        if layer.trainable_variables
    ]
    examples = f"{len(train):,} train"
    if data.validation is not None:
        examples += f", {len(data.validation):,} validation"
    if data.task.per_step:
        examples += f"; train has {len(train.rows.ids):,} labelled steps"
    if config.folds:
        examples += f" (fold 1 of {config.folds})"
    padded = ", ".join(map(str, choose_buckets(lengths)))
    total = count_parameters(model.trainable_variables)
    lines = {
        "training": f"{config.model} on {config.data}",
        "examples": examples,
        "inputs": ", ".join(inputs),
        "time": f"{lengths.min()} to {lengths.max()} steps, median {np.median(lengths):g}; padded "
        f"to {padded}",
        "batches": f"{-(-len(train) // config.batch_size):,} an epoch, up to "
        f"{config.batch_size} each",
        "parameters": f"{total:,} trainable: {', '.join(layers)}",
    }
    if config.jit:
        lines["XLA"] = "compiles the training step, without op determinism: other bits each time"
    for row, metrics in floors["metrics"].items():
        values = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
        lines[row] = f"{values}  (needs no training)"
    return lines


def time_in_words(seconds: float) -> str:
    """`"45 s"`, `"12 min"`, `"3 h 20 min"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
