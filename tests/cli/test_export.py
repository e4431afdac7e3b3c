"""`rmfn export`: what a run folder says of its model is in the contract."""

import json
import sys

import pytest

from rmfn_tf.export.contract import SCHEMA, read_contract
from rmfn_tf.export.warmup import WARMUP
from rmfn_tf.models import create_model
from rmfn_tf.training.config import RunConfig

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
    (folder / "run.json").write_text(json.dumps({**facts, "seed": 0, "sessions": []}))
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    model = create_model("ef_lstm", features={"visual": 2}, num_outputs=2, compile=False, units=2)
    model.save(folder / "model.keras")
    return folder


def test_the_contract_names_the_run(rmfn, run, tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="the extra `serving` is not installed")

    done = rmfn("export", run, "--to", tmp_path / "served", "--json")

    assert (done.code, done.err) == (0, "")
    version = tmp_path / "served" / "1"
    assert json.loads(done.out) == {"version": str(version)}
    contract = read_contract(version)
    assert contract.task == {
        "kind": "regression",
        "labels": ["c", "a"],
        "ranges": {"c": [1, 7], "a": [1, 7]},
    }
    assert contract.data == {
        "name": "pom/mfn_arrays",
        "fingerprint": "ab12",
        "sources": {"x": "cd"},
    }
    assert contract.validation == {"split": "validation", "metrics": METRICS["metrics"]}
    text = (version / "assets.extra" / "contract.json").read_text()
    jsonschema.validate(json.loads(text), json.loads(SCHEMA.read_text()))


def test_a_run_that_did_not_end_has_no_validation(rmfn, run, tmp_path):
    """The best model is kept where the loss left the numbers."""
    (run / "metrics.json").unlink()

    assert rmfn("export", run, "--to", tmp_path / "served").code == 0
    assert read_contract(tmp_path / "served" / "1").validation == {}


def test_older_versions_go(rmfn, run, tmp_path):
    served = tmp_path / "served"
    for version in ("1", "2", "3"):
        (served / version).mkdir(parents=True)

    done = rmfn("export", run, "--to", served, "--keep", "2")

    assert (done.code, done.out) == (0, f"Exported {served / '4'}\n")
    assert sorted(path.name for path in served.iterdir()) == ["3", "4"]
    assert rmfn("export", run, "--to", served, "--keep", "0").code == 2


def test_without_the_extra_it_says_what_is_missing(rmfn, run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)

    done = rmfn("export", run, "--to", tmp_path / "served")

    assert done.code == 0
    assert done.err.startswith("rmfn: exported without warm-up requests")
    assert done.err.count("\n") == 1
    assert "rmfn-tf[serving]" in done.err
    assert not (tmp_path / "served" / "1" / WARMUP).exists()
