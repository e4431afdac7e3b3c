"""Non-temporal models equal scikit-learn used directly on features that are pooled here anew, and
what holds of all models that are none of Keras."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from rmfn_tf.data import Examples
from rmfn_tf.models import create_model, list_models, model_options, register_model
from rmfn_tf.models.without_keras import WITHOUT_KERAS, fit_and_predict
from rmfn_tf.task import Task
from rmfn_tf.tuning.spaces import SearchSpace
from support.random_examples import WIDTHS, make_examples

LENGTHS = [3, 5, 4, 2, 3, 4, 1, 6] * 5
VIDEOS = [n // 3 for n in range(len(LENGTHS))]
TASKS = {
    "regression": Task("regression", ("a", "b")),
    "classification": Task("classification", ("a",), num_classes=3),
    "multilabel": Task("multilabel", ("a", "b")),
}
# A forest and EM take their time.
FEW = {
    "svm": {},
    "linear": {},
    "random_forest": {"num_trees": 5},
    "thmm": {"num_states": 2, "iterations": 3, "num_bins": 3},
}
F, C = 3 * sum(WIDTHS.values()), np.array([0.01, 0.1, 1, 10])
# (model, hyperparameters) -> estimators of a regression and of a classification, and the grid.
PLAIN = {
    ("svm", "rbf"): (SVR(gamma=1 / F), SVC(gamma=1 / F), "C", C),
    # a·b / F with C is a·b with C / F.
    ("svm", "linear"): (SVR(kernel="linear"), SVC(kernel="linear"), "C", C / F),
    ("random_forest", 7): (
        RandomForestRegressor(7, max_features="sqrt", random_state=3),
        RandomForestClassifier(7, max_features="sqrt", random_state=3),
        "max_depth",
        [3, 6, None],
    ),
    ("linear", None): (Ridge(), LogisticRegression(max_iter=1000), None, None),
}


def learnable(kind: str, seed: int = 0) -> Examples:
    """The labels follow from the largest, the mean or the last value of a feature, with noise."""
    examples = make_examples(LENGTHS, videos=VIDEOS, seed=seed)
    noise = np.random.default_rng(seed).normal(scale=0.05, size=(len(LENGTHS), 2))
    largest = [x[:, 0].max() for x in examples.features["acoustic"]]
    last = [x[-1, 1] for x in examples.features["language"]]
    values = np.stack([largest, last], axis=1) + noise
    labels = {
        "regression": (5 + 2 * values).astype("float32"),
        "classification": np.digitize(values[:, 1], [0.4, 0.7]),
        "multilabel": (values > 0.6).astype("float32"),
    }[kind]
    return replace(examples, labels=labels)


def pooled(examples: Examples) -> np.ndarray:
    rows = []
    for place in range(len(examples)):
        row = []
        for sequences in examples.features.values():
            steps = sequences[place]
            row += [*steps.mean(axis=0), *steps.max(axis=0), *steps[-1]]
        rows.append(row)
    return np.array(rows, "float64")


def by_hand(estimator, name, values, score, train, column, groups, test):
    """The best strength by a loop over folds, and the model of all training examples with it."""
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    means = []
    for value in values:
        model = clone(estimator).set_params(**{name: value})
        folds = GroupKFold(5).split(train, groups=groups)
        scores = [
            score(column[outside], model.fit(train[inside], column[inside]).predict(train[outside]))
            for inside, outside in folds
        ]
        means.append(np.mean(scores))
    best = clone(estimator).set_params(**{name: values[int(np.argmax(means))]})
    return best.fit(train, column), test


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("which", PLAIN, ids=str)
def test_as_scikit_learn_by_hand(which: tuple, kind: str) -> None:
    name, value = which
    options = dict(zip(model_options(name), [value], strict=False))
    train, test = learnable(kind), learnable(kind, seed=1)
    ours = fit_and_predict(name, TASKS[kind], train, test, seed=3, scaling="none", **options)
    regressor, classifier, strength, values = PLAIN[which]
    if name == "linear":
        strength = "alpha" if kind == "regression" else "C"
        values = np.logspace(0, 5, 6) if kind == "regression" else np.logspace(-4, 1, 6)
    score = {
        "regression": lambda y, p: -np.abs(y - p).mean(),
        "classification": accuracy_score,
        "multilabel": lambda y, p: f1_score(y, p, average="weighted"),
    }[kind]
    estimator = regressor if kind == "regression" else classifier
    labels = train.labels.reshape(len(train), -1).astype("float64")
    center, spread = np.zeros(labels.shape[1]), np.ones(labels.shape[1])
    if kind == "regression":
        center, spread = labels.mean(axis=0), labels.std(axis=0)
    expected = []
    for column in ((labels - center) / spread).T:
        given = (pooled(train), column, train.groups, pooled(test))
        model, rows = by_hand(estimator, strength, values, score, *given)
        if kind == "regression":
            expected.append(model.predict(rows))
        elif name == "svm":
            decided = model.predict(rows)[:, np.newaxis] == model.classes_
            expected += list(decided.T if kind == "classification" else decided.T[1:])
        else:
            probabilities = model.predict_proba(rows).T
            expected += list(probabilities if kind == "classification" else probabilities[1:])
    right = np.stack(expected, axis=1)
    if kind == "regression":
        right = right * spread + center
    # libsvm stops at a tolerance.
    np.testing.assert_allclose(ours, right, atol=5e-3 if name == "svm" else 1e-5)
    if kind != "regression":
        truth = np.eye(3)[test.labels] if kind == "classification" else test.labels
        assert ((ours >= 0.5) == (truth >= 0.5)).mean() > 0.6


@pytest.mark.parametrize("model", WITHOUT_KERAS)
def test_a_labelled_step_is_an_example_that_ends_there(model: str) -> None:
    examples = make_examples([4, 1, 3, 6, 2, 5], per_step=True, videos=[0, 0, 1, 1, 2, 3])
    rows = examples.rows
    ends = [int(name.split("[")[1][:-1]) + 1 for name in rows.ids]
    places = list(zip(rows.examples, ends, strict=True))
    cut = Examples.from_arrays(
        {m: [x[place][:end] for place, end in places] for m, x in examples.features.items()},
        rows.labels,
        groups=rows.groups,
    )
    task, how = Task("regression", ("a",)), {"scaling": "none", **FEW[model]}
    ours = fit_and_predict(
        model, replace(task, per_step=True), examples, examples.take([1, 3]), **how
    )
    alone = fit_and_predict(model, task, cut, cut.take(np.isin(rows.examples, [1, 3])), **how)
    np.testing.assert_array_equal(ours, alone)


@pytest.mark.parametrize("model", WITHOUT_KERAS)
def test_nothing_is_learned_from_the_examples_that_are_predicted(model: str) -> None:
    train, test = learnable("regression"), learnable("regression", seed=1)
    test.features["acoustic"][1] *= 1e3  # would change a scale
    both = fit_and_predict(model, TASKS["regression"], train, test, **FEW[model])
    other = replace(test, labels=-test.labels)
    alone = fit_and_predict(model, TASKS["regression"], train, other.take([0]), **FEW[model])
    np.testing.assert_allclose(both[:1], alone, rtol=1e-9)


@pytest.mark.parametrize("model", WITHOUT_KERAS)
def test_labels_that_never_vary(model: str) -> None:
    test = learnable("regression", seed=1)
    for kind, label in (("regression", 2.5), ("multilabel", 1.0), ("classification", 2)):
        train = learnable(kind)
        train.labels[...] = label
        ours = fit_and_predict(model, TASKS[kind], train, test, **FEW[model])
        wanted = [0, 0, 1] if kind == "classification" else [label] * 2
        np.testing.assert_allclose(ours, [wanted] * len(test), atol=1e-6)


@pytest.mark.parametrize("model", WITHOUT_KERAS)
@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("take", [[0], [0, 1, 2], range(12)], ids=len)
def test_few_videos_and_classes(model: str, kind: str, take) -> None:
    """One example; one video; and four videos, where one example alone has its class."""
    train, test = learnable(kind).take(take), learnable(kind, seed=1)
    train.labels[...] = 0
    train.labels[-1] = 1
    ours = fit_and_predict(model, TASKS[kind], train, test, **FEW[model])
    assert ours.shape == (len(test), TASKS[kind].num_outputs)
    assert np.isfinite(ours).all()
    if kind == "classification":
        np.testing.assert_allclose(ours.sum(axis=1), 1, rtol=1e-6)


def test_what_is_missing_or_no_number_is_left_out_of_the_pooling() -> None:
    """A step that is zero in a modality, or a NaN, is as if the modality had not that step."""
    train, test = learnable("regression"), make_examples([3, 2])
    whole = fit_and_predict("linear", TASKS["regression"], train, test)
    longer = make_examples([4, 3])
    for m, sequences in longer.features.items():
        for place, at in ((0, 1), (1, 2)):
            sequences[place] = np.insert(test.features[m][place], at, 0, axis=0)
    same = fit_and_predict("linear", TASKS["regression"], train, longer)
    np.testing.assert_allclose(same, whole, rtol=1e-6)
    longer.features["visual"][0][:] = 0
    longer.features["acoustic"][1][:] = np.nan
    assert np.isfinite(fit_and_predict("linear", TASKS["regression"], train, longer)).all()


@pytest.mark.parametrize("model", [name for name in WITHOUT_KERAS if name != "thmm"])
def test_class_weights(model: str) -> None:
    """A class that weighs almost everything is what is found almost everywhere."""
    train, test = learnable("classification"), learnable("classification", seed=1)
    found = [
        fit_and_predict(
            model, TASKS["classification"], train, test, class_weight=x, **FEW[model]
        ).argmax(axis=1)
        for x in ([1, 1, 1e4], [1e4, 1, 1], "balanced", None)
    ]
    assert np.mean(found[0] == 2) > np.mean(found[3] == 2)
    assert np.mean(found[1] == 0) > np.mean(found[3] == 0)


def test_they_are_no_models_of_keras() -> None:
    assert not set(list_models()) & set(WITHOUT_KERAS)
    assert model_options("svm") == {"kernel": "rbf"}
    for ask in (
        lambda: create_model("svm", features=WIDTHS),
        lambda: SearchSpace("svm", WIDTHS),
    ):
        with pytest.raises(ValueError, match="'svm' is no model of Keras"):
            ask()
    with pytest.raises(ValueError, match=r"none of rmfn,.*svm.*; got 'svm'"):
        register_model("svm", lambda inputs, mask, return_sequences: mask)
