"""What is drawn reaches the model and its training, in KerasTuner's own searches."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras_tuner.errors import FatalValueError

from rmfn_tf.models import list_models
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import predict
from rmfn_tf.tuning import RMFNHyperModel
from rmfn_tf.tuning.spaces import SearchSpace
from support.random_examples import make_examples
from support.small_models import UNITS, WIDTHS, batches

SMALL: dict[str, Any] = {"units": UNITS, "fusion_units": 4, "summary_units": 4, "head_units": 3}


def built(hypermodel: RMFNHyperModel, **values: Any) -> tuple[keras.Model, Any]:
    parameters = keras_tuner.HyperParameters()
    parameters.values.update(values)
    return hypermodel.build(parameters), parameters


def names_of(parameters: keras_tuner.HyperParameters) -> set[str]:
    return {each.name for each in parameters.space}


@pytest.mark.parametrize("model", list_models())
def test_everything_but_the_batch_size_is_searched(model: str) -> None:
    network, parameters = built(RMFNHyperModel(WIDTHS, model=model))
    assert names_of(parameters) == {*SearchSpace(model, WIDTHS).names} - {"batch_size"}
    assert network.name == model


def test_drawn_values_reach_rmfn() -> None:
    of_layer = {
        "num_stages": 5,
        "fusion_units": 128,
        "summary_units": 32,
        "dropout": 0.3,
        "summarize_dropout": 0.2,
        "highlight_memory_mode": "zeros",
        "highlight_input": "highlighted",
        "highlight_projection": True,
        "highlight_scale": "none",
        "fuse_memory_mode": "zeros",
        "summarize_layers": 1,
    }
    others = {
        "language_units": 64,
        "visual_units": 8,
        "head_units": 32,
        "head_dropout": 0.6,
        "learning_rate": 7e-3,
    }
    hypermodel = RMFNHyperModel(WIDTHS, task="multilabel", num_outputs=4)
    model, parameters = built(hypermodel, **of_layer, **others)
    assert names_of(parameters) == of_layer.keys() | others.keys()  # none is left to its default
    layer = model.get_layer("rmfn")
    assert {name: layer.get_config()[name] for name in of_layer} == of_layer
    assert layer.units == {"visual": 8, "language": 64}
    assert list(layer.units) == list(WIDTHS)
    assert model.get_layer("head").units == 32
    assert model.get_layer("head_dropout").rate == 0.6
    assert float(model.optimizer.learning_rate) == pytest.approx(7e-3)
    assert model.output.shape == (None, 4)
    assert isinstance(model.loss, keras.losses.BinaryCrossentropy)


def test_a_learning_rate_that_is_not_searched_is_that_of_the_model() -> None:
    model, _ = built(RMFNHyperModel(WIDTHS, tune=["dropout"], **SMALL))
    assert float(model.optimizer.learning_rate) == pytest.approx(2e-3)


def test_fixed_ones_are_taken_and_not_searched() -> None:
    fixed: dict[str, Any] = {**SMALL, "num_stages": 1, "head_dropout": 0.1, "highlight": False}
    scaling = {"language": {"center": 3.0, "scale": 2.0}}
    model, parameters = built(RMFNHyperModel(WIDTHS, scaling=scaling, **fixed))
    searched = {"dropout", "summarize_dropout", "fuse_memory_mode", "summarize_layers"}
    assert names_of(parameters) == {*searched, "learning_rate"}
    layer = model.get_layer("rmfn")
    assert layer.units == UNITS
    assert layer.get_config()["num_stages"] == 1
    assert layer.get_config()["fusion_units"] == 4
    assert layer.get_config()["highlight"] is False
    assert model.get_layer("head").units == 3
    assert model.get_layer("head_dropout").rate == 0.1
    np.testing.assert_array_equal(model.get_layer("language_scaling").center, [3.0] * 4)


def test_a_fixed_one_that_is_named_is_searched() -> None:
    hypermodel = RMFNHyperModel(WIDTHS, tune=["num_stages", "visual_units"], num_stages=2, **SMALL)
    model, parameters = built(hypermodel, num_stages=4, visual_units=16)
    assert names_of(parameters) == {"num_stages", "visual_units"}
    layer = model.get_layer("rmfn")
    assert layer.get_config()["num_stages"] == 4
    assert layer.units == {**UNITS, "visual": 16}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_stage": 2}, "'num_stage'.*'num_stages'"),
        ({"tune": ["num_stage"]}, "'num_stage'.*'num_stages'"),
        ({"tune": []}, "`tune`"),
        ({"model": "ef_lst"}, "'ef_lst'.*'ef_lstm'"),
        ({"model": "ef_lstm", "num_stages": 2}, "'num_stages'"),
    ],
)
def test_what_is_unknown_is_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RMFNHyperModel(WIDTHS, **arguments)


class Recorder:
    """Takes what Keras' `fit` takes, and keeps it."""

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_data: Any = None,
    ) -> dict[str, Any]:
        return {"x": x, "y": y, "batch_size": batch_size, "validation_data": validation_data}


def fit(tune: list[str], *args: Any, **kwargs: Any) -> dict[str, Any]:
    parameters = keras_tuner.HyperParameters()
    drawn = {"batch_size": 64, "learning_rate": 7e-3}
    parameters.values.update({name: value for name, value in drawn.items() if name in tune})
    hypermodel = RMFNHyperModel(WIDTHS, tune=tune)
    return hypermodel.fit(parameters, Recorder(), *args, **kwargs)  # type: ignore[return-value]


