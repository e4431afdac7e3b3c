"""`rmfn compare` trains what is missing, opens the test split at its end, and adds up right."""

import json

import numpy as np
import pytest

from rmfn_tf.cli.export import run_facts
from rmfn_tf.export import export_model
from rmfn_tf.export.contract import read_contract
from rmfn_tf.training.run import Run

DATA = "ict_mmmo/mfn_arrays"


@pytest.fixture
def compare(rmfn, tmp_path, manual_dir):
    def run(*options, models="ef_lstm,again.toml", data=DATA):
        config = tmp_path / "again.toml"
        config.write_text('data = "x"\nmodel = "ef_lstm"\n[hyperparameters]\nunits = 2\n')
        models = models.replace("again.toml", str(config))
        files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
        arguments = ("--models", models, "--epochs", "1", "--json", *options)
        return rmfn("compare", data, *files, "--out", tmp_path / "out", *arguments)

    return run


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """For each reading of the test split, which of the runs were finished by then."""
    from rmfn_tf.training import run

    read = []
    load = run.open_split

    def recorded(config, builder, split, **lock):
        if split == "test":
            runs = sorted((tmp_path / "out/runs").glob("*/*"))
            read.append([run.Run(each).is_finished for each in runs])
        return load(config, builder, split, **lock)

    monkeypatch.setattr(run, "open_split", recorded)
    return read


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_a_fixed_split(compare, tmp_path, opened):
    assert compare("--seeds", "2", models="ef_lstm").code == 0
    first = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("metrics*.json")}
    assert len(first) == 4
    # A further row: only what is missing runs.
    done = compare("--seeds", "2")
    assert (done.code, done.err) == (0, "")
    assert all(each.stat().st_mtime_ns == time for each, time in first.items())
    # The test split is read once per run, and not while anything is trained.
    assert opened == [[True] * 2] * 2 + [[True] * 4] * 2
    openings = list(tmp_path.rglob("test_openings.jsonl"))
    assert [len(each.read_text().splitlines()) for each in openings] == [1] * 4

    result, out = json.loads(done.out), tmp_path / "out"
    assert result == json.loads((out / "compare.json").read_text())
    assert [row["row"] for row in result["rows"]] == ["ef_lstm", "again", "constant", "ridge"]
    assert result["reference"] == "ef_lstm"
    for row in ("ef_lstm", "again"):
        tests = [
            json.loads((out / f"runs/{row}/seed_{seed}/metrics_test.json").read_text())
            for seed in (0, 1)
        ]
        values = [each["metrics"]["ef_lstm"]["mae"] for each in tests]
        said = next(each for each in result["rows"] if each["row"] == row)["values"]["mae"]
        assert said["mean"] == pytest.approx(np.mean(values), rel=1e-6)
        assert said["std"] == pytest.approx(np.std(values, ddof=1), rel=1e-6)
        assert said["best"] == pytest.approx(min(values), rel=1e-6)
        assert said["low"] <= said["mean"] <= said["high"]
    assert (out / "compare.png").stat().st_size > 1000
    assert "the best of a row's runs by its score" in (out / "compare.md").read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_folds_of_an_ablation_and_of_a_model_without_keras(compare, tmp_path):
    folds = ("--seeds", "1", "--folds", "2")
    done = compare(*folds, models="rmfn_k1,svm", data="ict_mmmo/trimodal")
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert [row["row"] for row in result["rows"]] == ["rmfn_k1", "svm", "constant", "ridge"]
    assert result["split"] == "2 folds"
    assert result["items"] == 7

    # The model of all of the videos can be exported, with what the folds say of it.
    run = Run(tmp_path / "out/runs/rmfn_k1/seed_0")
    facts = run_facts(run)
    assert facts["about"]["validation"]["split"] == "2 folds"
    version = export_model(run.model(), tmp_path / "served", **facts)
    assert read_contract(version).batching.length_buckets == facts["lengths"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--models", "rmfn,rmfn"], "different names"),
        (["--models", "rmf"], "Did you mean 'rmfn'?"),
        (["--models", "a/x.toml,b/x.toml"], "different names"),
        (["--reference", "ridg"], "Did you mean 'ridge'?"),
    ],
)
def test_mistakes(compare, tmp_path, options, expected):
    done = compare(*options)
    assert done.code == 1
    assert expected in done.err
    assert not (tmp_path / "out").exists()


def test_one_form_of_the_data_twice(compare, tmp_path):
    done = compare(data=f"{DATA},{DATA}", models="ef_lstm")
    assert done.code == 1
    assert "Name each form of the data once" in done.err
    assert not (tmp_path / "out").exists()
