"""The one recipe by which networks are trained here, and how a training goes on after a kill."""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rmfn_tf.data import Examples, choose_buckets, epoch_batches, training_batches
from rmfn_tf.files import write_rows
from rmfn_tf.metrics import score
from rmfn_tf.models import create_model
from rmfn_tf.models.create import compile_model
from rmfn_tf.task import Task
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig, import_modules
from rmfn_tf.training.events import write_events
from rmfn_tf.training.splits import LearningData, check_class_weight, monitored

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
    select_by: str = "loss",
    optimizer: Mapping[str, Any] | None = None,
    decay_epochs: int | None = None,
    class_weight: str | Sequence[float] | Mapping[int, float] | None = None,
    sample_weights: np.ndarray | None = None,
    jit: bool = False,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Trains a model as `rmfn train` does.

    Batches are padded to a few lengths and shuffled by the seed. The learning rate falls linearly
    to zero over all steps. A regression starts from the training labels' medians, the best constant
    under MAE, so that no step is spent on moving there from zero. With validation the model has the
    weights of the best epoch at the end.

    Args:
        model: made by `create_model`; it is compiled anew.
        train: what is learned from.
        validation: what chooses the epoch; None keeps the last.
        task: a `Task`, or its kind, as the model was made for.
        epochs: how many at most.
        batch_size: sequences a step.
        patience: stop after so many epochs that are not better than the best; 0 never does.
        select_by: what makes an epoch better, on validation: `"loss"`, or a metric of the task
            (`rmfn_tf.metrics.metrics_for`).
        optimizer: as in `rmfn_tf.optimizer.make_optimizer`; `learning_rate` is that of the first
            step.
        decay_epochs: after so many epochs the learning rate is zero; None: after `epochs`.
        class_weight: of a classification: the weight of each class's examples, a list or a dict by
            class as in Keras; or `"balanced"`: all classes together weigh the same.
        sample_weights: `(N,)` finite, >= 0, one an example of `train`.
        jit: whether XLA compiles the training step. It may then be faster; but it needs op
            determinism to be off, so no training need end with the same bits as another.
        seed: of the order of batches. (Weights and dropout: `keras.utils.set_random_seed` before
            the model is made.)
        checkpoint: what an earlier call has come to; it goes on from there.
        callbacks: further ones. In theirs, `checkpoint` holds the epoch that has just ended; what
            they keep themselves is not part of it.
        verbose: as in `keras.Model.fit`.

    Returns:
        The history of the epochs that this call has run.

    Raises:
        NonFiniteLoss: the loss became NaN or infinite.
        ValueError: a checkpoint of another model, labels that are none of the task's, a metric
            that the task has not, weights that do not fit, or XLA where it cannot be.
    """
    task = Task.of(task, model.output_shape[-1])
    checkpoint = Checkpoint() if checkpoint is None else checkpoint
    checkpoint.monitor, checkpoint.lower_is_better = monitored(task, select_by)
    batches, steps = training_batches(
        train,
        batch_size,
        buckets=choose_buckets(train.lengths),
        seed=seed,
        first_epoch=len(checkpoint.history),
        sample_weights=_weights(task, train.labels, class_weight, sample_weights),
    )
    compile_model(model, task, optimizer, decay_steps=steps * (decay_epochs or epochs))
    if jit:
        _compile_by_xla(model)
    if checkpoint.history:
        checkpoint.restore(model)
    elif task.kind == "regression":
        bias = model.get_layer("prediction").bias
        if not np.any(bias):  # or it was trained before
            bias.assign(np.median(train.labels, axis=0).reshape(-1))
    history = keras.callbacks.History()
    if not checkpoint.is_done(epochs, patience):
        keep = _KeepState(checkpoint, epochs, patience, task, validation)
        history = model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=len(checkpoint.history),
            epochs=epochs,
            validation_data=None
            if validation is None
            else epoch_batches(validation, PREDICT_BATCH),
            callbacks=[NanGuard(), keep, *callbacks],
            shuffle=False,
            verbose=verbose,
        )
    checkpoint.restore_best(model)
    return history


def predict(model: keras.Model, examples: Examples) -> np.ndarray:
    """Predictions `(N, outputs)` in the order of the examples."""
    return np.asarray(model.predict(epoch_batches(examples, PREDICT_BATCH), verbose=0))


def _compile_by_xla(model: keras.Model) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras would go on without
        model.jit_compile = True
    if not model.jit_compile:
        raise ValueError(
            "jit: this model cannot be compiled by XLA here. Either a layer of it does not support "
            "that, or op determinism is on, with which Keras does not use XLA."
        )


def _weights(
    task: Task, labels: np.ndarray, class_weight: Any, sample_weights: np.ndarray | None
) -> np.ndarray | None:
    """The weight of each example, or None where all weigh the same."""
    check_class_weight(task, class_weight)
    if class_weight is None:
        return sample_weights
    if class_weight == "balanced":
        counts = np.bincount(labels, minlength=task.num_classes)
        class_weight = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    by_class = np.array([class_weight[each] for each in range(task.num_classes)])
    return by_class[labels] * (1.0 if sample_weights is None else sample_weights)


class NonFiniteLoss(ValueError):
    """The loss became NaN or infinite."""


class NanGuard(keras.callbacks.Callback):
    """Ends `model.fit` with one clear error, before any other callback of the epoch is called.

    Put it first in the list of callbacks: what they keep is then that of the last good epoch. The
    error names the epoch, the batch, and the norm of all trainable parameters where the epoch
    began: after the step that failed it is no number either. (`TerminateOnNaN` of Keras sees the
    losses of batches alone, which are taken before the step.)

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

    def __init__(
        self,
        checkpoint: Checkpoint,
        epochs: int,
        patience: int,
        task: Task,
        validation: Examples | None,
    ):
        super().__init__()
        self.checkpoint, self.epochs, self.patience = checkpoint, epochs, patience
        self.task, self.validation = task, validation

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        logs, monitor = {} if logs is None else logs, self.checkpoint.monitor
        if self.validation is not None and monitor not in logs:
            # Not one of those that Keras takes along: of the whole split, as at the end of a run.
            values = score(self.task, self.validation.labels, predict(self.model, self.validation))
            logs[monitor] = values[monitor.removeprefix("val_")]
        row = {"epoch": epoch + 1, **{key: float(value) for key, value in logs.items()}}
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
        logs: the epoch's history: `loss`, with validation `val_loss`, ...
        best: the history of the best epoch so far, or None without validation.
        monitor: the entry of the history by which it is the best.
        seconds: that this epoch took.
        fold: from 1; 0 where no fold is trained, but the model of the run.
        folds: how many the run has.
    """

    epoch: int
    epochs: int
    logs: Mapping[str, float]
    best: Mapping[str, float] | None
    monitor: str
    seconds: float
    fold: int
    folds: int


OnEpoch = Callable[[EpochReport], None]


@dataclass(frozen=True)
class Fitted:
    """A model with the weights of its best epoch, and the state after the last one."""

    model: keras.Model
    checkpoint: Checkpoint


def fit_in_folder(
    config: RunConfig,
    data: LearningData,
    folder: Path,
    *,
    epochs: int | None = None,
    fold: int = 0,
    on_model: Callable[[keras.Model], None] | None = None,
    on_epoch: OnEpoch | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fitted:
    """Makes and fits the model of a run, or goes on from the last epoch that lies in `folder`.

    Interrupted at any moment and called again, it ends with the same bits as if nothing had
    happened, given op determinism (`rmfn_tf.start`) and no XLA. After each epoch these are replaced
    in `folder`, in this order: `checkpoint.npz`, `history.csv`, `tensorboard/`.

    Args:
        config: the run.
        data: what to learn from.
        folder: for the state of this training alone; it is made where it is not there.
        epochs: stop after so many; None: after `config.epochs`, over which the learning rate falls
            in any case.
        fold: stands in the reports.
        on_model: called with the model before it is trained.
        on_epoch: called after each epoch.
        callbacks: as in `fit`.

    Raises:
        ValueError: a loss that is no number, or a checkpoint that is damaged or of another model.
        OSError: the folder cannot be written; the last good checkpoint is still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    checkpoint = Checkpoint.read(folder / CHECKPOINT)
    if checkpoint.history:
        _write_history(folder, checkpoint)
    model = build_model(config, data)
    if on_model is not None:
        on_model(model)
    epochs = config.epochs if epochs is None else epochs
    report = _AfterEpoch(config, checkpoint, folder, epochs, fold, on_epoch)
    fit(
        model,
        data.train,
        data.validation,
        task=data.task,
        epochs=epochs,
        batch_size=config.batch_size,
        patience=config.patience,
        select_by=config.select_by,
        optimizer=config.optimizer,
        decay_epochs=config.epochs,
        class_weight=config.class_weight,
        jit=config.jit,
        seed=config.seed,
        checkpoint=checkpoint,
        callbacks=[*callbacks, report],
        verbose=0,
    )
    return Fitted(model, checkpoint)


