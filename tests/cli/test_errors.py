"""A user's mistake is one line on stderr and exit code 1."""

import pytest

import rmfn_tf


@pytest.fixture
def fails(rmfn):
    """Runs a command that must fail; gives its one line."""

    def run(*arguments) -> str:
        result = rmfn(*arguments)
        assert result.code == 1
        assert result.out == ""
        assert result.err.startswith("rmfn: ")
        assert result.err.count("\n") == 1
        assert result.err.endswith("\n")
        return result.err

    return run


def test_an_unknown_data_set(fails, tmp_path):
    line = fails("data", "build", "pomm", "--data-dir", tmp_path)
    assert "Unknown data set 'pomm'" in line
    assert "Did you mean 'pom" in line


def test_no_source_files(fails, tmp_path):
    folder = tmp_path / "nowhere"
    line = fails("data", "build", "pom", "--manual-dir", folder, "--data-dir", tmp_path / "d")
    assert "nowhere" in line


def test_no_folder_named(fails, tmp_path):
    line = fails("train", "pom", "--out", tmp_path / "run", "--data-dir", tmp_path / "d")
    assert "manual" in line
    assert not (tmp_path / "run").exists()


def test_an_existing_run_folder(fails, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").touch()
    line = fails("train", "synthetic/sarcasm", "--out", tmp_path / "run", "--data-dir", tmp_path)
    assert "exists already" in line
    assert list(tmp_path.iterdir()) == [tmp_path / "run"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--set", "unit=3"], "unknown argument of model rmfn 'unit'. Did you mean 'units'?"),
        (["--set", "optimizer.learnin_rate=3"], "Did you mean 'learning_rate'?"),
        (["--set", "num_stages=two"], "hyperparameters.num_stages must be a valid integer"),
        (["--set", "units"], "--set takes name=value"),
        (["--set", "=3"], "--set takes name=value"),
        (["--model", "rmf"], "Did you mean 'rmfn'?"),
        (["--epochs", "0"], "epochs must be"),
        (["--folds", "1"], "folds must be"),
        (["--learning-rate", "nan"], "learning_rate must be"),
        (["--config", "nowhere.toml"], "nowhere.toml: there is no such file"),
        (["--precision", "float8"], "unknown precision 'float8'"),
        (["--import", "nowhere.at_all"], "'nowhere.at_all' cannot be imported"),
    ],
)
def test_settings_are_checked_before_data_are_built(fails, tmp_path, arguments, expected):
    out, data = tmp_path / "run", tmp_path / "data"
    line = fails("train", "synthetic/sarcasm", "--out", out, "--data-dir", data, *arguments)
    assert expected in line
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_of_a_command_at_once(rmfn, tmp_path):
    wrong = ("--model", "rmf", "--set", "unit=3", "--epochs", "0", "--set", "optimizer.name=adm")
    done = rmfn("train", "synthetic/sarcams", "--out", tmp_path / "run", *wrong)
    assert done.code == 1
    assert done.err.startswith("rmfn: 5 mistakes:\n")
    for name in ("synthetic/sarcasm", "rmfn", "units", "adam"):
        assert f"Did you mean {name!r}?" in done.err
    assert "epochs must be greater than 0" in done.err


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("compare", "--seeds"),
        ("reproduce", "--workers"),
        ("tune", "--trials"),
        ("export", "--keep"),
    ],
)
def test_counts_below_one(rmfn, tmp_path, verb, option):
    done = rmfn(verb, "pom", "--to" if verb == "export" else "--out", tmp_path / "out", option, "0")
    assert done.code == 2
    assert f"Invalid value for '{option}'" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["evaluate", "export"])
def test_no_run_folder(fails, tmp_path, verb):
    to = ["--to", tmp_path / "served"] if verb == "export" else []
    assert "There is no run folder" in fails(verb, tmp_path / "run", *to)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read(fails, monkeypatch):
    def read(*arguments, **keywords):
        open("nowhere.json", encoding="utf-8")  # noqa: SIM115

    monkeypatch.setattr("rmfn_tf.datasets.build", read)
    line = fails("data", "build", "synthetic")
    assert line == "rmfn: nowhere.json: No such file or directory.\n"


def test_the_version(rmfn):
    assert rmfn("--version").out == f"rmfn-tf {rmfn_tf.__version__}\n"


def test_an_interrupt(rmfn, tmp_path, monkeypatch):
    def interrupt(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("rmfn_tf.datasets.build", interrupt)
    result = rmfn("data", "build", "pom", "--data-dir", tmp_path)
    assert result.code == 130
    assert "Traceback" not in result.err
