"""The one recipe by which networks are trained here."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from rmfn_tf.data import Examples, choose_buckets, epoch_batches, training_batches
from rmfn_tf.models.create import compile_model
from rmfn_tf.models.hcrf import FromClasses
from rmfn_tf.task import Task
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.predictions import PREDICT_BATCH
from rmfn_tf.training.splits import check_class_weight


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
    sample_weights: np.ndarray | Sequence[np.ndarray] | None = None,
    jit: bool = False,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> keras.callbacks.History:
    """Trains a model as `rmfn train` does.

    Batches are padded to a few lengths and shuffled by the seed. A regression starts from the
    medians of the training labels, the best constant under MAE, so that no step is spent on moving
    there from zero; the bins of a model with hidden states lie at their quantiles. With validation
    the model has the weights of the best epoch at the end.

    What has the name of an entry of `rmfn_tf.training.config.RunConfig` means the same here.

    Args:
        model: made by `create_model` for this `task`; it is compiled anew.
        validation: the examples on which the best epoch is chosen; None keeps the last epoch.
        decay_epochs: the number of epochs over which the learning rate falls to zero; None is
            `epochs`.
        class_weight: also a dict by class, as in Keras.
        sample_weights: `(N,)` finite, >= 0, one for each example of `train`. With a label at each
            step also a list of N `(T_i,)`.
        seed: random seed for the order of batches alone. (For weights and dropout, call
            `keras.utils.set_random_seed` before the model is made.)
        checkpoint: the state of an earlier call, from which training goes on.
        callbacks: further callbacks. When they are called, `checkpoint` holds the epoch that has
            just ended. What they keep themselves is not part of it.
        verbose: as in `keras.Model.fit`.

    Returns:
        The history of the epochs that this call has run.

    Raises:
        ValueError: as `Checkpoint`; and a checkpoint of another model, labels, weights or a metric
            that do not fit the task, or XLA where it cannot be used.
    """
    task = Task.of(task, model.output_shape[-1])
    labels = train.rows.labels
    if (labels.ndim == 1) != (task.kind == "classification"):
        held = "classes" if labels.ndim == 1 else "numbers"
        raise ValueError(
            f"The labels of `train` are {held}, which a {task.kind} does not learn: give the "
            "`task` that they are for, to `create_model` too."
        )
    checkpoint = Checkpoint() if checkpoint is None else checkpoint
    checkpoint.follow(task, validation, epochs, patience, select_by)
    batches, steps = training_batches(
        train,
        batch_size,
        buckets=choose_buckets(train.lengths),
        seed=seed,
        first_epoch=len(checkpoint.history),
        sample_weights=_weights(task, train, class_weight, sample_weights),
    )
    compile_model(model, task, optimizer, decay_steps=steps * (decay_epochs or epochs))
    if jit:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras would go on without XLA
            model.jit_compile = True
        if not model.jit_compile:
            raise ValueError(
                "jit: this model cannot be compiled by XLA here. Either one of its layers does not "
                "support it, or op determinism is on, with which Keras does not use XLA."
            )
    if checkpoint.history:
        checkpoint.restore(model)
    elif task.kind == "regression":
        last = model.get_layer("prediction")
        if isinstance(last, FromClasses):
            last.start_from(labels)
        elif not np.any(last.bias):  # otherwise the model was trained before
            last.bias.assign(np.median(labels, axis=0).reshape(-1))
    held_out = None if validation is None else epoch_batches(validation, PREDICT_BATCH)
    history = keras.callbacks.History()
    if not checkpoint.is_done:
        history = model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=len(checkpoint.history),
            epochs=epochs,
            validation_data=held_out,
            callbacks=[checkpoint, *callbacks],
            shuffle=False,
            verbose=verbose,
        )
    checkpoint.set_model(None)  # which would be kept as long as the checkpoint
    checkpoint.restore_best(model)
    return history


def _weights(task: Task, train: Examples, class_weight: Any, sample_weights: Any) -> Any:
    """The weight of each example or labelled step, or None where all weigh the same."""
    check_class_weight(task, class_weight)
    if class_weight is None:
        return sample_weights
    if class_weight == "balanced":
        labels = train.rows.labels
        counts = np.bincount(labels, minlength=task.num_classes)
        class_weight = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    by_class = np.array([class_weight[each] for each in range(task.num_classes)])
    given = 1.0 if sample_weights is None else sample_weights
    if not isinstance(train.labels, list):
        return by_class[train.labels] * given
    each = given if isinstance(given, list) else np.broadcast_to(given, len(train))
    return [by_class[x] * weight for x, weight in zip(train.labels, each, strict=True)]
