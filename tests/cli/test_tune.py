"""`rmfn tune`: from a copy of the data to a sentence about stages."""

import json

import pytest

from rmfn_tf.cli.tune import to_numbers

DATA = "ict_mmmo/mfn_arrays"


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_a_sweep_with_the_test_split_locked(rmfn, tmp_path, files):
    out = tmp_path / "out"
    command = ("tune", DATA, *files, "--out", out, "--stages", "1,2")
    command += ("--seeds", "1", "--epochs", "1", "--workers", "2", "--json")
    done = rmfn(*command)
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert [row["stages"] for row in result["rows"]] == [1, 2]
    assert result["rows"][1]["parameters"] > result["rows"][0]["parameters"]
    for name in ("tune.json", "tune.md", "tune.png"):
        assert (out / name).stat().st_size > 300
    before = {path: path.stat().st_mtime_ns for path in out.rglob("metrics.json")}
    assert (out / result["best_run"] / "metrics.json") in before
    assert len(before) in (2, 4)  # with or without fresh seeds
    again = rmfn(*command)
    assert json.loads(again.out)["rows"] == result["rows"]
    assert {path: path.stat().st_mtime_ns for path in out.rglob("metrics.json")} == before


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1-6", [1, 2, 3, 4, 5, 6]), ("3", [3]), ("5, 1,3", [1, 3, 5]), ("1-2,2-4", [1, 2, 3, 4])],
)
def test_numbers(text, numbers):
    assert to_numbers(text) == numbers


@pytest.mark.parametrize("text", ["", "0-3", "3-1", "1-7", "one", "1,,2", "1-2-3", "-1"])
def test_no_numbers(text):
    with pytest.raises(ValueError, match="--stages takes numbers from 1 to 6"):
        to_numbers(text)


def test_mistakes_before_anything_is_built(rmfn, tmp_path):
    for options, expected in (
        (("--seeds", "0"), "--seeds 0 are for a search"),
        (("--stages", "x"), "--stages takes numbers"),
        (("--trials", "3"), "--trials, --tune and --seeds 0 are for a search"),
        (("--tuner", "grid"), "The tuner must be one of random, bayesian, hyperband"),
        (("--tuner", "random", "--stages", "1-3"), "give one of them"),
    ):
        done = rmfn("tune", "synthetic", "--out", tmp_path / "out", *options)
        assert done.code == 1
        assert expected in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_a_search_with_the_test_split_locked(rmfn, tmp_path, files):
    out = tmp_path / "out"
    command = ("tune", DATA, "--model", "ef_lstm", *files, "--out", out)
    command += ("--tuner", "random", "--tune", "units,learning_rate", "--epochs", "1", "--json")
    done = rmfn(*command, "--trials", "1", "--seeds", "1")
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert [each["status"] for each in result["trials"]] == ["COMPLETED"]
    assert result["trials"][0]["values"].keys() == {"units", "learning_rate"}
    assert result["fresh_seeds"] == [1000]
    for name in ("tune.json", "tune.md", "tune.png"):
        assert (out / name).stat().st_size > 300
    before = {path: path.stat().st_mtime_ns for path in out.rglob("metrics.json")}
    again = json.loads(rmfn(*command, "--trials", "2", "--seeds", "0").out)
    assert again["trials"][:1] == result["trials"]
    assert len(again["trials"]) == 2
    assert {path: path.stat().st_mtime_ns for path in before} == before
    other = rmfn(*command, "--trials", "2", "--labels", "nothing")
    assert other.code == 1
