from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from rmfn_tf.tuning import RMFNHyperModel
from support.small_models import UNITS, WIDTHS, batches, outputs_of

SMALL: dict[str, Any] = {"units": UNITS, "fusion_units": 4, "summary_units": 4}


def built(hypermodel: RMFNHyperModel, **values: Any) -> tuple[keras.Model, Any]:
    parameters = keras_tuner.HyperParameters()
    parameters.values.update(values)
    return hypermodel.build(parameters), parameters


def test_what_is_searched_and_over_what_range() -> None:
    _, parameters = built(RMFNHyperModel(WIDTHS))
    searched = {p.name: p for p in parameters.space}
    assert set(searched) == {
        *("num_stages", "language_units", "visual_units", "fusion_units", "summary_units"),
        *("dropout", "head_dropout", "learning_rate"),
    }
    stages = searched["num_stages"]
    assert (stages.min_value, stages.max_value, stages.step) == (1, 6, 1)
    assert min(searched["language_units"].values) == 32
    assert max(searched["language_units"].values) == 256
    assert min(searched["visual_units"].values) == 8
    assert max(searched["visual_units"].values) == 80
    for name in ("fusion_units", "summary_units"):
        assert sorted(searched[name].values) == [32, 64, 128]
    rate = searched["learning_rate"]
    assert (rate.min_value, rate.max_value, rate.sampling) == (5e-4, 1e-2, "log")


def test_drawn_values_reach_the_model() -> None:
    values = {
        "num_stages": 5,
        "language_units": 64,
        "visual_units": 8,
        "fusion_units": 128,
        "summary_units": 32,
        "dropout": 0.3,
        "head_dropout": 0.6,
        "learning_rate": 7e-3,
    }
    model, _ = built(RMFNHyperModel(WIDTHS, task="multilabel", num_outputs=4), **values)
    layer = model.get_layer("rmfn")
    assert layer.units == {"visual": 8, "language": 64}
    assert list(layer.units) == list(WIDTHS)
    expected = {"num_stages": 5, "fusion_units": 128, "summary_units": 32, "dropout": 0.3}
    assert {name: layer.cell_config[name] for name in expected} == expected
    assert model.get_layer("head_dropout").rate == 0.6
    assert float(model.optimizer.learning_rate) == pytest.approx(7e-3)
    assert model.output.shape == (None, 4)
    assert model.loss == "binary_crossentropy"


def test_fixed_ones_are_taken_and_not_searched() -> None:
    fixed: dict[str, Any] = {**SMALL, "num_stages": 2, "head_units": 5, "head_dropout": 0.1}
    scaling = {"language": {"center": 3.0, "scale": 2.0}}
    model, parameters = built(RMFNHyperModel(WIDTHS, scaling=scaling, **fixed))
    assert {p.name for p in parameters.space} == {"dropout", "learning_rate"}
    layer = model.get_layer("rmfn")
    assert layer.units == UNITS
    assert layer.cell_config["num_stages"] == 2
    assert layer.cell_config["fusion_units"] == 4
    assert model.get_layer("head").units == 5
    assert model.get_layer("head_dropout").rate == 0.1
    np.testing.assert_array_equal(model.get_layer("language_scaling").center, [3.0] * 4)


def test_an_unknown_fixed_one_is_refused() -> None:
    with pytest.raises(ValueError, match="num_stages"):
        built(RMFNHyperModel(WIDTHS, num_stage=2))


@pytest.mark.slow
def test_random_search(tmp_path: Path) -> None:
    tuner = keras_tuner.RandomSearch(
        RMFNHyperModel(WIDTHS, **SMALL),
        objective="val_loss",
        max_trials=2,
        seed=1,
        directory=tmp_path,
        project_name="search",
    )
    tuner.search(batches(), validation_data=batches(), epochs=1, shuffle=False, verbose=0)
    trials = tuner.oracle.get_best_trials(2)
    assert len(trials) == 2
    assert all(np.isfinite(trial.score) for trial in trials)
    assert trials[0].score <= trials[1].score
    best = tuner.get_best_hyperparameters()[0]
    assert set(best.values) == {"num_stages", "dropout", "head_dropout", "learning_rate"}
    assert 1 <= best.get("num_stages") <= 6
    model = tuner.hypermodel.build(best)
    assert model.get_layer("rmfn").cell_config["num_stages"] == best.get("num_stages")
    assert np.isfinite(outputs_of(model)).all()
