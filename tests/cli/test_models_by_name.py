"""Non-temporal models and ablations of RMFN, wherever a command takes the name of a model."""

import json

import pytest

from rmfn_tf.cli.configs import make_config
from rmfn_tf.models.without_keras import WITHOUT_KERAS
from rmfn_tf.training.config import ConfigError, RunConfig, preset
from support.small_models import EVERY

DATA = "ict_mmmo/mfn_arrays"
# What each ablation sets.
ABLATIONS = {f"rmfn_k{k}": {"num_stages": k} for k in range(1, 7)}
ABLATIONS |= {"rmfn_no_highlight": {"highlight": False}, "rmfn_no_feedback": {"feedback": False}}


@pytest.mark.parametrize("name", ABLATIONS)
@pytest.mark.parametrize("data", [DATA, "synthetic/sarcasm"])
def test_an_ablation_is_the_preset_with_one_change(name, data) -> None:
    config, whole = (make_config({"data": data, "model": each}) for each in (name, "rmfn"))
    assert config.model == "rmfn"
    assert RunConfig(data=data, model=name).hyperparameters == ABLATIONS[name]
    changed = {**whole.hyperparameters, **ABLATIONS[name]}
    assert config == whole.replace(hyperparameters=changed)
    assert preset(data, "rmfn")["hyperparameters"] == whole.hyperparameters


def test_what_is_set_comes_after_an_ablation_and_a_file_before_it(tmp_path) -> None:
    given = {"data": DATA, "model": "rmfn_k1", "hyperparameters": {"num_stages": 2, "dropout": 0.7}}
    hyperparameters = make_config(given).hyperparameters
    assert (hyperparameters["num_stages"], hyperparameters["dropout"]) == (2, 0.7)
    file = tmp_path / "config.toml"
    file.write_text(f'data = "{DATA}"\nmodel = "rmfn"\nhyperparameters = {{ num_stages = 5 }}\n')
    assert make_config({"model": "rmfn_k1"}, file).hyperparameters == {"num_stages": 1}
    file.write_text(f'data = "{DATA}"\nmodel = "rmfn_no_feedback"\nseed = 3\n')
    config = make_config({}, file)
    assert (config.model, config.hyperparameters, config.seed) == ("rmfn", {"feedback": False}, 3)


def test_a_misspelled_ablation() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown model 'rmfn_no_feedbak'. Did you mean 'rmfn_no_"
    ):
        make_config({"data": DATA, "model": "rmfn_no_feedbak"})


@pytest.mark.parametrize("command", ["train", "compare"])
def test_the_help_names_them(rmfn, command) -> None:
    said = rmfn(command, "--help").out
    for name in (
        *EVERY,
        *WITHOUT_KERAS,
        "rmfn_k1",
        "rmfn_k6",
        "rmfn_no_highlight",
        "rmfn_no_feedback",
    ):
        assert name in said


def test_a_run_by_commands(rmfn, tmp_path, manual_dir) -> None:
    run, files = tmp_path / "run", ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    options = ("--model", "svm", "--set", "kernel=linear", "--out", run, "--json")
    trained = rmfn("train", DATA, *files, *options)
    assert (trained.code, trained.err) == (0, "")
    assert 'kernel = "linear"' in (run / "config.toml").read_text()
    judged = rmfn("evaluate", run, "--split", "test", "--json")
    assert list(json.loads(judged.out)["metrics"]) == ["svm", "constant", "ridge"]
    assert rmfn("train", "--resume", run, "--json").out == trained.out
    (listed,) = json.loads(rmfn("runs", tmp_path, "--json").out)
    assert (listed["model"], listed["state"]) == ("svm", "finished")

    tuning = ("tune", DATA, *files, "--model", "svm", "--out", tmp_path / "tuned")
    for refused, why in (
        (("export", run, "--to", tmp_path / "served"), "'svm' is no model of Keras"),
        (("predict", run, "--data", DATA, *files), "'svm' is no model of Keras"),
        ((*tuning, "--tuner", "random"), "'svm' is no model of Keras"),
        (tuning, "Only rmfn has stages"),
    ):
        done = rmfn(*refused)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert why in done.err
