"""Data at the edges of what is allowed train to finite numbers, and so do their floors."""

from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.fit import NonFiniteLoss
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.run import Run
from support.random_examples import make_examples

pytestmark = pytest.mark.slow

KINDS = ("regression", "classification", "multilabel")
RMFN = {
    "units": {"language": 2, "acoustic": 2, "visual": 2},
    "num_stages": 2,
    "fusion_units": 2,
    "summary_units": 2,
    "head_units": 0,
}


@pytest.fixture
def trained(eager, tmp_path, tiny_config, memory_builder, tasks):
    """Trains an epoch on examples; gives the validation predictions, all finite."""

    def run(train, validation, kind="regression", model="ef_lstm"):
        builder = memory_builder({"train": train, "validation": validation}, tasks[kind])
        rmfn = {"model": "rmfn", "hyperparameters": RMFN} if model == "rmfn" else {}
        config: RunConfig = tiny_config(**rmfn)
        metrics = Run(tmp_path / "run").train(config, builder)["metrics"]
        read = Run(tmp_path / "run").predictions("validation")
        for row, values in read.by_row.items():
            assert np.isfinite(values).all(), row
            assert np.isfinite(list(metrics[row].values())).all(), row
        return read.by_row

    return run


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_one_example_to_learn_from_and_one_to_judge(trained, kind):
    one, other = make_examples([3], kind=kind, seed=1), make_examples([2], kind=kind, seed=2)
    predictions = trained(one, other, kind)
    assert {len(values) for values in predictions.values()} == {1}
    if kind == "regression":
        np.testing.assert_allclose(predictions["ridge"], one.labels, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classification", "multilabel"])
@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only(trained, kind, label):
    train, validation = make_examples([3, 2, 4], kind=kind), make_examples([2, 3], kind=kind)
    train = replace(train, labels=np.full_like(train.labels, label))
    majority = trained(train, validation, kind)["majority"]
    expected = np.eye(2)[[label] * 2] if kind == "classification" else np.full((2, 4), label)
    np.testing.assert_array_equal(majority, expected)


@pytest.mark.parametrize("few", [1, 2, 3, 4])
def test_a_class_with_few_members_has_a_floor(tasks, few):
    train = make_examples([3] * 12, kind="classification")
    train = replace(train, labels=np.array([1] * few + [0] * (12 - few)))
    test = make_examples([2, 3], kind="classification", seed=1)
    logistic = floor_predictions(tasks["classification"], train, test)["logistic"]
    np.testing.assert_allclose(logistic.sum(axis=1), 1.0)
    assert (logistic > 0).all()


@pytest.mark.slow
def test_a_modality_that_is_nowhere_and_a_feature_that_is_never_a_number(trained):
    def damaged(examples):
        zeros = [np.zeros_like(sequence) for sequence in examples.features["language"]]
        for sequence in examples.features["acoustic"]:
            sequence[:, 0] = np.nan
            sequence[0, 1] = np.inf
        return replace(
            examples,
            features={**examples.features, "language": zeros},
            present={**examples.present, "language": np.zeros(len(examples), bool)},
        )

    train, validation = make_examples([3, 5, 4, 2]), make_examples([2, 3], seed=1)
    predictions = trained(damaged(train), damaged(validation), model="rmfn")
    assert set(predictions) == {"rmfn", "constant", "ridge"}
    assert np.ptp(predictions["rmfn"]) > 0, "the features that are left are not seen"


@pytest.mark.slow
def test_labels_without_spread(trained):
    train, validation = make_examples([3, 5, 4, 2]), make_examples([2, 3], seed=1)
    train, validation = (
        replace(each, labels=np.full_like(each.labels, 2.5)) for each in (train, validation)
    )
    predictions = trained(train, validation)
    np.testing.assert_allclose(predictions["constant"], 2.5)


@pytest.mark.slow
def test_one_step_and_a_hundred(trained):
    train, validation = make_examples([1, 100]), make_examples([100, 1], seed=1)
    predictions = trained(train, validation, model="rmfn")
    assert predictions["rmfn"].shape == (2, 1)
    assert predictions["rmfn"][0] != predictions["rmfn"][1]


def test_one_nan_label_is_an_error_that_names_the_example():
    train = make_examples([3, 2])
    labels = train.labels.copy()
    labels[1] = np.nan
    with pytest.raises(ValueError, match=r"'example-1': its label is not finite"):
        replace(train, labels=labels)


def test_the_fold_that_left_the_numbers_is_named_and_its_best_kept(
    eager, tmp_path, tiny_config, memory_builder
):
    pooled = make_examples([3, 2, 4, 3, 2, 3])
    builder = memory_builder({"pooled": pooled, "all": pooled})
    del builder.info.splits["all"]

    def ruin(progress):
        if progress.fold == 2 and progress.epoch == 2:
            raise NonFiniteLoss("The training loss became nan.")

    out = tmp_path / "run"
    with pytest.raises(NonFiniteLoss, match=r"Fold 2 of 3: The training.*is kept in .*fold_02"):
        Run(out).train(tiny_config(folds=3, epochs=4), builder, on_epoch=ruin)
    assert (out / "fold_02" / "model.keras").exists()
    assert not (out / "fold_03").exists()
