"""From the files a user holds to a served model, by commands alone."""

import json

import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.cli.train import parse_settings
from rmfn_tf.export.client import Client
from rmfn_tf.export.contract import read_contract
from rmfn_tf.training.config import RunConfig
from support.cpp_loader import ask
from support.mfn_files import make_arrays, write_arrays
from support.served_model import ServedModel
from support.serving_twin import ServingTwin
from support.small_ict_mmmo import WIDTHS

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
    assert json.loads(exported.out)["version"] == str(served / "1")
    check_same_answers_everywhere(served, answer, tmp_path)


def check_same_answers_everywhere(folder, answer, tmp_path):
    """In this process, by the server's own loader in C++, and over gRPC."""
    contract = read_contract(folder / "1")
    assert list(contract.signatures) == ["serving_default", "explain", "step"]
    rng = np.random.default_rng(0)
    sequences = {
        name: [rng.normal(size=(length, width)).astype("float32") for length in (4, 1, 6)]
        for name, width in contract.modalities.items()
    }
    with Client.connect(folder) as client:
        here, looked = client.predict(sequences), client.explain(sequences)

    served = tf.saved_model.load(str(folder / "1")).signatures
    for signature, each in contract.signatures.items():
        asked = request_of(each["inputs"])
        (found,) = ask(answer, folder / "1", signature, [asked], tmp_path / signature)
        expected = served[signature](**{key: tf.constant(value) for key, value in asked.items()})
        assert set(found) == set(each["outputs"])
        for key, values in expected.items():
            np.testing.assert_allclose(found[key], values.numpy(), atol=1e-6, err_msg=key)

    with (
        ServingTwin(ServedModel(folder, folder.name)) as twin,
        Client.connect(twin.url) as client,
    ):
        np.testing.assert_allclose(client.predict(sequences), here, atol=1e-6)
        again = client.explain(sequences)
        for ours, theirs in zip(
            looked.attention["language"], again.attention["language"], strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
        session = client.session()
        for time in range(len(sequences["language"][0])):
            word = {key: values[0][time] for key, values in sequences.items()}
            prediction = session.step(word)
        np.testing.assert_allclose(np.ravel(prediction), here[0], atol=1e-6)


def request_of(inputs, batch=2, time=3):
    rng = np.random.default_rng(1)
    request = {}
    for name, spec in inputs.items():
        sizes = (batch, time)[: len(spec["shape"]) - 1]
        request[name] = rng.normal(size=(*sizes, spec["shape"][-1] or 1)).astype("float32")
    if "lengths" in inputs:
        request["lengths"] = np.full(batch, time, "int32")
    return request


def test_without_json_there_is_a_table_and_progress(rmfn, tmp_path, manual_dir, small):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    result = rmfn("train", DATA, *files, "--out", tmp_path / "run", "--model", "ef_lstm", *small)
    assert result.code == 0
    assert "Run folder:" in result.out
    assert "constant" in result.out
    # Progress is for people: here stderr is no terminal.
    assert result.err == ""
    assert "epoch" not in result.out


@pytest.mark.slow
def test_other_files_than_the_run_was_trained_on(rmfn, tmp_path, manual_dir, small):
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
