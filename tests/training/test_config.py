"""The config of a run: TOML there and back, and one clear error for what cannot be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.presets import _PRESETS, preset

CONFIGS = st.builds(
    RunConfig,
    data=st.sampled_from(["ict_mmmo/trimodal", "pom/mfn_arrays"]),
    model=st.sampled_from(["rmfn", "ef_lstm"]),
    hyperparameters=st.dictionaries(
        st.sampled_from(["units", "dropout", "highlight", "fusion_mode"]),
        st.one_of(
            st.integers(0, 99),
            st.floats(0, 1),
            st.booleans(),
            st.text(max_size=9),
            st.dictionaries(st.sampled_from(["language", "acoustic"]), st.integers(1, 9)),
        ),
    ),
    epochs=st.integers(1, 1000),
    batch_size=st.integers(1, 1000),
    learning_rate=st.floats(1e-9, 1.0),
    weight_decay=st.floats(0.0, 1.0),
    clipnorm=st.floats(1e-3, 1e3),
    scaling=st.sampled_from(["robust", "standard", "none"]),
    seed=st.integers(0, 2**32 - 1),
    folds=st.one_of(st.just(0), st.integers(2, 20)),
    choose_epochs=st.booleans(),
)


@settings(deadline=None, max_examples=50)
@given(config=CONFIGS)
def test_toml_round_trip(tmp_path_factory, config):
    path = tmp_path_factory.mktemp("config") / "config.toml"
    config.write(path)
    assert RunConfig.read(path) == config


def test_none_is_left_out(tmp_path):
    config = RunConfig("a/b", hyperparameters={"units": 3, "inner": {"x": None, "y": 1}, "z": None})
    config.write(tmp_path / "c.toml")
    read = RunConfig.read(tmp_path / "c.toml")
    assert read.hyperparameters == {"units": 3, "inner": {"y": 1}}


def test_an_unknown_key_suggests_the_nearest(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('data = "a/b"\nlearning_rat = 0.1\n')
    with pytest.raises(ValueError, match=r"unknown key 'learning_rat'.*'learning_rate'"):
        RunConfig.read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = 3", "'data' is missing"),
        ("data = ", "not valid TOML"),
        ('data = "a/b"\nepochs = 0', "epochs must be"),
    ],
)
def test_a_bad_file(tmp_path, text, message):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        RunConfig.read(tmp_path / "config.toml")


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not valid TOML"):
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
        ("learning_rate", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "fast"),
        ("clipnorm", 0.0),
        ("weight_decay", -0.1),
        ("weight_decay", "none"),
        ("hyperparameters", 3),
    ],
)
def test_bad_values(name, value):
    with pytest.raises(ValueError, match=name):
        RunConfig(**{"data": "a/b", name: value})


@pytest.mark.parametrize(("data", "model"), list(_PRESETS))
def test_presets_are_configs_the_models_take(data, model):
    from rmfn_tf.models.registry import check_options

    config = RunConfig(data=data, model=model, **preset(f"{data}/any", model))
    check_options(model, config.hyperparameters)


def test_no_preset():
    assert preset("unheard/of", "rmfn") == {}
