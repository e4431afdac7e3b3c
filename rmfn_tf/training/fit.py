"""The one recipe by which networks are trained here, and how a training goes on after a kill."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rmfn_tf.data import Examples, choose_buckets, epoch_batches, training_batches
from rmfn_tf.files import write_rows
from rmfn_tf.models import create_model
from rmfn_tf.models.create import compile_model
from rmfn_tf.task import Task
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.events import write_events
from rmfn_tf.training.splits import LearningData

CHECKPOINT = "checkpoint.npz"
PREDICT_BATCH = 256


def fit(
    model: keras.Model,
    train: Examples,
    validation: Examples | None = None,
    *,
    task: str | Task = "regression",
    epochs: int = 40,
    batch_size: int = 32,
    patience: int = 0,
    optimizer: Mapping[str, Any] | None = None,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Trains a model as `rmfn train` does.

    Batches are padded to a few lengths and shuffled by the seed. The learning rate falls linearly
    to zero over all steps. A regression starts from the training labels' medians, the best constant
    under MAE, so that no step is spent on moving there from zero. With validation the model has the
    weights of the epoch of lowest `val_loss` at the end.

    Args:
        model: made by `create_model`; it is compiled anew.
        train: what is learned from.
        validation: what chooses the epoch; None keeps the last.
        task: a `Task`, or its kind, as the model was made for.
        epochs: how many at most.
        batch_size: sequences a step.
        patience: stop after so many epochs without a lower `val_loss`; 0 never does.
        optimizer: as in `rmfn_tf.optimizer.make_optimizer`; `learning_rate` is that of the first
            step.
        seed: of the order of batches. (Weights and dropout: `keras.utils.set_random_seed` before
            the model is made.)
        checkpoint: what an earlier call has come to; it goes on from there.
        callbacks: further ones. In theirs, `checkpoint` holds the epoch that has just ended.
        verbose: as in `keras.Model.fit`.

    Returns:
        The history of the epochs that this call has run.

    Raises:
        NonFiniteLoss: the loss became NaN or infinite.
        ValueError: a checkpoint of another model, or labels that are none of the task's.
    """
    task = Task.of(task, model.output_shape[-1])
    checkpoint = Checkpoint() if checkpoint is None else checkpoint
    batches, steps = training_batches(
        train,
        batch_size,
        buckets=choose_buckets(train.lengths),
        seed=seed,
        first_epoch=len(checkpoint.history),
    )
    compile_model(model, task, optimizer, decay_steps=steps * epochs)
    if checkpoint.history:
        checkpoint.restore(model)
    elif task.kind == "regression":
        bias = model.get_layer("prediction").bias
        if not np.any(bias):  # or it was trained before
            bias.assign(np.median(train.labels, axis=0).reshape(-1))
    history = keras.callbacks.History()
    if not checkpoint.is_done(epochs, patience):
        kept = [NanGuard(), _KeepState(checkpoint, epochs, patience), *callbacks]
        history = model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=len(checkpoint.history),
            epochs=epochs,
            validation_data=None
            if validation is None
            else epoch_batches(validation, PREDICT_BATCH),
            callbacks=kept,
            shuffle=False,
            verbose=verbose,
        )
    checkpoint.restore_best(model)
    return history


def predict(model: keras.Model, examples: Examples) -> np.ndarray:
    """Predictions `(N, outputs)` in the order of the examples."""
    return np.asarray(model.predict(epoch_batches(examples, PREDICT_BATCH), verbose=0))


class NonFiniteLoss(ValueError):
    """The loss became NaN or infinite."""


