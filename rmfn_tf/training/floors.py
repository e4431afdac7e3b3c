"""What one must beat: predictions that need no network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rmfn_tf.data import Examples, fit_scaling

# Kind of task -> the names of its floors.
FLOORS = {
    "regression": ("constant", "ridge"),
    "classification": ("majority", "logistic"),
    "multilabel": ("majority", "logistic"),
}
_ALPHAS = np.logspace(0, 5, 11)


def floor_predictions(
    task: Mapping[str, Any], train: Examples, test: Examples
) -> dict[str, np.ndarray]:
    """Predictions for `test` by name, each `(N, outputs)` as a model's would be.

    - `constant` (regression: the median of the training labels of each column) or `majority`
      (the training labels' most frequent class, or each label's);
    - `ridge` (regression) or `logistic` regression on time-pooled features, its strength chosen by
      cross-validation inside the training examples.
    """
    scaling = fit_scaling(train)
    pooled_train, pooled_test = (pooled_features(each, scaling) for each in (train, test))
    if task["kind"] == "regression":
        constant = np.tile(np.median(train.labels, axis=0), (len(test), 1))
        # Each column chooses its own strength, by leave-one-out inside the training examples.
        ridge = make_pipeline(StandardScaler(), RidgeCV(_ALPHAS, alpha_per_target=True))
        ridge.fit(pooled_train, train.labels)
        return {"constant": constant, "ridge": ridge.predict(pooled_test).reshape(len(test), -1)}
    if task["kind"] == "classification":
        shares = np.bincount(train.labels, minlength=task["num_classes"])
        majority = np.tile(np.eye(len(shares))[shares.argmax()], (len(test), 1))
        logistic = _logistic(pooled_train, train.labels, pooled_test, len(shares))
        return {"majority": majority, "logistic": logistic}
    majority = np.tile((train.labels.mean(axis=0) >= 0.5).astype(float), (len(test), 1))
    columns = [
        _logistic(pooled_train, column.astype(int), pooled_test, 2)[:, 1]
        for column in train.labels.T
    ]
    return {"majority": majority, "logistic": np.stack(columns, axis=1)}


def pooled_features(examples: Examples, scaling: Mapping[str, Any]) -> np.ndarray:
    """Mean over the present steps of every scaled feature, `(N, ΣF_m)`.

    Args:
        examples: N of them.
        scaling: of the training examples, as `fit_scaling` gives it.
    """
    columns = []
    for m, sequences in examples.features.items():
        center, scale, clip = (scaling[m][key] for key in ("center", "scale", "clip"))
        rows = []
        for sequence in sequences:
            present = sequence[(sequence != 0).any(axis=1)]
            with np.errstate(all="ignore"):
                scaled = (present - center) / scale
            scaled = np.where(np.isfinite(scaled), scaled, 0.0)
            if clip is not None:
                scaled = np.clip(scaled, -clip, clip)
            rows.append(scaled.mean(axis=0) if len(scaled) else np.zeros(sequence.shape[1]))
        columns.append(np.stack(rows))
    return np.concatenate(columns, axis=1)


def _logistic(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, num_classes: int
) -> np.ndarray:
    probabilities = np.zeros((len(test), num_classes))
    if len(np.unique(labels)) == 1:
        probabilities[:, labels[0]] = 1.0
        return probabilities
    model = make_pipeline(
        StandardScaler(),
        LogisticRegressionCV(
            Cs=np.logspace(-4, 1, 6),
            l1_ratios=(0.0,),
            scoring="accuracy",
            use_legacy_attributes=False,
            max_iter=1000,
        ),
    )
    model.fit(train, labels)
    probabilities[:, model[-1].classes_] = model.predict_proba(test)
    return probabilities
