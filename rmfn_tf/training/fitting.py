"""Fitting one model on one training set, so that it can be killed at any moment and go on."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rmfn_tf.data import Examples, choose_buckets, epoch_batches, training_batches
from rmfn_tf.files import write_rows
from rmfn_tf.models import create_model
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.events import write_events
from rmfn_tf.training.nan_guard import NanGuard
from rmfn_tf.training.signatures import OPTIMIZERS
from rmfn_tf.training.splits import LearningData

CHECKPOINT = "checkpoint.npz"
PREDICT_BATCH = 256
_LOSSES = {
    "regression": "mean_absolute_error",
    "classification": "sparse_categorical_crossentropy",
    "multilabel": "binary_crossentropy",
}


@dataclass(frozen=True)
class EpochReport:
    """What a person wants to know after an epoch.

    Args:
        epoch: from 1.
        epochs: how many at most.
        logs: `loss`, with validation `val_loss`, ...
        best: the row of the best epoch so far, or None without validation.
        seconds: that this epoch took.
    """

    epoch: int
    epochs: int
    logs: Mapping[str, float]
    best: Mapping[str, float] | None
    seconds: float


OnEpoch = Callable[[EpochReport], None]


@dataclass(frozen=True)
class Fitted:
    """A trained model, a row of history an epoch (`{"epoch", "loss", ...}`), and the time."""

    model: keras.Model
    history: list[dict[str, float]]
    seconds: float


def fit_model(
    config: RunConfig, data: LearningData, folder: Path, on_epoch: OnEpoch | None = None
) -> Fitted:
    """Trains a model, or goes on from the last finished epoch that lies in `folder`.

    With validation the result has the weights of the best epoch (lowest loss). Interrupted at any
    moment and called again, it ends with the same bits as if nothing had happened, given op
    determinism (`rmfn_tf.start`) and no XLA. After each epoch, in this order, are replaced in
    `folder`: `checkpoint.npz`, `history.csv`, `tensorboard/`.

    Args:
        config: the run.
        data: what to learn from.
        folder: an existing folder for the state of this training alone.
        on_epoch: called after each epoch.

    Raises:
        ValueError: a loss that is no number, or a checkpoint that is damaged or of another model.
        OSError: the folder cannot be written; the last good checkpoint is still there.
    """
    keras.utils.set_random_seed(config.seed)
    checkpoint = Checkpoint.read(folder / CHECKPOINT)
    batches, steps = training_batches(
        data.train,
        config.batch_size,
        buckets=choose_buckets(data.train.lengths),
        seed=config.seed,
        first_epoch=len(checkpoint.history),
    )
    model = build_model(config, data)
    compile_model(model, config, data.task, steps)
    if checkpoint.history:
        checkpoint.restore(model)
        _write_history(folder, checkpoint)
    if not checkpoint.is_done(config.epochs, config.patience):
        model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=len(checkpoint.history),
            epochs=config.epochs,
            validation_data=None
            if data.validation is None
            else epoch_batches(data.validation, PREDICT_BATCH),
            callbacks=[NanGuard(), _AfterEpoch(config, checkpoint, folder, on_epoch)],
            shuffle=False,
            verbose=0,
        )
    checkpoint.restore_best(model)
    return Fitted(model, checkpoint.history, checkpoint.seconds)


def build_model(config: RunConfig, data: LearningData) -> keras.Model:
    """The uncompiled model of a run, scaled by the statistics of its training examples.

    A regression starts from the training labels' medians, the best constant under MAE, so that no
    step is spent on moving there from zero.
    """
    task, train = data.task, data.train
    kind = task["kind"]
    model = create_model(
        config.model,
        features=train.widths,
        task=kind,
        num_outputs=task["num_classes"] if kind == "classification" else len(task["labels"]),
        scaling=data.scaling(config.scaling),
        compile=False,
        **config.hyperparameters,
    )
    if kind == "regression":
        model.get_layer("prediction").bias.assign(np.median(train.labels, axis=0).reshape(-1))
    return model


def compile_model(
    model: keras.Model, config: RunConfig, task: Mapping[str, Any], steps: int
) -> None:
    """Compiles a model as a run of `steps` an epoch trains it."""
    arguments = {key: value for key, value in config.optimizer.items() if key != "name"}
    arguments["learning_rate"] = keras.optimizers.schedules.PolynomialDecay(
        arguments["learning_rate"], steps * config.epochs, end_learning_rate=0.0
    )
    metrics = ["accuracy"] if task["kind"] == "classification" else []
    model.compile(
        optimizer=OPTIMIZERS[config.optimizer["name"]](**arguments),
        loss=_LOSSES[task["kind"]],
        metrics=metrics,
    )


def predict(model: keras.Model, examples: Examples) -> np.ndarray:
    """Predictions `(N, outputs)` in the order of the examples."""
    return np.asarray(model.predict(epoch_batches(examples, PREDICT_BATCH), verbose=0))


class _AfterEpoch(keras.callbacks.Callback):
    """Writes the state down, stops where it is time to, reports."""

    def __init__(
        self, config: RunConfig, checkpoint: Checkpoint, folder: Path, on_epoch: OnEpoch | None
    ):
        super().__init__()
        self.config, self.checkpoint = config, checkpoint
        self.folder, self.on_epoch = folder, on_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs = {key: float(value) for key, value in (logs or {}).items()}
        seconds = time.monotonic() - self.started
        self.checkpoint.take(self.model, {"epoch": epoch + 1, **logs}, seconds)
        self.checkpoint.write(self.folder / CHECKPOINT)
        _write_history(self.folder, self.checkpoint)
        if self.checkpoint.is_done(self.config.epochs, self.config.patience):
            self.model.stop_training = True
        if self.on_epoch is not None:
            best = self.checkpoint.best_row() if "val_loss" in logs else None
            self.on_epoch(EpochReport(epoch + 1, self.config.epochs, logs, best, seconds))


def _write_history(folder: Path, checkpoint: Checkpoint) -> None:
    """History for people and for TensorBoard; the checkpoint is what counts."""
    write_rows(folder / "history.csv", checkpoint.history)
    write_events(folder / "tensorboard", checkpoint.history)
