"""What `create_model` returns: outputs, inputs, scaling, padding, refusals."""

import inspect
from typing import Any

import keras
import numpy as np
import pytest

from rmfn_tf.models import create, create_model, list_models, model_options, register_model
from rmfn_tf.models.create import HEAD_OPTIONS
from rmfn_tf.task import Task
from support.sequences import assert_close
from support.small_models import (
    EVERY,
    LENGTHS,
    NAMES,
    UNITS,
    WIDTHS,
    outputs_of,
    padding,
    random_inputs,
    small_model,
)

TASKS = [("regression", 1), ("regression", 16), ("classification", 3), ("multilabel", 5)]


@pytest.mark.parametrize(("task", "num_outputs"), TASKS)
def test_outputs_are_what_the_task_says(task: str, num_outputs: int) -> None:
    model = small_model("ef_lstm", task=task, num_outputs=num_outputs)
    output = outputs_of(model)
    assert output.shape == (len(LENGTHS), num_outputs)
    assert output.dtype == np.float32
    assert np.isfinite(output).all()
    # A shift of the last bias far from 0 tells a linear head from one that squashes.
    bias = model.get_layer("prediction").bias
    bias.assign(np.linspace(3, 4, num_outputs))
    output = outputs_of(model)
    if task == "regression":
        assert (output > 1).all()
    else:
        assert ((output > 0) & (output < 1)).all()
        total = output.sum(axis=1)
        assert_close(total, np.ones_like(total), 1e-6) if task == "classification" else None
        assert (total > 2).all() == (task == "multilabel")


def test_inputs_are_named_and_open_in_batch_and_time() -> None:
    model = small_model("ef_lstm")
    assert {m: tuple(x.shape) for m, x in model.input.items()} == {
        **{m: (None, None, width) for m, width in WIDTHS.items()},
        "lengths": (None,),
    }
    assert {m: x.dtype for m, x in model.input.items()} == {
        **dict.fromkeys(WIDTHS, "float32"),
        "lengths": "int32",
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_feature_and_every_real_step_reaches_the_output(name: str) -> None:
    model = small_model(name, head_units=0)
    places = [
        (m, c, step) for m, width in WIDTHS.items() for c in range(width) for step in range(4)
    ]
    variants = [random_inputs() for _ in range(1 + len(places))]
    for inputs, (modality, column, step) in zip(variants[1:], places, strict=True):
        inputs[modality][:, step, column] += 0.5
    stacked = {m: np.concatenate([inputs[m] for inputs in variants]) for m in variants[0]}
    before, *after = np.split(outputs_of(model, stacked)[:, 0], len(variants))
    for outputs, (_, _, step) in zip(after, places, strict=True):
        # Not `!=`: a row's rounding may depend on its place in the batch.
        np.testing.assert_array_equal(np.abs(outputs - before) > 1e-6, ~padding()[:, step])


def test_scaling_is_inside_the_model() -> None:
    name = "ef_lstm"
    rng = np.random.default_rng(1)
    scaling: dict[str, dict[str, Any]] = {
        m: {"center": rng.normal(size=width), "scale": rng.uniform(0.2, 3, width), "clip": clip}
        for (m, width), clip in zip(WIDTHS.items(), (0.7, None), strict=True)
    }
    raw, by_hand = random_inputs(), random_inputs()
    for m, values in scaling.items():
        by_hand[m] = (raw[m] - values["center"]) / values["scale"]
        if values["clip"]:
            by_hand[m] = by_hand[m].clip(-values["clip"], values["clip"])
        by_hand[m] = by_hand[m].astype("float32")
    plain = small_model(name)
    expected = outputs_of(plain, by_hand)
    assert_close(outputs_of(small_model(name, scaling=scaling), raw), expected, 1e-6)
    assert np.abs(outputs_of(plain, raw) - expected).max() > 1e-3
    # One left out is not scaled.
    by_hand["visual"] = raw["visual"]
    one = small_model(name, scaling={"language": scaling["language"]})
    assert_close(outputs_of(one, raw), outputs_of(plain, by_hand), 1e-6)


def test_order_of_features_is_the_order_of_the_model() -> None:
    order = list(WIDTHS)
    assert order != sorted(order)
    layer = small_model("rmfn", units=None).get_layer("rmfn")
    assert list(layer.units) == order
    assert list(small_model("rmfn").get_layer("rmfn").units) == order
    early = small_model("ef_lstm").get_layer("early_fusion")
    assert [x.shape[-1] for x in early.input] == list(WIDTHS.values())
    kernel = small_model("ef_lstm").get_layer("lstm_1").cell.kernel
    assert kernel.shape[0] == sum(WIDTHS.values())


def test_wide_modalities_get_more_units_whatever_they_are_called() -> None:
    layer = create_model("rmfn", features={"pose": 128, "language": 127}).get_layer("rmfn")
    assert layer.units == {"pose": 128, "language": 32}


def test_a_task_says_what_comes_out() -> None:
    model = create_model("ef_lstm", features=WIDTHS, task=Task("multilabel", ("a", "b"), ("b",)))
    assert model.output_shape == (None, 1)
    assert isinstance(model.loss, keras.losses.BinaryCrossentropy)


@pytest.mark.parametrize("name", [name for name in EVERY if name != "gme_lstm"])
def test_one_modality_is_enough(name: str) -> None:
    model = create_model(name, features={"language": 4})
    inputs = {m: x for m, x in random_inputs().items() if m != "visual"}
    assert outputs_of(model, inputs).shape == (len(LENGTHS), 1)


def test_head_is_as_asked() -> None:
    names = [layer.name for layer in small_model("ef_lstm", head_units=0).layers]
    assert "head" not in names
    model = small_model("ef_lstm", head_units=7, head_dropout=0.25)
    assert model.get_layer("head").units == 7
    assert model.get_layer("head").activation is keras.activations.relu
    assert model.get_layer("head_dropout").rate == 0.25


def test_ef_lstm_options_reach_its_layers() -> None:
    model = small_model("ef_lstm", units=3, num_layers=2, bidirectional=True, dropout=0.1, seed=5)
    assert outputs_of(model).shape == (len(LENGTHS), 1)
    for index in (1, 2):
        layer = model.get_layer(f"bidirectional_{index}")
        assert layer.forward_layer.units == 3
        assert layer.forward_layer.dropout == 0.1
        assert layer.forward_layer.cell.seed == 5
    assert model.get_layer("bidirectional_2").output.shape[-1] == 6


def test_list_and_options() -> None:
    assert list_models()[: len(NAMES)] == list(NAMES)  # other tests may have registered more
    for name in NAMES:  # No option may hide one of create_model's own arguments.
        assert not set(model_options(name)) & set(inspect.signature(create_model).parameters)


@pytest.mark.parametrize("name", NAMES)
def test_model_options_are_the_defaults(name: str) -> None:
    explicit = create_model(name, features=WIDTHS, compile=False, **model_options(name))
    default = create_model(name, features=WIDTHS, compile=False)
    assert explicit.to_json() == default.to_json()


def test_uncompiled_without_compile() -> None:
    assert not small_model("ef_lstm", compile=False).compiled
    model = small_model("ef_lstm")
    assert model.compiled
    assert model.optimizer.global_clipnorm == 1.0
    assert float(model.optimizer.learning_rate) == pytest.approx(2e-3)


def test_a_network_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "_MODELS", dict(create._MODELS))  # later tests list them

    def mean(inputs: Any, mask: Any, return_sequences: bool, *, power: float = 1.0) -> Any:
        x = keras.layers.Concatenate()(list(inputs.values()))
        return keras.ops.mean(x, axis=1) ** power

    register_model("mean", mean)
    register_model("mean", mean)  # as a notebook's cell that is run again
    assert "mean" in list_models()
    assert model_options("mean") == {"power": 1.0, **HEAD_OPTIONS}
    assert outputs_of(create_model("mean", features=WIDTHS, power=2.0)).shape == (len(LENGTHS), 1)
    with pytest.raises(ValueError, match=r"'powr'\. Did you mean 'power'"):
        create_model("mean", features=WIDTHS, powr=2.0)


