"""With a test split that nobody can read, everything works that comes before it is opened."""

import json

import pytest

pytestmark = pytest.mark.slow

DATA = "ict_mmmo/mfn_arrays"


def test_all_but_the_opening_works(rmfn, tmp_path, files, small):
    run = tmp_path / "run"
    options = (*small, "--model", "ef_lstm")
    for command in (
        ("train", DATA, *files, *options, "--dry-run"),
        ("train", DATA, *files, *options, "--patience", "1", "--out", run),
        ("train", "--resume", run, *files),
        ("train", "--config", run / "config.toml", "--out", tmp_path / "again", *files),
        ("evaluate", run, *files),
        ("evaluate", run, *files, "--split", "train"),
        ("export", run, "--to", tmp_path / "served"),
    ):
        done = rmfn(*command)
        assert (done.code, done.err) == (0, ""), command
    assert not list(tmp_path.rglob("test_openings.jsonl"))

    done = rmfn("evaluate", run, *files, "--split", "test")
    assert done.code == 1
    assert "split 'test' in" in done.err
    assert "build the data again" in done.err
    # The attempt is on record all the same.
    assert len((run / "test_openings.jsonl").read_text().splitlines()) == 1


def test_compare_trains_everything_and_stops_at_the_opening(rmfn, tmp_path, files):
    """By two real workers, where all other comparisons train in the process of the test."""
    options = ("--models", "ef_lstm", "--seeds", "2", "--epochs", "1", "--workers", "2")
    done = rmfn("compare", DATA, *files, *options, "--out", tmp_path / "out")
    assert done.code == 1
    assert "split 'test' in" in done.err
    assert done.err.count("\n") == 1
    runs = tmp_path / "out" / "runs" / "ef_lstm"
    for seed in (0, 1):
        metrics = json.loads((runs / f"seed_{seed}" / "metrics.json").read_text())
        assert metrics["split"] == "validation"


def test_compare_without_test_examples_trains_nothing(rmfn, tmp_path, manual_dir, monkeypatch):
    from rmfn_tf.comparison import compare

    def refuse(*arguments, **more):
        raise AssertionError("trained")

    monkeypatch.setattr(compare, "train_all", refuse)
    data_dir = tmp_path / "data"
    assert rmfn("data", "build", DATA, "--manual-dir", manual_dir, "--data-dir", data_dir).code == 0
    (described,) = data_dir.rglob("dataset_info.json")
    info = json.loads(described.read_text())
    info["splits"] = [split for split in info["splits"] if split["name"] != "test"]
    described.write_text(json.dumps(info))
    done = rmfn("compare", DATA, "--data-dir", data_dir, "--out", tmp_path / "out")
    assert done.code == 1
    assert "has no test split with examples" in done.err
    assert not (tmp_path / "out").exists()
