"""The config of a run: TOML there and back, and one clear error for what cannot be."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets import list_names
from rmfn_tf.models import model_options
from rmfn_tf.training.config import ConfigError, RunConfig, merge, preset
from support.small_models import EVERY

CONFIGS = st.builds(
    RunConfig,
    data=st.sampled_from(["ict_mmmo/trimodal", "pom/mfn_arrays"]),
    model=st.sampled_from(["rmfn", "ef_lstm"]),
    hyperparameters=st.fixed_dictionaries(
        {},
        optional={
            "seed": st.one_of(st.none(), st.integers(0, 99)),
            "dropout": st.floats(0, 1),
            "head_units": st.integers(0, 99),
        },
    ),
    epochs=st.integers(1, 1000),
    batch_size=st.integers(1, 1000),
    optimizer=st.fixed_dictionaries(
        {"learning_rate": st.floats(1e-9, 1.0)},
        optional={
            "weight_decay": st.one_of(st.none(), st.floats(0.0, 1.0)),
            "name": st.sampled_from(["adam", "sgd"]),
        },
    ),
    scaling=st.sampled_from(["robust", "standard", "none"]),
    seed=st.integers(0, 2**32 - 1),
    folds=st.one_of(st.just(0), st.integers(2, 20)),
    choose_epochs=st.booleans(),
    class_weight=st.one_of(st.none(), st.just("balanced"), st.lists(st.floats(0.1, 9))),
    jit=st.booleans(),
    labels=st.lists(st.sampled_from(["happy", "sad", "angry"]), unique=True),
)


@settings(max_examples=50)
@given(config=CONFIGS)
def test_toml_round_trip(tmp_path_factory, config):
    path = tmp_path_factory.mktemp("config") / "config.toml"
    config.write(path)
    assert RunConfig.read(path) == config


def test_a_complete_config_names_every_value_that_is_used(tmp_path):
    config = RunConfig(
        data="a/b",
        hyperparameters={"highlight_scale": "none", "seed": "None"},
        optimizer={"name": "sgd", "global_clipnorm": None},
    ).complete({"language": 300, "visual": 35})
    path = tmp_path / "config.toml"
    config.write(path)
    assert RunConfig.read(path) == config
    hyperparameters = config.hyperparameters
    assert set(hyperparameters) == set(model_options("rmfn"))
    assert hyperparameters["units"] == {"language": 128, "visual": 32}
    assert hyperparameters["highlight_scale"] == "none"  # the word
    assert hyperparameters["seed"] is None
    assert config.optimizer["global_clipnorm"] is None
    assert (config.optimizer["momentum"], config.optimizer["learning_rate"]) == (0.0, 2e-3)
    text = path.read_text()
    assert "scaling" in text
    assert 'seed = "None"' in text
    assert config.complete({"language": 300, "visual": 35}) == config


def test_a_changed_config_is_checked_like_any_other():
    config = RunConfig(data="a/b", hyperparameters={"num_stages": 2})
    changed = config.replace(seed=3)
    assert (changed.seed, changed.hyperparameters, config.seed) == (3, {"num_stages": 2}, 0)
    with pytest.raises(ConfigError, match="epochs must be"):
        config.replace(epochs=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"data = ", "not valid TOML"),
        (b"\xff\xfe\x00", "not valid TOML"),
        (None, r"config\.toml: there is no such file"),
    ],
)
def test_a_bad_file(tmp_path, content, message):
    if content is not None:
        (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        RunConfig.read(tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("batch_size", 0),
        ("batch_size", "32"),
        ("seed", -1),
        ("folds", -1),
        ("folds", 1),
        ("patience", -1),
        ("choose_epochs", 1),
        ("model", 3),
        ("optimizer", "adam"),
        ("hyperparameters", 3),
        ("scaling", "robus"),
        ("class_weight", "even"),
        ("class_weight", [1, 0]),
        ("precision", "float8"),
        ("imports", ["nowhere.to_be_found"]),
    ],
)
def test_bad_values(name, value):
    with pytest.raises(ValueError, match=name):
        RunConfig(**{"data": "a/b", name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "fast"),
        ("learning_rate", True),
        ("global_clipnorm", 0.0),
        ("weight_decay", -0.1),
        ("weight_decay", "none"),
    ],
)
def test_bad_numbers_of_the_optimizer(name, value):
    with pytest.raises(ValueError, match=rf"optimizer\.{name}"):
        RunConfig(data="a/b", optimizer={name: value})


def test_an_optimizer_that_is_given_in_part_keeps_the_other_defaults():
    config = RunConfig(data="a/b", optimizer={"learning_rate": 0.5})
    assert config.optimizer == {"name": "adam", "learning_rate": 0.5, "global_clipnorm": 1.0}


def test_patience_over_folds_needs_a_validation_split():
    with pytest.raises(ValueError, match="choose_epochs"):
        RunConfig(data="a/b", folds=3, patience=2)
    RunConfig(data="a/b", folds=3, patience=2, choose_epochs=True)


def test_all_mistakes_of_a_file_at_once(tmp_path):
    (tmp_path / "c.toml").write_text(
        'epoch = 3\nseed = -1\nbatch_size = "x"\nmodel = "rmf"\n'
        "[hyperparameters]\nunit = 3\nnum_stages = 2\n"
        "[optimizer]\nlearning_rat = 1.0\nweight_decay = -1.0\n"
    )
    with pytest.raises(ConfigError, match=r"c\.toml: 8 mistakes") as error:
        RunConfig.read(tmp_path / "c.toml")
    for mistake, part in zip(
        sorted(error.value.mistakes),
        (
            "batch_size must be",
            "optimizer.weight_decay must be",
            "seed must be",
            "the key 'data' is missing",
            "unknown argument of model rmf 'unit'. Did you mean 'units'?",
            "unknown argument of optimizer adam 'learning_rat'",
            "unknown key 'epoch'. Did you mean 'epochs'?",
            "unknown model 'rmf'. Did you mean 'rmfn'?",
        ),
        strict=True,
    ):
        assert mistake.startswith(part)


def test_a_module_of_the_user_registers_the_model_first(tmp_path, monkeypatch):
    (tmp_path / "mine_of_test_config.py").write_text(
        "import rmfn_tf\n\n"
        "def build(inputs, mask, return_sequences, *, width=3):\n    ...\n\n"
        "rmfn_tf.register_model('mine_of_test_config', build)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    name = "mine_of_test_config"
    config = RunConfig(data="a/b", model=name, imports=[name])
    assert config.complete({"language": 3}).hyperparameters["width"] == 3
    with pytest.raises(ConfigError, match="width must be a valid integer"):
        config.replace(hyperparameters={"width": "wide"})


@pytest.mark.parametrize("data", list_names())
def test_every_data_set_has_a_preset_that_every_model_takes(data):
    for model in EVERY:
        settings = preset(data, model)
        assert settings, model
        RunConfig(data=data, model=model, **settings)


def test_an_error_comes_out_of_a_worker_process_whole():
    error = ConfigError(["first.", "second."], "c.toml")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.mistakes) == (str(error), ["first.", "second."])


def test_changes_to_a_preset_are_made_entry_by_entry():
    given = {"epochs": 3, "optimizer": {"name": "sgd", "learning_rate": 1.0}}
    merged = merge(given, {"optimizer": {"learning_rate": 2.0}, "seed": 1})
    assert merged == {"epochs": 3, "optimizer": {"name": "sgd", "learning_rate": 2.0}, "seed": 1}
    assert given["optimizer"]["learning_rate"] == 1.0


def test_no_preset():
    assert preset("unheard/of", "rmfn") == {}