def build_model(config: RunConfig, data: LearningData) -> keras.Model:
    """The uncompiled model of a run, scaled by the statistics of its training examples."""
    import_modules(config.imports)
    before = keras.config.dtype_policy()
    # Not on the layers alone: `compile` looks at the model's own for the scaling of its loss.
    keras.config.set_dtype_policy(config.precision)
    try:
        return create_model(
            config.model,
            features=data.train.widths,
            task=data.task,
            scaling=data.scaling(config.scaling),
            compile=False,
            **config.hyperparameters,
        )
    finally:
        keras.config.set_dtype_policy(before)


class _AfterEpoch(keras.callbacks.Callback):
    """Writes the state down and reports."""

    def __init__(
        self,
        config: RunConfig,
        checkpoint: Checkpoint,
        folder: Path,
        epochs: int,
        fold: int,
        on_epoch: OnEpoch | None,
    ):
        super().__init__()
        self.config, self.checkpoint, self.folder = config, checkpoint, folder
        self.epochs, self.fold, self.on_epoch = epochs, fold, on_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.seconds_before = self.checkpoint.seconds

    def on_epoch_end(self, epoch, logs=None):
        self.checkpoint.write(self.folder / CHECKPOINT)
        _write_history(self.folder, self.checkpoint)
        if self.on_epoch is not None:
            row, monitor = self.checkpoint.history[-1], self.checkpoint.monitor
            self.on_epoch(
                EpochReport(
                    epoch=epoch + 1,
                    epochs=self.epochs,
                    logs=row,
                    best=self.checkpoint.best_row() if monitor in row else None,
                    monitor=monitor,
                    seconds=self.checkpoint.seconds - self.seconds_before,
                    fold=self.fold,
                    folds=self.config.folds,
                )
            )


def _write_history(folder: Path, checkpoint: Checkpoint) -> None:
    """History for people and for TensorBoard; the checkpoint is what counts."""
    write_rows(folder / "history.csv", checkpoint.history)
    write_events(folder / "tensorboard", checkpoint.history)
