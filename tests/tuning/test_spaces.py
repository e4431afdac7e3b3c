"""Every model has a space; what is drawn lies in its range and is what the model takes."""

from collections.abc import Collection, Mapping
from typing import Any

import keras_tuner
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmfn_tf.models import create, list_models, model_options
from rmfn_tf.tuning.spaces import check_tune, draw_settings, searchable

WIDTHS = {"visual": 35, "language": 300, "acoustic": 74}
MODALITIES = list(WIDTHS)
TRAINING = {"learning_rate", "batch_size"}
UNITS = {f"{modality}_units" for modality in MODALITIES}
DAGGERS = {
    *("highlight_memory_mode", "highlight_input", "highlight_projection", "highlight_scale"),
    *("fuse_memory_mode", "summarize_layers"),
}
NAMES = {
    "rmfn": {
        *UNITS,
        *DAGGERS,
        *TRAINING,
        *("num_stages", "fusion_units", "summary_units", "dropout", "summarize_dropout"),
        *("head_dropout", "head_units"),
    },
    "ef_lstm": {
        *("units", "num_layers", "bidirectional", "dropout", "head_dropout", "head_units"),
        *TRAINING,
    },
}
# What the papers searched.
RANGES = {
    "num_stages": (1, 6),
    "language_units": (32, 256),
    "acoustic_units": (8, 80),
    "visual_units": (8, 80),
    "fusion_units": (32, 256),
    "summary_units": (32, 256),
    "dropout": (0.0, 0.7),
    "summarize_dropout": (0.0, 0.7),
    "head_dropout": (0.0, 0.7),
    "learning_rate": (5e-4, 1e-2),
    "batch_size": (16, 128),
}


def registered(
    model: str, names: Collection[str], fixed: Mapping[str, Any] | None = None
) -> keras_tuner.HyperParameters:
    parameters = keras_tuner.HyperParameters()
    draw_settings(parameters, model, WIDTHS, names, fixed or {})
    return parameters


def draw(
    parameters: keras_tuner.HyperParameters, model: str, names: Collection[str], **fixed: Any
) -> dict[str, Any]:
    return draw_settings(parameters, model, WIDTHS, names, fixed)


def randomise(parameters: keras_tuner.HyperParameters, seed: int) -> None:
    """Gives every active parameter a random value, parents before what depends on them."""
    for index, each in enumerate(parameters.space):
        parameters.values.pop(each.name, None)
        if parameters.is_active(each):
            parameters.values[each.name] = each.random_sample(1000 * seed + index)


