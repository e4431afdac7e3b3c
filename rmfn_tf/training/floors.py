"""What one must beat: predictions that need no network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rmfn_tf.data import Examples, fit_scaling
from rmfn_tf.task import Task

_ALPHAS = np.logspace(0, 5, 11)


def floor_predictions(task: Task, train: Examples, test: Examples) -> dict[str, np.ndarray]:
    """Predictions for `test` by name, each `(rows, outputs)` as a model's would be.

    - `constant` (regression: the median of the training labels of each column) or `majority`
      (the training labels' most frequent class, or each label's);
    - `ridge` (regression) or `logistic` regression on time-pooled features, with a label at each
      step on the features of the step alone; its strength is chosen by cross-validation inside the
      training examples.
    """
    scaling, labels = fit_scaling(train), train.rows.labels
    pooled_train, pooled_test = (pooled_features(each, scaling) for each in (train, test))
    if task.kind == "regression":
        constant = np.tile(np.median(labels, axis=0), (len(pooled_test), 1))
        return {"constant": constant, "ridge": _ridge(pooled_train, labels, pooled_test)}
    if task.kind == "classification":
        shares = np.bincount(labels, minlength=task.num_classes)
        majority = np.tile(np.eye(len(shares))[shares.argmax()], (len(pooled_test), 1))
        logistic = _logistic(pooled_train, labels, pooled_test, len(shares))
        return {"majority": majority, "logistic": logistic}
    majority = np.tile((labels.mean(axis=0) >= 0.5).astype(float), (len(pooled_test), 1))
    columns = [
        _logistic(pooled_train, column.astype(int), pooled_test, 2)[:, 1] for column in labels.T
    ]
    return {"majority": majority, "logistic": np.stack(columns, axis=1)}


def pooled_features(examples: Examples, scaling: Mapping[str, Any]) -> np.ndarray:
    """Mean over the present steps of every scaled feature or, with a label at each step, the scaled
    features of the step, `(rows, ΣF_m)`; `scaling` is that of the training examples, as
    `fit_scaling` gives it. What is missing is 0."""
    columns = []
    for m, sequences in examples.features.items():
        center, scale, clip = (scaling[m][key] for key in ("center", "scale", "clip"))
        rows = []
        for place, sequence in enumerate(sequences):
            present = (sequence != 0).any(axis=1)
            with np.errstate(all="ignore"):
                scaled = (sequence - center) / scale
            scaled = np.where(np.isfinite(scaled) & present[:, np.newaxis], scaled, 0.0)
            if clip is not None:
                scaled = np.clip(scaled, -clip, clip)
            if examples.per_step:
                rows.append(scaled[examples.known[place]])
            else:
                mean = scaled[present].mean(axis=0) if present.any() else np.zeros(len(center))
                rows.append(mean[np.newaxis])
        columns.append(np.concatenate(rows))
    return np.concatenate(columns, axis=1)


def _ridge(train: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    if len(train) == 1:  # nothing can be left out, and nothing varies
        return np.tile(labels, (len(test), 1))
    # Each column chooses its own strength, by leave-one-out inside the training examples.
    model = make_pipeline(StandardScaler(), RidgeCV(_ALPHAS, alpha_per_target=True))
    return model.fit(train, labels).predict(test).reshape(len(test), -1)


def _logistic(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, num_classes: int
) -> np.ndarray:
    probabilities = np.zeros((len(test), num_classes))
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) == 1:
        probabilities[:, classes[0]] = 1.0
        return probabilities
    if counts.min() > 1:
        regression = LogisticRegressionCV(
            Cs=np.logspace(-4, 1, 6),
            # A fold of its own for each member of the rarest class, where there are few.
            cv=int(min(5, counts.min())),
            l1_ratios=(0.0,),
            scoring="accuracy",
            use_legacy_attributes=False,
            max_iter=1000,
        )
    else:  # a class of one cannot be held out: no strength can be chosen
        regression = LogisticRegression(C=0.01, max_iter=1000)
    model = make_pipeline(StandardScaler(), regression)
    model.fit(train, labels)
    probabilities[:, classes] = model.predict_proba(test)
    return probabilities
