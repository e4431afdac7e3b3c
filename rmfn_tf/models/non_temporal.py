"""Models without time, by scikit-learn: each sequence becomes one row of pooled features.

Scikit-learn is imported when a model is fitted.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from rmfn_tf.data import Examples, fit_scaling
from rmfn_tf.names import unknown_name
from rmfn_tf.task import Task

_MOST_FOLDS = 5
# What the strength of a model is chosen by: the metric of `Kind.selection`, as scikit-learn has it.
_SCORING = {
    "regression": "neg_mean_absolute_error",
    "classification": "accuracy",
    "multilabel": "f1_weighted",
}
Pool = Callable[[np.ndarray, np.ndarray], np.ndarray]


def svm(regression: bool, seed: int, *, kernel: str = "rbf") -> tuple[Any, dict[str, Any]]:
    """A support vector machine, of which C is chosen.

    Args:
        kernel: `"rbf"`, exp(-|a - b|² / F), or `"linear"`, a·b / F, for F pooled features. As in
            `SVC(gamma="scale")`, the division makes one range of C suit any number of features.
    """
    from sklearn.metrics.pairwise import rbf_kernel  # as a function: by BLAS, and not by libsvm
    from sklearn.svm import SVC, SVR

    kernels = {"rbf": rbf_kernel, "linear": lambda a, b: a @ b.T / a.shape[1]}
    if kernel not in kernels:
        raise ValueError(unknown_name("kernel of svm", kernel, kernels))
    return (SVR if regression else SVC)(kernel=kernels[kernel]), {"C": [0.01, 0.1, 1.0, 10.0]}


def random_forest(
    regression: bool, seed: int, *, num_trees: int = 100
) -> tuple[Any, dict[str, Any]]:
    """A random forest, of which the depth is chosen; each split looks at √F of the F features.

    Args:
        num_trees: number of trees.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    forest = RandomForestRegressor if regression else RandomForestClassifier
    return (
        forest(num_trees, max_features="sqrt", random_state=seed),
        {"max_depth": [3, 6, None]},
    )


def linear(regression: bool, seed: int) -> tuple[Any, dict[str, Any]]:
    """Ridge regression or logistic regression, of which the penalty is chosen."""
    from sklearn.linear_model import LogisticRegression, Ridge

    if regression:
        return Ridge(), {"alpha": np.logspace(0, 5, 6)}
    return LogisticRegression(max_iter=1000), {"C": np.logspace(-4, 1, 6)}


# name -> the function that gives, for a regression or a classification and a seed, an estimator and
# the values of its strength to choose from. Keyword-only arguments are the hyperparameters.
NON_TEMPORAL: dict[str, Callable[..., tuple[Any, dict[str, Any]]]] = {
    each.__name__: each for each in (svm, random_forest, linear)
}


def predict_pooled(
    name: str,
    task: Task,
    train: Examples,
    test: Examples,
    class_weight: Any,
    seed: int = 0,
    scaling: str = "robust",
    **hyperparameters: Any,
) -> np.ndarray:
    """`fit_and_predict` of `rmfn_tf.models.without_keras` for a name in `NON_TEMPORAL`.

    A row are the mean, maximum and last value of every scaled feature over the steps at which its
    modality is present (0 where it never is), standardized; with a label at each step, over those
    up to the step. Each column is learned by itself. The strength is chosen by cross-validation
    over the videos of `train`, in at most five folds; where no two videos could be parted so that
    both parts have all classes, it is scikit-learn's default. A forest and logistic regression give
    probabilities; an SVM decides, so it gives 1 for a class or label that it finds and otherwise 0.
    """
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    statistics, labels = fit_scaling(train, scaling), train.rows.labels
    known, asked = (
        pooled_features(each, statistics, _mean_max_last).astype("float64")
        for each in (train, test)
    )
    is_regression = task.kind == "regression"
    weights = dict(enumerate(class_weight)) if isinstance(class_weight, list) else class_weight

    def fit(column: np.ndarray) -> Any:
        model, grid = NON_TEMPORAL[name](is_regression, seed, **hyperparameters)
        if class_weight is not None:
            model.set_params(class_weight=weights)
        if splits := _splits(column, train.rows.groups, is_regression):
            model = GridSearchCV(model, grid, cv=splits, scoring=_SCORING[task.kind])
        return make_pipeline(StandardScaler(), model).fit(known, column)

    def classify(column: np.ndarray) -> np.ndarray:
        model = fit(column)
        if hasattr(model, "predict_proba"):
            return model.predict_proba(asked)
        return model.predict(asked)[:, np.newaxis] == model.classes_

    if not is_regression:
        return class_probabilities(task, labels, len(asked), classify)
    center, scale = labels.mean(axis=0, dtype="float64"), labels.std(axis=0, dtype="float64")
    scale[scale == 0] = 1
    columns = ((labels - center) / scale).T  # so that C and the margin of an SVM suit any labels
    return np.stack([fit(each).predict(asked) for each in columns], axis=1) * scale + center


