"""Data at the edges of what is allowed train to finite numbers, and so do their floors."""

from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.training.config import RunConfig
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


@pytest.mark.parametrize("kind", KINDS)
def test_one_example_to_learn_from_and_one_to_judge(trained, kind):
    one, other = make_examples([3], kind=kind, seed=1), make_examples([2], kind=kind, seed=2)
    predictions = trained(one, other, kind)
    assert {len(values) for values in predictions.values()} == {1}
    if kind == "regression":
        np.testing.assert_allclose(predictions["ridge"], one.labels, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "label", "majority"),
    [("classification", 1, [[0, 1]] * 2), ("multilabel", 0, [[0] * 4] * 2)],
)
def test_one_class_only(trained, kind, label, majority):
    train, validation = make_examples([3, 2, 4], kind=kind), make_examples([2, 3], kind=kind)
    train = replace(train, labels=np.full_like(train.labels, label))
    np.testing.assert_array_equal(trained(train, validation, kind)["majority"], majority)


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
    assert np.ptp(predictions["rmfn"]) > 0, "the features that are left are not seen"


def test_labels_without_spread(trained):
    train, validation = make_examples([3, 5, 4, 2]), make_examples([2, 3], seed=1)
    train, validation = (
        replace(each, labels=np.full_like(each.labels, 2.5)) for each in (train, validation)
    )
    np.testing.assert_allclose(trained(train, validation)["constant"], 2.5)


def test_one_step_and_many(trained):
    train, validation = make_examples([1, 12]), make_examples([12, 1], seed=1)
    predictions = trained(train, validation, model="rmfn")["rmfn"]
    assert predictions.shape == (2, 1)
    assert predictions[0] != predictions[1]
