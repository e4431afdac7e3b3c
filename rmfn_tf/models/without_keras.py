"""The models that are none of Keras, by name.

A fitted one is never stored, since that would be a pickle. It is fitted again, to the same numbers,
wherever predictions are wanted.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from rmfn_tf.data import Examples
from rmfn_tf.models import non_temporal
from rmfn_tf.models.thmm import thmm
from rmfn_tf.task import Task

# name -> a function whose keyword-only arguments are the hyperparameters.
WITHOUT_KERAS: dict[str, Callable[..., Any]] = {**non_temporal.NON_TEMPORAL, "thmm": thmm}


def check_keras(name: str) -> None:
    """ValueError where a model is none of Keras."""
    if name in list(WITHOUT_KERAS):  # a list: what is given may not be hashable
        raise ValueError(
            f"{name!r} is no model of Keras and is never stored, and this is for models of Keras "
            "alone; `rmfn train`, `evaluate` and `compare` take both."
        )


def fit_and_predict(
    name: str,
    task: Task,
    train: Examples,
    test: Examples,
    *,
    class_weight: Any = None,
    **options: Any,
) -> np.ndarray:
    """Fits a model to `train` and predicts `test`: `(rows, outputs)`, as `predict` of
    `rmfn_tf.training.predictions`.

    Args:
        name: a name in `WITHOUT_KERAS`.
        class_weight: of a classification, as in `rmfn_tf.training.config.RunConfig`.
        **options: `seed` (0), `scaling` (`"robust"`, a `method` of `fit_scaling`) and the model's
            hyperparameters.

    Raises:
        ValueError: a hyperparameter has a value that it cannot have, or `thmm` has weights.
    """
    if name != "thmm":
        return non_temporal.predict_pooled(name, task, train, test, class_weight, **options)
    if class_weight is not None:
        raise ValueError("thmm has no class_weight: its classes count by their likelihood.")
    return thmm(task, train, test, **options)