def class_probabilities(
    task: Task, labels: np.ndarray, rows: int, classify: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Predictions `(rows, outputs)` of a classification, or of each label of a multilabel task;
    `classify(labels (N,))` gives the `(rows, classes)` probabilities of the classes that occur in
    them, ascending. It is not called where there is only one."""

    def of(column: np.ndarray, num_classes: int) -> np.ndarray:
        probabilities, classes = np.zeros((rows, num_classes)), np.unique(column)
        probabilities[:, classes] = classify(column) if len(classes) > 1 else 1.0
        return probabilities

    if task.kind == "classification":
        return of(labels, task.num_classes)
    return np.stack([of(column.astype(int), 2)[:, 1] for column in labels.T], axis=1)


def pooled_features(examples: Examples, scaling: Mapping[str, Any], pool: Pool) -> np.ndarray:
    """`pool(steps, present)` of every modality side by side, a row for each of `examples.rows`.

    Args:
        scaling: of the training examples, as `fit_scaling` gives it.
        pool: is given the scaled steps `(t, F_m)`, with a label at each step those up to the row's,
            and whether the modality is present at each, `(t,)` bool. What is missing is 0.
    """
    columns = [
        np.stack([pool(*each) for each in scaled_rows(examples, m, scaling[m])])
        for m in examples.features
    ]
    return np.concatenate(columns, axis=1)


def scaled_rows(
    examples: Examples, modality: str, scaling: Mapping[str, Any]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `pooled_features` gives to `pool` of one modality, row by row."""
    center, scale, clip = (scaling[key] for key in ("center", "scale", "clip"))
    for place, sequence in enumerate(examples.features[modality]):
        present = (sequence != 0).any(axis=1)
        with np.errstate(all="ignore"):
            scaled = (sequence - center) / scale
        scaled = np.where(np.isfinite(scaled) & present[:, np.newaxis], scaled, 0.0)
        if clip is not None:
            scaled = np.clip(scaled, -clip, clip)
        ends = [len(sequence)]
        if examples.per_step:
            ends = (np.flatnonzero(examples.known[place]) + 1).tolist()
        for end in ends:
            yield scaled[:end], present[:end]


def _mean_max_last(steps: np.ndarray, present: np.ndarray) -> np.ndarray:
    steps = steps[present] if present.any() else steps[-1:]
    return np.concatenate([steps.mean(axis=0), steps.max(axis=0), steps[-1]])


def _splits(column: np.ndarray, groups: np.ndarray, is_regression: bool) -> list[tuple[Any, Any]]:
    """Folds over the videos, without those whose larger part lacks a class."""
    from sklearn.model_selection import GroupKFold

    folds = min(_MOST_FOLDS, len(np.unique(groups)))
    if folds < 2:
        return []
    return [
        (inside, outside)
        for inside, outside in GroupKFold(folds).split(column, groups=groups)
        if is_regression or len(np.unique(column[inside])) == len(np.unique(column))
    ]
