"""With a test split that nobody can read, everything works that comes before it is opened; and a
command opens it for a finished run only, which records it."""

import json
from pathlib import Path

import pytest

import rmfn_tf

pytestmark = pytest.mark.slow

DATA = "ict_mmmo/mfn_arrays"


def test_all_but_the_opening_works(rmfn, tmp_path, files, small):
    run = tmp_path / "run"
    options = (*small, "--model", "ef_lstm")
    for command in (
        ("train", DATA, *files, *options, "--patience", "1", "--out", run, "--json"),
        ("train", "--config", run / "config.toml", "--out", tmp_path / "again", "--json"),
        ("evaluate", run, *files),
        ("evaluate", run, *files, "--split", "train"),
        ("export", run, "--to", tmp_path / "served"),
    ):
        done = rmfn(*command)
        assert (done.code, done.err) == (0, ""), command
    assert not list(tmp_path.rglob("test_openings.jsonl"))

    predict = ("predict", "--export", tmp_path / "served", "--data", DATA, *files)
    for split in ("test", "test[:1]", "test[50%:]", "all", "train+test[:1]", "validation + test"):
        done = rmfn(*predict, "--split", split)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1), split
        assert f"split {split!r} of 'ict_mmmo/mfn_arrays/" in done.err
        assert "rows of the test split: let a finished run open them" in done.err
    for split in ("all", "test[:1]", "validation+test"):
        done = rmfn("evaluate", run, *files, "--split", split)
        assert (done.code, "has no split" in done.err) == (1, True), split
    assert not list(tmp_path.rglob("test_openings.jsonl"))

    # The attempts are on record all the same.
    for number, command in enumerate(
        (("evaluate", run, *files), (*predict, run), ("predict", run, "--data", DATA, *files)), 1
    ):
        done = rmfn(*command, "--split", "test")
        assert done.code == 1
        assert "split 'test' in" in done.err
        assert "build the data again" in done.err
        assert len(openings(run)) == number


def openings(run):
    return [json.loads(line) for line in (run / "test_openings.jsonl").read_text().splitlines()]


def test_predict_opens_it_for_a_finished_run(rmfn, tmp_path, manual_dir, small):
    run, served = tmp_path / "run", tmp_path / "served"
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    options = (*small, "--model", "ef_lstm", "--out", run)
    assert rmfn("train", DATA, *files, *options).code == 0
    assert rmfn("export", run, "--to", served).code == 0
    predict = ("predict", run, "--export", served, "--json", *files)

    done = rmfn(*predict, "--data", DATA, "--split", "train[:2]")
    assert (done.code, done.err) == (0, "")
    assert not (run / "test_openings.jsonl").exists()

    done = rmfn(*predict, "--data", DATA, "--split", "validation+test[1:]")
    assert (done.code, done.err) == (0, "")
    assert len(json.loads(done.out)["predictions"]) == 4 + 2
    (opening,) = openings(run)
    assert opening.pop("time")
    assert opening == {"split": "validation+test[1:]", "rows": 6, "test_rows": 2}

    # Nothing is recorded where nothing is read.
    for change, complaint in (
        (("--data", "ict_mmmo/trimodal", "--split", "all"), "is not what"),
        (
            ("--data", DATA, "--split", "test", "--export", tmp_path / "nowhere"),
            "no exported model",
        ),
    ):
        done = rmfn(*predict, *change)
        assert (done.code, complaint in done.err) == (1, True), done.err
    done = rmfn("predict", tmp_path, "--data", DATA, *files, "--split", "test")
    assert (done.code, "not a run folder" in done.err) == (1, True)
    (run / "metrics.json").unlink()
    done = rmfn(*predict, "--data", DATA, "--split", "all")
    assert (done.code, "stays closed until then" in done.err) == (1, True)
    assert len(openings(run)) == 1


def test_no_command_has_another_way():
    """`load_examples` is all that reads rows of a builder, and nothing calls it `outside_any_run`.

    (`datasets/`, a link that is not followed, makes the builders.)
    """
    modules = list(Path(rmfn_tf.__file__).parent.rglob("*.py"))
    assert {"predict.py", "demo.py", "compare.py"} <= {path.name for path in modules}
    for way in (".as_dataset(", ".as_data_source(", "tfds.load(", "outside_any_run=True"):
        found = {path.name for path in modules if way in path.read_text("utf-8")}
        assert found <= {"loading.py"}, way


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

    monkeypatch.setattr(compare, "train_many", refuse)
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
