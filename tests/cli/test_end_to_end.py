"""From the files a user holds to a served model, by commands alone."""

import json

import numpy as np
import pytest

from rmfn_tf.cli.train import parse_settings
from rmfn_tf.training.config import RunConfig

DATA = "ict_mmmo/mfn_arrays"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "units"),
    [("ef_lstm", "2"), ("rmfn", "{language = 2, acoustic = 1, visual = 1}")],
)
def test_build_train_evaluate_export(rmfn, determinism, tmp_path, manual_dir, small, model, units):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    run, served = tmp_path / "run", tmp_path / "served"

    built = rmfn("data", "build", DATA, *files, "--json")
    assert built.code == 0
    splits = json.loads(built.out)["splits"]
    assert {split: each["examples"] for split, each in splits.items()} == {
        "train": 6,
        "validation": 4,
        "test": 3,
    }

    options = (*small, "--set", f"units={units}", "--model", model, "--seed", "3", "--json")
    trained = rmfn("train", DATA, *files, "--out", run, *options)
    assert (trained.code, trained.err) == (0, "")
    assert determinism == [True]
    metrics = json.loads(trained.out)
    assert metrics == json.loads((run / "metrics.json").read_text())
    config = RunConfig.read(run / "config.toml")
    assert (config.seed, config.epochs, config.model) == (3, 1, model)
    assert (
        config.hyperparameters["units"]
        == parse_settings([f"units={units}"], None)["hyperparameters"]["units"]
    )
    assert config.hyperparameters["dropout"] == 0.3  # the preset's, which --set leaves alone

    # Once built, the files are not needed again.
    evaluated = rmfn("evaluate", run, "--data-dir", tmp_path / "data", "--json")
    assert (evaluated.code, evaluated.err) == (0, "")
    scores = json.loads(evaluated.out)["metrics"]
    for name, values in metrics["metrics"].items():
        assert scores[name] == pytest.approx(values, rel=1e-5)
    assert not (run / "test_openings.jsonl").exists()

    table = rmfn("evaluate", run, *files, "--split", "test")
    assert table.code == 0
    assert "mae" in table.out
    assert "constant" in table.out
    assert len((run / "test_openings.jsonl").read_text().splitlines()) == 1

    exported = rmfn("export", run, "--to", served, "--json")
    assert exported.code == 0
    version = json.loads(exported.out)["version"]
    assert version == str(served / "1")
    assert (served / "1" / "saved_model.pb").is_file()


def test_without_json_there_is_a_table_and_progress(rmfn, tmp_path, manual_dir, small):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    result = rmfn("train", DATA, *files, "--out", tmp_path / "run", "--model", "ef_lstm", *small)
    assert result.code == 0
    assert "Run folder:" in result.out
    assert "constant" in result.out
    # Progress is for people: here stderr is no terminal.
    assert result.err == ""
    assert "epoch" not in result.out


def test_other_files_than_the_run_was_trained_on(rmfn, tmp_path, manual_dir, small):
    from support.mfn_files import make_arrays, write_arrays
    from support.small_ict_mmmo import WIDTHS

    first = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    run = tmp_path / "run"
    options = (*small, "--model", "ef_lstm", "--json")
    assert rmfn("train", DATA, *first, "--out", run, *options).code == 0
    sizes = {"train": 6, "validation": 4, "test": 3}
    other = write_arrays(tmp_path / "other", make_arrays(WIDTHS, 1, sizes, seed=1))
    result = rmfn(
        "evaluate", run, "--manual-dir", other, "--data-dir", tmp_path / "d2", "--split", "test"
    )
    assert result.code == 1
    assert "fingerprint" in result.err.splitlines()[-1]
    assert not (run / "test_openings.jsonl").exists()


@pytest.mark.slow
def test_folds_on_the_pooled_videos(rmfn, tmp_path, manual_dir, small):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    options = ("--folds", "2", *small, "--model", "ef_lstm", "--json")
    result = rmfn("train", "ict_mmmo/trimodal", *files, "--out", tmp_path / "run", *options)
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["split"] == "2 folds"
    rows = (tmp_path / "run" / "predictions_out_of_fold.csv").read_text().splitlines()
    assert len(rows) == 1 + 3 * (4 + 3)
    predictions = np.array([float(row.split(",")[4]) for row in rows[1:]])
    assert (predictions != 0).all()


@pytest.mark.slow
def test_the_demo(rmfn, tmp_path):
    out = tmp_path / "demo"
    result = rmfn("demo", "--out", out, "--epochs", "1")
    assert result.code == 0, result.err
    (folder,) = (path for path in out.iterdir() if path.name != "data")
    for name in ("rmfn/model.keras", "ef_lstm/model.keras", "attention.png"):
        assert (folder / name).stat().st_size > 1000
    assert (folder / "export" / "rmfn" / "1" / "saved_model.pb").is_file()
    assert "Bayes (best possible)" in result.out
    assert "differ by at most" in result.out
