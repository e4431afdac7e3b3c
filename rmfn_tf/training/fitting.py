"""Fitting one model on one training set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rmfn_tf.data import Examples, choose_buckets, epoch_batches, fit_scaling, training_batches
from rmfn_tf.models import create_model
from rmfn_tf.training.config import RunConfig

_LOSSES = {
    "regression": "mean_absolute_error",
    "classification": "sparse_categorical_crossentropy",
    "multilabel": "binary_crossentropy",
}

OnEpoch = Callable[[int, int, Mapping[str, float]], None]


@dataclass(frozen=True)
class Fitted:
    """A trained model and the history it has: a row an epoch, `{"epoch", "loss", ...}`."""

    model: keras.Model
    history: list[dict[str, float]]


def fit_model(
    config: RunConfig,
    task: Mapping[str, Any],
    train: Examples,
    validation: Examples | None,
    *,
    scratch: Path,
    on_epoch: OnEpoch | None = None,
) -> Fitted:
    """Trains a model; with `validation`, returns the weights of its best epoch (lowest loss).

    Args:
        config: the run.
        task: `builder.info.metadata["task"]`.
        train: what is learned from; scaling's statistics come from it alone.
        validation: what chooses the epoch, or None to keep the last.
        scratch: an existing folder for the best weights while training goes on.
        on_epoch: called as `on_epoch(epoch, epochs, logs)` after each epoch, epoch from 1.

    Raises:
        ValueError: hyperparameters that the model does not have, or a loss that became NaN.
    """
    keras.utils.set_random_seed(config.seed)
    batches, steps = training_batches(
        train, config.batch_size, buckets=choose_buckets(train.lengths), seed=config.seed
    )
    model = build_model(config, task, train)
    _compile(model, config, task, steps)
    callbacks: list[Any] = [_StopAtNaN()]
    best = scratch / "best.weights.h5"
    if validation is not None:
        callbacks.append(
            keras.callbacks.ModelCheckpoint(best, save_best_only=True, save_weights_only=True)
        )
    if on_epoch is not None:
        callbacks.append(
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: on_epoch(epoch + 1, config.epochs, logs)
            )
        )
    history = model.fit(
        batches,
        steps_per_epoch=steps,
        epochs=config.epochs,
        validation_data=None if validation is None else epoch_batches(validation, 256),
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
    if validation is not None:
        model.load_weights(best)
        best.unlink()
    rows = [
        {"epoch": epoch + 1, **{key: float(v[epoch]) for key, v in history.history.items()}}
        for epoch in history.epoch
    ]
    return Fitted(model, rows)


def build_model(config: RunConfig, task: Mapping[str, Any], train: Examples) -> keras.Model:
    """The uncompiled model of a run, scaled by the statistics of `train`.

    A regression starts from the training labels' medians, the best constant under MAE, so that no
    step is spent on moving there from zero.
    """
    kind = task["kind"]
    model = create_model(
        config.model,
        features=train.widths,
        task=kind,
        num_outputs=task["num_classes"] if kind == "classification" else len(task["labels"]),
        scaling=fit_scaling(train, config.scaling),
        compile=False,
        **config.hyperparameters,
    )
    if kind == "regression":
        model.get_layer("prediction").bias.assign(np.median(train.labels, axis=0).reshape(-1))
    return model


def predict(model: keras.Model, examples: Examples) -> np.ndarray:
    """Predictions `(N, outputs)` in the order of the examples."""
    return np.asarray(model.predict(epoch_batches(examples, 256), verbose=0))


def _compile(model: keras.Model, config: RunConfig, task: Mapping[str, Any], steps: int) -> None:
    rate = keras.optimizers.schedules.PolynomialDecay(
        config.learning_rate, steps * config.epochs, end_learning_rate=0.0
    )
    if config.weight_decay:
        optimizer = keras.optimizers.AdamW(
            rate, weight_decay=config.weight_decay, global_clipnorm=config.clipnorm
        )
    else:
        optimizer = keras.optimizers.Adam(rate, global_clipnorm=config.clipnorm)
    metrics = ["accuracy"] if task["kind"] == "classification" else []
    model.compile(optimizer=optimizer, loss=_LOSSES[task["kind"]], metrics=metrics)


class _StopAtNaN(keras.callbacks.Callback):
    """Ends training with one clear error where the loss is no longer a number."""

    def on_train_batch_end(self, batch, logs=None):
        self._check("training", (logs or {}).get("loss", 0.0), f"at batch {batch + 1} of an epoch")

    def on_epoch_end(self, epoch, logs=None):
        # The training loss is taken before the step, so the last step shows only here.
        self._check("validation", (logs or {}).get("val_loss", 0.0), f"after epoch {epoch + 1}")

    def _check(self, which: str, loss: float, when: str) -> None:
        if not np.isfinite(loss):
            raise ValueError(
                f"The {which} loss became {loss} {when}. Lower the learning rate, or look for "
                "extreme values in the data."
            )
