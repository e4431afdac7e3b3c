"""A run folder, exported with what it says of its model, or asked as it is."""

import json
import re
import sys
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest

from rmfn_tf.cli.export import run_facts
from rmfn_tf.cli.predict import show_table
from rmfn_tf.export.contract import Contract, read_contract
from rmfn_tf.export.warmup import WARMUP
from rmfn_tf.models import create_model
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run

pytestmark = pytest.mark.slow

TASK = {
    "kind": "regression",
    "columns": ["a", "b", "c"],
    "labels": ["a", "b", "c"],
    "ranges": {"a": [1, 7], "b": [1, 5], "c": [1, 7]},
    "metrics": "pom",
}
METRICS = {
    "split": "validation",
    "metrics": {"ef_lstm": {"mae": 0.5, "r": 0.25}, "constant": {"mae": 0.7, "r": 0.0}},
    "constant_predictions": ["constant"],
}


@pytest.fixture
def run(tmp_path):
    """A run folder as `rmfn train` leaves it, of a model for two of three labels."""
    folder = tmp_path / "run"
    folder.mkdir()
    config = RunConfig(data="pom/mfn_arrays", model="ef_lstm", labels=["c", "a"])
    config.write(folder / "config.toml")
    facts = {"data": "pom/mfn_arrays", "fingerprint": "ab12", "sources": {"x": "cd"}, "task": TASK}
    facts |= {"seed": 0, "sessions": [], "padded_to": [3, 7]}
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    model = create_model("ef_lstm", features={"visual": 2}, num_outputs=2, compile=False, units=2)
    model.save(folder / "model.keras")
    return folder


def test_the_contract_names_the_run_and_older_versions_go(rmfn, run, tmp_path):
    served = tmp_path / "served"
    for version in ("1", "2", "3"):
        (served / version).mkdir(parents=True)

    done = rmfn("export", run, "--to", served, "--keep", "2", "--json")

    assert (done.code, done.err) == (0, "")
    assert sorted(path.name for path in served.iterdir()) == ["3", "4"]
    version = served / "4"
    assert json.loads(done.out) == {"version": str(version)}
    contract = read_contract(version)
    document = json.loads((version / "assets.extra" / "contract.json").read_text())
    assert document["task"] == {
        "kind": "regression",
        "labels": ["c", "a"],
        "ranges": {"c": [1, 7], "a": [1, 7]},
        "output_names": ["c", "a"],
    }
    assert document["data"] == {
        "name": "pom/mfn_arrays",
        "fingerprint": "ab12",
        "sources": {"x": "cd"},
    }
    assert document["validation"] == {"split": "validation", "metrics": METRICS["metrics"]}
    assert contract.batching.length_buckets == [3, 7]  # as the training padded
    jsonschema.validate(document, Contract.model_json_schema())


def test_a_run_that_did_not_end_has_no_validation(run):
    """The best model is kept where the loss left the numbers."""
    (run / "metrics.json").unlink()

    assert run_facts(Run(run))["about"].keys() == {"data", "task"}


def test_without_the_extra_it_says_what_is_missing(rmfn, run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)

    done = rmfn("export", run, "--to", tmp_path / "served")

    assert (done.code, done.out) == (0, f"Exported {tmp_path / 'served' / '1'}\n")
    assert done.err.startswith("rmfn: exported without warm-up requests")
    assert done.err.count("\n") == 1
    assert "rmfn-tf[serving]" in done.err
    assert not (tmp_path / "served" / "1" / WARMUP).exists()


@pytest.mark.parametrize("below", [".", "final/../served/rmfn"])
def test_a_run_folder_takes_no_exports(rmfn, run, below):
    before = sorted(run.rglob("*"))

    done = rmfn("export", run, "--to", run / below)

    assert (done.code, done.out) == (1, "")
    assert f"is in the run folder {run}: name a folder elsewhere." in done.err
    assert sorted(run.rglob("*")) == before


SEQUENCES = {"sequences": [{"id": "x", "visual": [[0.5, 1.0], [2.0, -1.0]]}, {"visual": [[1, 2]]}]}


def test_a_run_predicts_without_an_export(rmfn, run, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(SEQUENCES))

    done = rmfn("predict", run, "--input", tmp_path / "x.json", "--json")

    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    model = Run(run).model()
    given = [np.array([each["visual"]], "float32") for each in SEQUENCES["sequences"]]
    expected = [model({"visual": x, "lengths": np.array([x.shape[1]])})[0].numpy() for x in given]
    assert answer["model"] == str(run)
    assert answer["task"] == "regression"
    assert [row["id"] for row in answer["predictions"]] == ["x", "1"]
    for row, values in zip(answer["predictions"], expected, strict=True):
        assert row["prediction"] == pytest.approx(dict(zip("ca", values, strict=True)), abs=1e-6)


@pytest.mark.parametrize("count", [2, 17])
def test_a_table_fits_in_80_columns(capsys, monkeypatch, count):
    monkeypatch.setenv("COLUMNS", "80")
    labels = {f"label number {i}": i / 8 for i in range(count)}
    interface = SimpleNamespace(where="here", version=3)

    show_table(interface, [{"id": "one", **labels}, {"id": "two", **labels}])

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "here, version 3"
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[2:]]
    values = {name: f"{value:.4f}" for name, value in labels.items()}
    if count == 2:
        assert rows == [[name, *values.values()] for name in ("one", "two")]
    else:
        assert rows == [[name, *each] for name in ("one", "two") for each in values.items()]