def flat(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """The drawn values by the names of their parameters."""
    values = {**drawn["hyperparameters"], **{k: drawn[k] for k in TRAINING if k in drawn}}
    if isinstance(values.get("units"), dict):
        values.update({f"{m}_units": n for m, n in values.pop("units").items()})
    return values


@pytest.mark.parametrize("model", list_models())
def test_every_model_has_a_space_of_its_own_hyperparameters(model: str) -> None:
    names = searchable(model, WIDTHS)
    assert len(names) == len(set(names))
    assert names[-2:] == ("learning_rate", "batch_size")
    parameters = registered(model, names)
    assert {each.name for each in parameters.space} == set(names)
    assert draw(parameters, model, names)["hyperparameters"].keys() <= model_options(model).keys()


@pytest.mark.parametrize("model", NAMES)
def test_what_can_be_searched(model: str) -> None:
    assert set(searchable(model, WIDTHS)) == NAMES[model]
    assert check_tune(model, WIDTHS, None) == searchable(model, WIDTHS)


@pytest.mark.parametrize("model", list_models())
@given(seed=st.integers(0, 10_000))
def test_every_drawn_value_is_in_its_range_and_of_its_kind(model: str, seed: int) -> None:
    names = searchable(model, WIDTHS)
    parameters = registered(model, names)
    randomise(parameters, seed)
    values = flat(draw(parameters, model, names))
    assert values.keys() == parameters.values.keys()  # only what is active counts
    defaults = model_options(model)
    for name, value in values.items():
        assert value == parameters.values[name]
        if name in RANGES:
            low, high = RANGES[name]
            assert low <= value <= high
        if name in defaults and defaults[name] is not None:
            assert type(value) is type(defaults[name])


@pytest.mark.parametrize(
    "name", ["num_stages", "learning_rate", "dropout", *sorted(UNITS), "batch_size"]
)
def test_both_ends_of_a_range_are_in_reach(name: str) -> None:
    (parameter,) = registered("rmfn", [name]).space
    ends = parameter.prob_to_value(0.0), parameter.prob_to_value(1 - 1e-12)
    assert ends == pytest.approx(RANGES[name])


def test_learning_rates_are_drawn_on_a_logarithmic_scale() -> None:
    (rate,) = registered("ef_lstm", ["learning_rate"]).space
    assert rate.prob_to_value(0.5) == pytest.approx((5e-4 * 1e-2) ** 0.5)


@pytest.mark.parametrize("model", list_models())
@given(data=st.data())
def test_only_what_is_named_is_searched(model: str, data: st.DataObject) -> None:
    known = sorted(NAMES[model] - {"highlight_input", "highlight_memory_mode"})
    tune = data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
    names = check_tune(model, WIDTHS, tune)
    assert set(names) == set(tune)
    assert list(names) == [name for name in searchable(model, WIDTHS) if name in tune]
    parameters = registered(model, names)
    assert {each.name for each in parameters.space} == set(tune)
    drawn = draw(parameters, model, names)
    assert drawn.keys() - {"hyperparameters"} == TRAINING & set(tune)
    if not UNITS & set(tune):
        assert flat(drawn).keys() == set(tune)


def test_units_stands_for_those_of_every_modality() -> None:
    names = check_tune("rmfn", WIDTHS, ["units", "num_stages"])
    assert set(names) == {*UNITS, "num_stages"}
    assert check_tune("ef_lstm", WIDTHS, ["units"]) == ("units",)


@pytest.mark.parametrize(
    ("fixed", "others"),
    [
        ({}, {"visual": 32, "language": 128}),
        ({"units": {"visual": 3, "language": 5, "acoustic": 7}}, {"visual": 3, "language": 5}),
        ({"units": {"visual": 3}}, {"visual": 3, "language": 128}),
    ],
)
def test_units_that_are_not_searched_are_as_given_or_the_default(
    fixed: dict[str, Any], others: dict[str, int]
) -> None:
    parameters = registered("rmfn", ["acoustic_units"], fixed)
    parameters.values["acoustic_units"] = 48
    units = draw(parameters, "rmfn", ["acoustic_units"], **fixed)["hyperparameters"]["units"]
    assert units == {**others, "acoustic": 48}
    assert list(units) == MODALITIES  # the order is that of the model's inputs


@pytest.mark.parametrize("stages", range(1, 7))
def test_the_input_of_later_stages_exists_from_two_stages_on(stages: int) -> None:
    names = ["num_stages", "highlight_input"]
    parameters = registered("rmfn", names)
    parameters.values["num_stages"] = stages
    parameters.ensure_active_values()
    drawn = draw(parameters, "rmfn", names)["hyperparameters"]
    assert ("highlight_input" in drawn) == (stages >= 2)
    assert parameters.is_active("highlight_input") == (stages >= 2)


@pytest.mark.parametrize(("stages", "there"), [(1, False), (2, True), (None, True)])
def test_the_input_of_later_stages_where_stages_are_fixed(stages: int | None, there: bool) -> None:
    fixed = {} if stages is None else {"num_stages": stages}
    names = ["highlight_input", "dropout"]
    parameters = registered("rmfn", names, fixed)
    assert {each.name for each in parameters.space} == set(names if there else ["dropout"])
    assert all(not each.conditions for each in parameters.space)
    drawn = draw(parameters, "rmfn", names, **fixed)["hyperparameters"]
    assert ("highlight_input" in drawn) == there


def test_without_a_highlight_nothing_of_it_is_searched() -> None:
    names = searchable("rmfn", WIDTHS)
    parameters = registered("rmfn", names, {"highlight": False})
    without = {name for name in names if not name.startswith("highlight_")}
    assert {each.name for each in parameters.space} == without
    assert flat(draw(parameters, "rmfn", names, highlight=False)).keys() == without


@pytest.mark.parametrize("model", list_models())
@given(seed=st.integers(0, 10_000))
def test_what_a_worker_receives_gives_the_same_settings(model: str, seed: int) -> None:
    names = searchable(model, WIDTHS)
    parameters = registered(model, names)
    randomise(parameters, seed)
    drawn = draw(parameters, model, names)
    received = keras_tuner.HyperParameters.from_proto(parameters.to_proto())
    again = draw(received, model, names)
    assert again == drawn
    assert len(received.space) == len(parameters.space)  # found again, not registered twice
    kinds = {name: type(value) for name, value in flat(drawn).items()}
    assert {name: type(value) for name, value in flat(again).items()} == kinds


def test_the_width_of_a_modality_decides_its_range_whatever_it_is_called() -> None:
    parameters = keras_tuner.HyperParameters()
    widths = {"language": 100, "pose": 200}
    draw_settings(parameters, "rmfn", widths, ["language_units", "pose_units"], {})
    ends = {each.name: (each.values[0], each.values[-1]) for each in parameters.space}
    assert ends == {"language_units": (8, 80), "pose_units": (32, 256)}


def test_a_registered_model_is_searched_in_what_all_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "_MODELS", dict(create._MODELS))
    create.register_model("mine", lambda inputs, mask, return_sequences: None)
    assert set(searchable("mine", WIDTHS)) == {"head_units", "head_dropout", *TRAINING}


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="'gru'"):
        searchable("gru", WIDTHS)
    with pytest.raises(ValueError, match="'gru'"):
        check_tune("gru", WIDTHS, ["units"])


@pytest.mark.parametrize(
    ("model", "name", "nearest"),
    [
        ("rmfn", "num_stage", "num_stages"),
        ("rmfn", "acoustics_units", "acoustic_units"),
        ("ef_lstm", "num_layer", "num_layers"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(model: str, name: str, nearest: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}'.*'{nearest}'") as refused:
        check_tune(model, WIDTHS, ["dropout", name])
    assert all(known in str(refused.value) for known in searchable(model, WIDTHS))


@pytest.mark.parametrize("tune", [[], (), "num_stages"])
def test_nothing_or_no_list_is_refused(tune: Any) -> None:
    with pytest.raises(ValueError, match="`tune`"):
        check_tune("rmfn", WIDTHS, tune)
