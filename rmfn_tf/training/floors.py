"""Predictions that need no network: of a non-temporal model, and what each model must beat."""

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rmfn_tf.data import Examples, fit_scaling
from rmfn_tf.models.non_temporal import class_probabilities, pooled_features
from rmfn_tf.models.without_keras import WITHOUT_KERAS, fit_and_predict
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig

_ALPHAS = np.logspace(0, 5, 11)


def predictions_without_network(
    config: RunConfig, task: Task, train: Examples, test: Examples
) -> dict[str, np.ndarray]:
    """`floor_predictions`, and before them those of the run's model where it is none of Keras."""
    own = {}
    if config.model in WITHOUT_KERAS:
        how = {key: getattr(config, key) for key in ("seed", "scaling", "class_weight")}
        own[config.model] = fit_and_predict(
            config.model, task, train, test, **how, **config.hyperparameters
        )
    return own | floor_predictions(task, train, test)


def floor_predictions(task: Task, train: Examples, test: Examples) -> dict[str, np.ndarray]:
    """Predictions for `test` by name, each `(rows, outputs)` as a model's would be.

    - `constant` (regression: the median of the training labels of each column) or `majority`
      (the training labels' most frequent class, or each label's);
    - `ridge` (regression) or `logistic` regression on the mean of every feature over time, with a
      label at each step on the features of the step alone; its strength is chosen by
      cross-validation inside the training examples.
    """
    scaling, labels = fit_scaling(train), train.rows.labels
    pool = _step_alone if train.per_step else _mean
    known, asked = (pooled_features(each, scaling, pool) for each in (train, test))
    if task.kind == "regression":
        constant = np.tile(np.median(labels, axis=0), (len(asked), 1))
        return {"constant": constant, "ridge": _ridge(known, labels, asked)}
    if task.kind == "classification":
        shares = np.bincount(labels, minlength=task.num_classes)
        most = np.eye(len(shares))[shares.argmax()]
    else:
        most = (labels.mean(axis=0) >= 0.5).astype(float)
    logistic = class_probabilities(
        task, labels, len(asked), lambda column: _logistic(known, column, asked)
    )
    return {"majority": np.tile(most, (len(asked), 1)), "logistic": logistic}


def _mean(steps: np.ndarray, present: np.ndarray) -> np.ndarray:
    return steps[present].mean(axis=0) if present.any() else np.zeros(steps.shape[1])


def _step_alone(steps: np.ndarray, present: np.ndarray) -> np.ndarray:
    return steps[-1]


def _ridge(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    if len(train) == 1:  # nothing can be left out, and nothing varies
        return np.tile(labels, (len(test), 1))
    # Each column chooses its own strength, by leave-one-out inside the training examples.
    model = make_pipeline(StandardScaler(), RidgeCV(_ALPHAS, alpha_per_target=True))
    return model.fit(train, labels).predict(test).reshape(len(test), -1)


def _logistic(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    regression: Any = LogisticRegression(C=0.01, max_iter=1000)
    fewest = np.unique(labels, return_counts=True)[1].min()
    if fewest > 1:  # a class of one cannot be held out: no strength can be chosen
        regression = LogisticRegressionCV(
            Cs=np.logspace(-4, 1, 6),
            # A fold of its own for each member of the rarest class, where there are few.
            cv=int(min(5, fewest)),
            l1_ratios=(0.0,),
            scoring="accuracy",
            use_legacy_attributes=False,
            max_iter=1000,
        )
    return make_pipeline(StandardScaler(), regression).fit(train, labels).predict_proba(test)