def test_networks_that_cannot_be_registered() -> None:
    def bare(inputs: Any, mask: Any, return_sequences: bool, *, power: float) -> Any: ...
    def head(inputs: Any, mask: Any, return_sequences: bool, *, head_units: int = 3) -> Any: ...

    for name, build, expected in (
        ("rmfn", bare, "got 'rmfn'"),
        ("my-net", bare, "got 'my-net'"),
        ("mine", bare, "hyperparameter 'power' of 'mine' must have a default"),
        ("mine", head, "hyperparameter 'head_units'"),
    ):
        with pytest.raises(ValueError, match=expected):
            register_model(name, build)
    assert "mine" not in list_models()


@pytest.mark.slow
def test_every_modality_that_is_taken_can_be_exported(tmp_path: Any) -> None:
    """The names nearest to those that are refused."""
    from rmfn_tf.export import export_model

    names = ("scaling", "h", "c_z", "masks", "lstm", "attentions")
    sizes = {"units": dict.fromkeys(names, 1), "num_stages": 1}
    model = create_model("rmfn", features=dict.fromkeys(names, 2), **sizes)
    assert export_model(model, tmp_path) == tmp_path / "1"


@pytest.mark.parametrize(
    ("name", "arguments", "parts"),
    [
        ("rmnf", {}, ["'rmnf'", "Did you mean 'rmfn'?", "rmfn, ef_lstm"]),
        ("rmfn", {"num_stage": 2}, ["'num_stage'", "'num_stages'", *model_options("rmfn")]),
        ("ef_lstm", {"num_stages": 2}, ["'num_stages'", *model_options("ef_lstm")]),
        ("rmfn", {"task": "ranking"}, ["'ranking'", "regression", "classification", "multilabel"]),
        ("rmfn", {"task": "classification", "num_outputs": 1}, ["num_outputs", "1"]),
        ("ef_lstm", {"num_outputs": 0}, ["num_outputs", "0"]),
        ("rmfn", {"features": {}}, ["features"]),
        ("rmfn", {"features": {"facial features": 2, "mask": 2}}, ["'facial features'", "'mask'"]),
        ("rmfn", {"scaling": {"audio": {}}}, ["audio", "visual", "language"]),
        ("rmfn", {"units": {"language": 2}}, ["visual", "language"]),
        ("rmfn", {"units": {**UNITS, "audio": 2}}, ["audio", "visual", "language"]),
        ("ef_lstm", {"num_layers": 0}, ["num_layers", "0"]),
    ],
)
def test_refusals_name_what_is_valid(
    name: str, arguments: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        create_model(name, **{"features": WIDTHS, **arguments})
    for part in parts:
        assert part in str(error.value)
    with pytest.raises(ValueError, match="rmfn, ef_lstm"):
        model_options("nonesuch")
