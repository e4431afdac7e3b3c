"""Every model has a space; what is drawn lies in its range and is what the model takes."""

import keras_tuner
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.models import create, list_models, model_options
from rmfn_tf.tuning.spaces import SearchSpace

WIDTHS = {"visual": 35, "language": 300, "acoustic": 74}
TRAINING = {"learning_rate", "batch_size"}
UNITS = {f"{modality}_units" for modality in WIDTHS}
NAMES = {
    "rmfn": {
        *UNITS,
        *TRAINING,
        *("num_stages", "fusion_units", "summary_units", "dropout", "summarize_dropout"),
        *("head_dropout", "head_units"),
        *("highlight_memory_mode", "highlight_input", "highlight_projection", "highlight_scale"),
        *("fuse_memory_mode", "summarize_layers"),
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


def registered(space, **values):
    """What KerasTuner knows of a space, with some values chosen."""
    parameters = keras_tuner.HyperParameters()
    space.draw(parameters)
    parameters.values.update(values)
    parameters.ensure_active_values()
    return parameters


def names_in(model):
    """What is searched of a model: stated above, or any hyperparameters of its own."""
    if model in NAMES:
        return NAMES[model]
    names = set(SearchSpace(model, WIDTHS).names)
    assert names >= TRAINING
    own = {name for name in names - TRAINING if name not in UNITS} | (
        {"units"} if names & UNITS else set()
    )
    assert own <= model_options(model).keys()
    assert len(own - {"head_units", "head_dropout"}) >= 2
    return names


def names_of(parameters):
    return {each.name for each in parameters.space}


def flat(drawn):
    """The drawn values by the names of their parameters."""
    values = dict(drawn)
    values |= values.pop("hyperparameters") | values.pop("optimizer")
    if isinstance(values.get("units"), dict):
        values.update({f"{m}_units": n for m, n in values.pop("units").items()})
    return values


@pytest.mark.parametrize("model", list_models())
def test_every_model_has_a_space_of_its_own_hyperparameters(model):
    space = SearchSpace(model, WIDTHS)
    assert set(space.names) == names_in(model)
    assert names_of(registered(space)) == names_in(model)
    drawn = space.draw(keras_tuner.HyperParameters())
    assert drawn["hyperparameters"].keys() <= model_options(model).keys()


@pytest.mark.parametrize("model", list_models())
@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_every_drawn_value_is_in_its_range_of_its_kind_and_reaches_a_worker(model, seed):
    space = SearchSpace(model, WIDTHS)
    parameters = registered(space)
    for index, each in enumerate(parameters.space):  # parents before what depends on them
        parameters.values.pop(each.name, None)
        if parameters.is_active(each):
            parameters.values[each.name] = each.random_sample(1000 * seed + index)
    values, defaults = flat(space.draw(parameters)), model_options(model)
    assert values == parameters.values  # only what is active counts
    for name, value in values.items():
        if name in RANGES:
            fields = name == "learning_rate" and "num_states" in defaults
            low, high = (1e-3, 1e-1) if fields else RANGES[name]
            assert low <= value <= high
        if defaults.get(name) is not None:
            assert type(value) is type(defaults[name])

    received = keras_tuner.HyperParameters.from_proto(parameters.to_proto())
    again = flat(space.draw(received))
    assert again == values
    assert [*map(type, again.values())] == [*map(type, values.values())]
    assert len(received.space) == len(parameters.space)  # found again, not registered twice


@pytest.mark.parametrize(
    "name", ["num_stages", "learning_rate", "dropout", *sorted(UNITS), "batch_size"]
)
def test_both_ends_of_a_range_are_in_reach(name):
    (parameter,) = registered(SearchSpace("rmfn", WIDTHS, [name])).space
    ends = parameter.prob_to_value(0.0), parameter.prob_to_value(1 - 1e-12)
    assert ends == pytest.approx(RANGES[name])


def test_learning_rates_are_drawn_on_a_logarithmic_scale():
    for model, middle in {"ef_lstm": (5e-4 * 1e-2) ** 0.5, "mv_hcrf": 1e-2}.items():
        (rate,) = registered(SearchSpace(model, WIDTHS, ["learning_rate"])).space
        assert rate.prob_to_value(0.5) == pytest.approx(middle)


@pytest.mark.parametrize("model", NAMES)
@given(data=st.data())
def test_only_what_is_named_is_searched(model, data):
    known = sorted(names_in(model) - {"highlight_input", "highlight_memory_mode"})
    tune = data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
    space = SearchSpace(model, WIDTHS, tune)
    assert space.names == tuple(x for x in SearchSpace(model, WIDTHS).names if x in tune)
    parameters = registered(space)
    assert names_of(parameters) == set(tune)
    drawn = space.draw(parameters)
    assert flat(drawn).keys() & TRAINING == TRAINING & set(tune)
    if not UNITS & set(tune):
        assert flat(drawn).keys() == set(tune)


def test_units_stands_for_those_of_every_modality():
    assert set(SearchSpace("rmfn", WIDTHS, ["units", "num_stages"]).names) == {*UNITS, "num_stages"}
    assert SearchSpace("ef_lstm", WIDTHS, ["units"]).names == ("units",)


@pytest.mark.parametrize(
    ("fixed", "others"),
    [
        ({}, {"visual": 32, "language": 128}),
        ({"units": {"visual": 3, "language": 5, "acoustic": 7}}, {"visual": 3, "language": 5}),
        ({"units": {"visual": 3}}, {"visual": 3, "language": 128}),
    ],
)
def test_units_that_are_not_searched_are_as_given_or_the_default(fixed, others):
    space = SearchSpace("rmfn", WIDTHS, ["acoustic_units"], fixed)
    units = space.draw(registered(space, acoustic_units=48))["hyperparameters"]["units"]
    assert units == {**others, "acoustic": 48}
    assert list(units) == list(WIDTHS)  # the order is that of the model's inputs


@pytest.mark.parametrize(
    ("values", "there"),
    [
        ({"num_stages": 1, "highlight_input": "highlighted"}, set()),
        ({"num_stages": 2, "highlight_input": "attention"}, {"highlight_input"}),
        (
            {"num_stages": 2, "highlight_input": "highlighted"},
            {"highlight_input", "highlight_memory_mode"},
        ),
    ],
)
@pytest.mark.parametrize(
    "searched", [(), ("num_stages",), ("highlight_input",), ("num_stages", "highlight_input")]
)
def test_what_has_no_effect_is_not_searched(values, there, searched):
    """Whether what it depends on is fixed or searched."""
    tune = ["dropout", "highlight_memory_mode", *searched]
    fixed = {name: value for name, value in values.items() if name not in searched}
    space = SearchSpace("rmfn", WIDTHS, tune, fixed)
    parameters = registered(space, **{name: values[name] for name in searched})
    drawn = space.draw(parameters)["hyperparameters"]
    without_effect = {"highlight_input", "highlight_memory_mode"} - there
    assert drawn.keys() == set(tune) - without_effect
    assert {x for x in names_of(parameters) if parameters.is_active(x)} == drawn.keys()


def test_without_a_highlight_nothing_of_it_is_searched():
    space = SearchSpace("rmfn", WIDTHS, fixed={"highlight": False})
    without = {name for name in space.names if not name.startswith("highlight_")}
    parameters = registered(space)
    assert names_of(parameters) == flat(space.draw(parameters)).keys() == without


def test_the_width_of_a_modality_decides_its_range_whatever_it_is_called():
    space = SearchSpace("rmfn", {"language": 100, "pose": 200}, ["units"])
    ends = {each.name: (each.values[0], each.values[-1]) for each in registered(space).space}
    assert ends == {"language_units": (8, 80), "pose_units": (32, 256)}


def test_a_registered_model_is_searched_in_what_is_known_by_name(monkeypatch):
    def build(inputs, mask, return_sequences, *, units=8, dropout=0.0, kinds="ab"):
        pass

    monkeypatch.setattr(create, "_MODELS", {**create._MODELS, "mine": build})
    names = {"units", "dropout", "head_units", "head_dropout", *TRAINING}
    assert set(SearchSpace("mine", WIDTHS).names) == names


@pytest.mark.parametrize(
    ("model", "tune", "complaint"),
    [
        ("gru", None, "'gru'"),
        ("rmfn", ["dropout", "num_stage"], "'num_stage'.*'num_stages'.*Known: units, visual_units"),
        ("rmfn", ["acoustics_units"], "'acoustics_units'.*'acoustic_units'"),
        ("ef_lstm", ["num_layer"], "'num_layer'.*'num_layers'"),
        ("rmfn", [], "`tune`"),
        ("rmfn", "num_stages", "`tune`"),
    ],
)
def test_mistakes(model, tune, complaint):
    with pytest.raises(ValueError, match=complaint):
        SearchSpace(model, WIDTHS, tune)