class NanGuard(keras.callbacks.Callback):
    """Ends `model.fit` with one clear error, before any other callback of the epoch is called.

    Put it first in the list of callbacks: what they keep is then that of the last good epoch. The
    error names the epoch, the batch, and the norm of all trainable parameters where the epoch
    began: after the step that failed it is no number either.

    Raises:
        NonFiniteLoss: the training loss after a batch, or the validation loss after an epoch, is
            NaN or infinite.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        squares = [np.square(np.float64(each)).sum() for each in self.model.trainable_variables]
        self.norm = float(np.sqrt(np.sum(squares)))

    def on_train_batch_end(self, batch, logs=None):
        self._check("training", (logs or {}).get("loss", 0.0), f"at batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        # The training loss is taken before the step, so the last step shows only here.
        self._check("validation", (logs or {}).get("val_loss", 0.0), "after the last batch")
        if not all(np.isfinite(np.sum(each)) for each in self.model.trainable_variables):
            self._check("training", float("nan"), "after the last batch")

    def _check(self, which: str, loss: float, when: str) -> None:
        if not np.isfinite(loss):
            raise NonFiniteLoss(
                f"The {which} loss became {loss} in epoch {self.epoch}, {when}; the parameters had "
                f"the norm {self.norm:.4g} when the epoch began. Lower the learning rate, or look "
                "for extreme values in the data."
            )


class _KeepState(keras.callbacks.Callback):
    """Takes the state after each epoch, and stops where it is time to."""

    def __init__(self, checkpoint: Checkpoint, epochs: int, patience: int):
        super().__init__()
        self.checkpoint, self.epochs, self.patience = checkpoint, epochs, patience

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1, **{key: float(value) for key, value in (logs or {}).items()}}
        self.checkpoint.take(self.model, row, time.monotonic() - self.started)
        if self.checkpoint.is_done(self.epochs, self.patience):
            self.model.stop_training = True


# The same for a run, whose state lies in a folder.


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


def fit_in_folder(
    config: RunConfig, data: LearningData, folder: Path, on_epoch: OnEpoch | None = None
) -> Fitted:
    """Makes and fits the model of a run, or goes on from the last epoch that lies in `folder`.

    Interrupted at any moment and called again, it ends with the same bits as if nothing had
    happened, given op determinism (`rmfn_tf.start`) and no XLA. After each epoch these are replaced
    in `folder`, in this order: `checkpoint.npz`, `history.csv`, `tensorboard/`.

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
    if checkpoint.history:
        _write_history(folder, checkpoint)
    model = build_model(config, data)
    fit(
        model,
        data.train,
        data.validation,
        task=data.task,
        epochs=config.epochs,
        batch_size=config.batch_size,
        patience=config.patience,
        optimizer=config.optimizer,
        seed=config.seed,
        checkpoint=checkpoint,
        callbacks=[_AfterEpoch(config, checkpoint, folder, on_epoch)],
        verbose=0,
    )
    return Fitted(model, checkpoint.history, checkpoint.seconds)


def build_model(config: RunConfig, data: LearningData) -> keras.Model:
    """The uncompiled model of a run, scaled by the statistics of its training examples."""
    return create_model(
        config.model,
        features=data.train.widths,
        task=data.task,
        scaling=data.scaling(config.scaling),
        compile=False,
        **config.hyperparameters,
    )


class _AfterEpoch(keras.callbacks.Callback):
    """Writes the state down and reports."""

    def __init__(
        self, config: RunConfig, checkpoint: Checkpoint, folder: Path, on_epoch: OnEpoch | None
    ):
        super().__init__()
        self.config, self.checkpoint = config, checkpoint
        self.folder, self.on_epoch = folder, on_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.seconds_before = self.checkpoint.seconds

    def on_epoch_end(self, epoch, logs=None):
        self.checkpoint.write(self.folder / CHECKPOINT)
        _write_history(self.folder, self.checkpoint)
        if self.on_epoch is not None:
            row = self.checkpoint.history[-1]
            best = self.checkpoint.best_row() if "val_loss" in row else None
            seconds = self.checkpoint.seconds - self.seconds_before
            self.on_epoch(EpochReport(epoch + 1, self.config.epochs, row, best, seconds))


def _write_history(folder: Path, checkpoint: Checkpoint) -> None:
    """History for people and for TensorBoard; the checkpoint is what counts."""
    write_rows(folder / "history.csv", checkpoint.history)
    write_events(folder / "tensorboard", checkpoint.history)