def test_the_drawn_batch_size_is_that_of_the_training() -> None:
    assert fit(["batch_size"], "x", "y")["batch_size"] == 64
    assert fit(["batch_size"], x="x", y="y", validation_data=("v", "w")) == {
        "x": "x",
        "y": "y",
        "batch_size": 64,
        "validation_data": ("v", "w"),
    }


def test_without_a_searched_batch_size_arguments_are_handed_on() -> None:
    data, validation = batches(), batches()
    assert fit(["dropout"], data, validation_data=validation) == {
        "x": data,
        "y": None,
        "batch_size": None,
        "validation_data": validation,
    }
    assert fit(["dropout"], "x", "y", 7)["batch_size"] == 7


def test_examples_are_trained_by_our_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(
        "rmfn_tf.tuning.hypermodel.fit",
        lambda model, train, validation, **arguments: given.update(
            train=train, validation=validation, **arguments
        ),
    )
    train, validation = make_examples([3, 2]), make_examples([4])
    optimizer = {"weight_decay": 0.1, "learning_rate": 1.0}
    fit(
        ["batch_size", "learning_rate"],
        train,
        validation_data=validation,
        epochs=3,
        initial_epoch=1,  # of KerasTuner's Hyperband: two more, from the weights that it loads
        optimizer=optimizer,
    )
    assert len(given.pop("callbacks")) == 1
    assert given == {
        "train": train,
        "validation": validation,
        "task": Task.of("regression"),
        "epochs": 2,
        "batch_size": 64,
        "optimizer": {"weight_decay": 0.1, "learning_rate": 7e-3},
    }


class Sequence(keras.utils.PyDataset):
    pass


@pytest.mark.parametrize("kind", ["dataset", "py_dataset", "generator"])
def test_batched_data_and_a_searched_batch_size_exclude_each_other(kind: str) -> None:
    made = {
        "dataset": batches,
        "py_dataset": Sequence,
        "generator": lambda: (each for each in [1]),
    }[kind]
    with pytest.raises(FatalValueError, match=r"must be Examples or arrays.*'batch_size' out of"):
        fit(["batch_size"], made())


def test_a_second_batch_size_is_refused() -> None:
    with pytest.raises(FatalValueError, match="no `batch_size` may be given"):
        fit(["batch_size"], "x", "y", batch_size=7)


# Of KerasTuner, which loads weights into a model whose optimizer has not been built.
untrained = pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@untrained
@pytest.mark.parametrize(
    ("make", "objective"),
    [
        (keras_tuner.BayesianOptimization, "val_mean_absolute_error"),
        (keras_tuner.GridSearch, "val_loss"),
    ],
)
def test_a_search_of_keras_tuners_own(tmp_path: Path, make: Any, objective: str) -> None:
    """With an objective as people type it."""
    train, validation = make_examples([3, 2, 4, 3]), make_examples([4, 2], seed=1)
    fixed: dict[str, Any] = {"units": dict.fromkeys(train.widths, 2), "num_stages": 2}
    tune = ["highlight_input", "batch_size", "learning_rate"]
    tuner = make(
        RMFNHyperModel(train.widths, tune=tune, fusion_units=2, summary_units=2, **fixed),
        objective=objective,
        max_trials=2,
        seed=3,
        directory=tmp_path,
        project_name="search",
    )
    tuner.search(train, validation_data=validation, epochs=1, verbose=0)
    trials = list(tuner.oracle.trials.values())
    assert [each.status for each in trials] == ["COMPLETED"] * 2
    assert [each.hyperparameters.values.keys() for each in trials] == [set(tune)] * 2
    best, values = tuner.get_best_models()[0], tuner.get_best_hyperparameters()[0]
    said = best.get_layer("rmfn").get_config()["highlight_input"]
    assert said == values.get("highlight_input")
    score = np.abs(predict(best, validation) - validation.labels).mean()
    assert score == pytest.approx(min(each.score for each in trials), rel=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@untrained
def test_keras_tuners_hyperband_goes_on_from_the_round_before(tmp_path: Path) -> None:
    train, validation = make_examples([3, 2, 4, 3]), make_examples([4, 2], seed=1)
    tuner = keras_tuner.Hyperband(
        RMFNHyperModel(train.widths, "ef_lstm", tune=["learning_rate"], units=2, head_units=0),
        objective="val_mean_absolute_error",
        max_epochs=2,
        factor=2,
        seed=3,
        directory=tmp_path,
        project_name="search",
    )
    tuner.search(train, validation_data=validation, verbose=0)
    trials = list(tuner.oracle.trials.values())
    assert {each.status for each in trials} == {"COMPLETED"}
    assert {each.hyperparameters.values["tuner/initial_epoch"] for each in trials} == {0, 1}


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@untrained
@pytest.mark.parametrize("kind", ["examples", "arrays"])
def test_a_loss_that_is_no_number_fails_its_trial(tmp_path: Path, kind: str) -> None:
    train = make_examples([3, 2, 4, 3])
    train.labels[:] = np.nan
    given: tuple[Any, ...] = (train,)
    if kind == "arrays":
        padded = {name: np.ones((4, 4, width)) for name, width in train.widths.items()}
        given = ({**padded, "lengths": train.lengths}, train.labels)
    tuner = keras_tuner.RandomSearch(
        RMFNHyperModel(train.widths, "ef_lstm", tune=["learning_rate"], units=2, head_units=0),
        objective="val_loss",
        max_trials=2,
        directory=tmp_path,
        project_name="search",
    )
    tuner.search(*given, validation_data=given if kind == "arrays" else train, verbose=0)
    for trial in tuner.oracle.trials.values():
        assert trial.status == "FAILED"
        # KerasTuner itself sees a score that is no number, and says nothing.
        assert ("The training loss became nan" in (trial.message or "")) == (kind == "examples")
