"""From the files a user holds to a served model, by commands alone."""

import json

import numpy as np
import pytest

from rmfn_tf.cli.train import parse_settings
from rmfn_tf.data import epoch_batches, load_examples
from rmfn_tf.datasets.building import load_builder
from rmfn_tf.export.client import Client
from rmfn_tf.export.contract import read_contract
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run
from support.cpp_loader import ask
from support.served_model import ServedModel
from support.serving_twin import ServingTwin

DATA = "ict_mmmo/mfn_arrays"


@pytest.mark.slow
def test_build_train_evaluate_export_serve(rmfn, determinism, tmp_path, manual_dir, small, answer):
    units = "{language = 3, acoustic = 2, visual = 2}"
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

    options = (*small, "--set", f"units={units}", "--model", "rmfn", "--seed", "3", "--json")
    trained = rmfn("train", DATA, *files, "--out", run, *options)
    assert (trained.code, trained.err) == (0, "")
    assert determinism == [True]
    metrics = json.loads(trained.out)
    assert metrics == json.loads((run / "metrics.json").read_text())
    config = RunConfig.read(run / "config.toml")
    assert (config.seed, config.epochs, config.model) == (3, 1, "rmfn")
    assert (
        config.hyperparameters["units"]
        == parse_settings([f"units={units}"], None)["hyperparameters"]["units"]
    )
    assert config.hyperparameters["dropout"] == 0.3  # the preset's, which --set leaves alone

    # Once built, the files are not needed again; the run knows where its data are.
    assert config.data_dir == str(tmp_path / "data")
    evaluated = rmfn("evaluate", run, "--json")
    assert (evaluated.code, evaluated.err) == (0, "")
    scores = json.loads(evaluated.out)["metrics"]
    for name, values in metrics["metrics"].items():
        assert scores[name] == pytest.approx(values, rel=1e-5)
    assert not (run / "test_openings.jsonl").exists()

    table = rmfn("evaluate", run, *files, "--split", "test")
    assert table.code == 0
    assert "mae" in table.out
    assert "constant" in table.out
    assert (run / "history.png").stat().st_size > 5000
    assert len((run / "test_openings.jsonl").read_text().splitlines()) == 1

    exported = rmfn("export", run, "--to", served, "--json")
    assert exported.code == 0
    assert json.loads(exported.out)["version"] == str(served / "1")
    contract = read_contract(served / "1")
    assert list(contract.signatures) == ["serving_default", "explain", "step"]
    validation = load_examples(load_builder(DATA, tmp_path / "data"), "validation")
    kept = Run(run).predictions("validation").by_row["rmfn"]
    # In this process, over gRPC, and by the server's own loader in C++.
    with ServingTwin(ServedModel(served, served.name)) as twin:
        for address in (served, twin.url):
            with Client.connect(address) as client:
                np.testing.assert_allclose(client.predict(validation), kept, atol=1e-6)
    inputs, _ = next(iter(epoch_batches(validation, len(validation))))
    request = {name: np.asarray(values) for name, values in inputs.items()}
    (found,) = ask(answer, served / "1", "serving_default", [request], tmp_path)
    np.testing.assert_allclose(found["prediction"], kept, atol=1e-6)


@pytest.mark.slow
def test_without_json_there_is_a_table_and_progress(rmfn, tmp_path, manual_dir, small):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    result = rmfn("train", DATA, *files, "--out", tmp_path / "run", "--model", "ef_lstm", *small)
    assert result.code == 0
    assert "Run folder:" in result.out
    assert "constant" in result.out
    assert "epoch" not in result.out
    # A log must not look like a hang: what begins, what it must beat, how far it is.
    lines = result.err.splitlines()
    assert lines[0].startswith("training    ef_lstm on ict_mmmo/mfn_arrays")
    assert any(line.startswith("parameters ") for line in lines)
    assert any(line.startswith("ridge       mae ") for line in lines)
    assert lines[-1].startswith("epoch   1/1  loss ")

    run = tmp_path / "run"
    again = rmfn("train", "--resume", run)
    assert (again.code, again.err) == (
        0,
        f"rmfn: {run} was finished already; this is its result.\n",
    )
    assert "constant" in again.out


@pytest.mark.slow
def test_an_interrupted_run_says_how_to_go_on(rmfn, tmp_path, manual_dir, small, monkeypatch):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    command = ("train", DATA, *files, "--out", tmp_path / "run", "--model", "ef_lstm", *small)

    def interrupt(*given, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("rmfn_tf.training.trainer.Trainer.fit", interrupt)
        done = rmfn(*command)
    assert (done.code, (tmp_path / "run").exists()) == (130, False)
    assert "start the same command again" in done.err

    with monkeypatch.context() as patched:
        patched.setattr("rmfn_tf.training.trainer.write_predictions", interrupt)
        done = rmfn(*command)
    assert done.code == 130
    assert done.err.splitlines()[-1] == (
        "rmfn: interrupted. What was finished is kept: go on with `rmfn train --resume "
        f"{tmp_path / 'run'}`."
    )
    listed = json.loads(rmfn("runs", tmp_path, "--json").out)
    assert [(row["run"], row["state"], row["epochs"]) for row in listed] == [
        ("run", "not finished", 1)
    ]
    assert rmfn("train", "--resume", tmp_path / "run").code == 0
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.toml").write_text("data = ")
    listed = json.loads(rmfn("runs", tmp_path, "--json").out)
    mae = json.loads((tmp_path / "run" / "metrics.json").read_text())["metrics"]["ef_lstm"]["mae"]
    assert [(row["state"].split(":")[0], row["metric"], row["score"]) for row in listed] == [
        ("damaged", None, None),
        ("finished", "mae", round(mae, 4)),
    ]
    assert "not valid TOML" in rmfn("runs", tmp_path).out
    assert "no folder" in rmfn("runs", tmp_path / "nowhere").err
