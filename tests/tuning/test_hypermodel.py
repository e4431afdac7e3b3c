"""What is drawn reaches the model and its training, in KerasTuner's own searches."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from keras_tuner.errors import FatalValueError

from rmfn_tf.models import list_models
from rmfn_tf.tuning import RMFNHyperModel
from rmfn_tf.tuning.spaces import searchable
from support.small_models import LENGTHS, UNITS, WIDTHS, batches, outputs_of, random_inputs
from support.small_models import random_labels as labels_of

SMALL: dict[str, Any] = {"units": UNITS, "fusion_units": 4, "summary_units": 4, "head_units": 3}
DROPOUTS = ["dropout", "summarize_dropout", "head_dropout"]


def built(hypermodel: RMFNHyperModel, **values: Any) -> tuple[keras.Model, Any]:
    parameters = keras_tuner.HyperParameters()
    parameters.values.update(values)
    return hypermodel.build(parameters), parameters


def names_of(parameters: keras_tuner.HyperParameters) -> set[str]:
    return {each.name for each in parameters.space}


@pytest.mark.parametrize("model", list_models())
def test_everything_but_the_batch_size_is_searched(model: str) -> None:
    network, parameters = built(RMFNHyperModel(WIDTHS, model=model))
    assert names_of(parameters) == {*searchable(model, list(WIDTHS))} - {"batch_size"}
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
    assert {name: layer.cell_config[name] for name in of_layer} == of_layer
    assert layer.units == {"visual": 8, "language": 64}
    assert list(layer.units) == list(WIDTHS)
    assert model.get_layer("head").units == 32
    assert model.get_layer("head_dropout").rate == 0.6
    assert float(model.optimizer.learning_rate) == pytest.approx(7e-3)
    assert model.output.shape == (None, 4)
    assert model.loss == "binary_crossentropy"


@pytest.mark.parametrize("bidirectional", [False, True])
def test_drawn_values_reach_ef_lstm(bidirectional: bool) -> None:
    values = {
        "units": 64,
        "num_layers": 2,
        "bidirectional": bidirectional,
        "dropout": 0.3,
        "head_units": 32,
        "head_dropout": 0.6,
        "learning_rate": 7e-3,
    }
    model, parameters = built(RMFNHyperModel(WIDTHS, "ef_lstm"), **values)
    assert names_of(parameters) == values.keys()
    kind = keras.layers.Bidirectional if bidirectional else keras.layers.LSTM
    layers = [each for each in model.layers if isinstance(each, kind)]
    assert len(layers) == 2
    for each in layers:
        lstm = each.forward_layer if bidirectional else each
        assert (lstm.units, lstm.dropout) == (64, 0.3)
    assert model.get_layer("head").units == 32
    assert model.get_layer("head_dropout").rate == 0.6
    assert float(model.optimizer.learning_rate) == pytest.approx(7e-3)


def test_a_learning_rate_that_is_not_searched_is_that_of_the_model() -> None:
    model, _ = built(RMFNHyperModel(WIDTHS, tune=["dropout"], **SMALL))
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_fixed_ones_are_taken_and_not_searched() -> None:
    fixed: dict[str, Any] = {**SMALL, "num_stages": 1, "head_dropout": 0.1, "highlight": False}
    scaling = {"language": {"center": 3.0, "scale": 2.0}}
    model, parameters = built(RMFNHyperModel(WIDTHS, scaling=scaling, **fixed))
    searched = {"dropout", "summarize_dropout", "fuse_memory_mode", "summarize_layers"}
    assert names_of(parameters) == {*searched, "learning_rate"}
    layer = model.get_layer("rmfn")
    assert layer.units == UNITS
    assert layer.cell_config["num_stages"] == 1
    assert layer.cell_config["fusion_units"] == 4
    assert layer.cell_config["highlight"] is False
    assert model.get_layer("head").units == 3
    assert model.get_layer("head_dropout").rate == 0.1
    np.testing.assert_array_equal(model.get_layer("language_scaling").center, [3.0] * 4)


def test_a_fixed_one_that_is_named_is_searched() -> None:
    hypermodel = RMFNHyperModel(WIDTHS, tune=["num_stages", "visual_units"], num_stages=2, **SMALL)
    model, parameters = built(hypermodel, num_stages=4, visual_units=16)
    assert names_of(parameters) == {"num_stages", "visual_units"}
    layer = model.get_layer("rmfn")
    assert layer.cell_config["num_stages"] == 4
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
        validation_data: Any = None,
    ) -> dict[str, Any]:
        return {"x": x, "y": y, "batch_size": batch_size, "validation_data": validation_data}


def fit(tune: list[str], *args: Any, batch_size: int = 64, **kwargs: Any) -> dict[str, Any]:
    parameters = keras_tuner.HyperParameters()
    if "batch_size" in tune:
        parameters.values["batch_size"] = batch_size
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


@pytest.mark.parametrize("by_name", [False, True])
def test_functions_are_called_with_the_drawn_batch_size(by_name: bool) -> None:
    train, validation = (lambda size: ("train", size)), (lambda size: ("validation", size))
    args, kwargs = ((), {"x": train}) if by_name else ((train,), {})
    given = fit(["batch_size"], *args, **kwargs, validation_data=validation, batch_size=16)
    assert given["x"] == ("train", 16)
    assert given["validation_data"] == ("validation", 16)


class Sequence(keras.utils.PyDataset):
    pass


@pytest.mark.parametrize("kind", ["dataset", "py_dataset", "generator"])
def test_batched_data_and_a_searched_batch_size_exclude_each_other(kind: str) -> None:
    made = {
        "dataset": batches,
        "py_dataset": Sequence,
        "generator": lambda: (each for each in [1]),
    }[kind]
    with pytest.raises(FatalValueError, match=r"leave 'batch_size' out of `tune`.*function"):
        fit(["batch_size"], made())


def test_a_second_batch_size_is_refused() -> None:
    with pytest.raises(FatalValueError, match="`batch_size` is searched"):
        fit(["batch_size"], "x", "y", 7)


@pytest.mark.parametrize("name", ["x", "validation_data"])
def test_a_function_needs_a_searched_batch_size(name: str) -> None:
    with pytest.raises(FatalValueError, match=f"`{name}` is a function.*'batch_size' in `tune`"):
        fit(["dropout"], **{name: lambda size: None})


class Quick(RMFNHyperModel):
    """Runs step by step: compiling takes longer than a trial of so small a model."""

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        model = super().build(hp)
        model.run_eagerly = True
        return model


# Of KerasTuner, which loads weights into a model whose optimizer has not been built.
loads_weights = pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")


def of_size(sizes: list[int]) -> Any:
    """A function that makes batches of a size, and writes the size down."""

    def make(batch_size: int) -> tf.data.Dataset:
        sizes.append(batch_size)
        return batches(batch_size=batch_size)

    return make


def check_trials(tuner: keras_tuner.Tuner, least: int) -> list[dict[str, Any]]:
    """The values of the trials, all of which must have ended well."""
    trials = list(tuner.oracle.trials.values())
    assert len(trials) >= least
    assert {each.status for each in trials} == {"COMPLETED"}
    assert all(np.isfinite(each.score) for each in trials)
    return [each.hyperparameters.values for each in trials]


def make(tuner: type, hypermodel: RMFNHyperModel, folder: Path, **arguments: Any) -> Any:
    return tuner(
        hypermodel,
        objective="val_loss",
        seed=1,
        directory=folder,
        project_name="search",
        **arguments,
    )


@pytest.mark.slow
@loads_weights
def test_random_search_of_all_that_is_not_fixed_on_batches(tmp_path: Path) -> None:
    hypermodel = Quick(WIDTHS, highlight_memory_mode="dense", num_stages=2, **SMALL)
    tuner = make(keras_tuner.RandomSearch, hypermodel, tmp_path, max_trials=2)
    data = batches(batch_size=len(LENGTHS))
    tuner.search(data, validation_data=data, epochs=1, shuffle=False, verbose=0)
    expected = {*DROPOUTS, "highlight_input", "highlight_projection", "highlight_scale"}
    for values in check_trials(tuner, 2):
        assert values.keys() == expected | {"fuse_memory_mode", "summarize_layers", "learning_rate"}
    best = tuner.get_best_hyperparameters()[0]
    model = tuner.get_best_models()[0]
    config = model.get_layer("rmfn").cell_config
    for name in ("highlight_input", "highlight_scale", "dropout", "summarize_layers"):
        assert config[name] == best.get(name)
    assert np.isfinite(outputs_of(model)).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The optimal value found for dimension")  # of its regression
def test_bayesian_search_of_what_is_conditional_and_the_batch_size(tmp_path: Path) -> None:
    tune = ["num_stages", "highlight_input", "batch_size"]
    hypermodel = Quick(WIDTHS, tune=tune, **SMALL)
    tuner = make(
        keras_tuner.BayesianOptimization,
        hypermodel,
        tmp_path,
        max_trials=4,
        num_initial_points=2,
    )
    sizes: list[int] = []
    validation_sizes: list[int] = []
    tuner.search(
        of_size(sizes),
        validation_data=of_size(validation_sizes),
        epochs=1,
        shuffle=False,
        verbose=0,
    )
    trials = check_trials(tuner, 4)
    assert sizes == validation_sizes == [each["batch_size"] for each in trials]
    for values in trials:
        assert ("highlight_input" in values) == (values["num_stages"] >= 2)


@pytest.mark.slow
@loads_weights
def test_hyperband_on_arrays(tmp_path: Path) -> None:
    hypermodel = Quick(WIDTHS, tune=["dropout", "batch_size"], num_stages=1, **SMALL)
    tuner = make(
        keras_tuner.Hyperband, hypermodel, tmp_path, max_epochs=2, factor=2, hyperband_iterations=1
    )
    data = random_inputs(), labels_of("regression", 1)
    tuner.search(*data, validation_data=data, shuffle=False, verbose=0)
    epochs = {each["tuner/epochs"] for each in check_trials(tuner, 3)}
    assert epochs == {1, 2}


@pytest.mark.slow
@loads_weights
def test_random_search_of_ef_lstm(tmp_path: Path) -> None:
    tune = ["num_layers", "bidirectional", "dropout", "learning_rate"]
    hypermodel = Quick(
        WIDTHS, model="ef_lstm", task="classification", num_outputs=3, tune=tune, units=4
    )
    tuner = make(keras_tuner.RandomSearch, hypermodel, tmp_path, max_trials=2)
    data = batches("classification", 3, batch_size=len(LENGTHS))
    tuner.search(data, validation_data=data, epochs=1, shuffle=False, verbose=0)
    for values in check_trials(tuner, 2):
        assert values.keys() == set(tune)
    assert outputs_of(tuner.get_best_models()[0]).shape == (len(LENGTHS), 3)


@pytest.mark.slow
def test_a_search_ends_at_once_where_the_data_cannot_be(tmp_path: Path) -> None:
    hypermodel = Quick(WIDTHS, tune=["batch_size"], **SMALL)
    tuner = make(keras_tuner.RandomSearch, hypermodel, tmp_path, max_trials=3)
    with pytest.raises(FatalValueError, match="batched already"):
        tuner.search(batches(), validation_data=batches(), verbose=0)
    assert len(tuner.oracle.trials) == 1
