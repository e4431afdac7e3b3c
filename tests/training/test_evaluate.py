"""Judging a run: on its own data only, and no look at the test split goes unrecorded."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from rmfn_tf.training.predictions import predict
from rmfn_tf.training.run import Run

pytestmark = [pytest.mark.usefixtures("eager"), pytest.mark.slow]


@pytest.fixture
def builder(memory_builder, three_splits):
    return memory_builder(three_splits)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return tmp_path_factory.mktemp("trained") / "run"


@pytest.fixture
def run(trained, tmp_path, tiny_config, builder):
    """A fresh copy of one run, which is trained once."""
    if not trained.exists():
        Run(trained).train(tiny_config(epochs=2), builder)
        builder.opened.clear()
    return Path(shutil.copytree(trained, tmp_path / "run"))


def openings(run):
    return [json.loads(line) for line in (run / "test_openings.jsonl").read_text().splitlines()]


def test_validation_gives_what_training_gave(run, builder):
    result = Run(run).evaluate(builder, "validation")
    trained = json.loads((run / "metrics.json").read_text())
    assert result["split"] == "validation"
    for name, values in trained["metrics"].items():
        assert result["metrics"][name] == pytest.approx(values, rel=1e-5)
    assert "test" not in builder.opened
    assert not (run / "test_openings.jsonl").exists()


def test_an_opening_is_recorded_even_if_reading_fails(run, builder):
    del builder.splits["test"]
    with pytest.raises(KeyError, match="test"):
        Run(run).evaluate(builder, "test")
    assert [opening["split"] for opening in openings(run)] == ["test"]


def test_the_test_split_is_read_once(run, builder, three_splits):
    first = Run(run).evaluate(builder, "test")
    builder.opened.clear()
    assert Run(run).evaluate(builder, "test") == first
    assert builder.opened == []
    assert len([opening["time"] for opening in openings(run)]) == 1
    mae = np.abs(predict(Run(run).model(), three_splits["test"]) - three_splits["test"].labels)
    assert first["metrics"]["ef_lstm"]["mae"] == pytest.approx(mae.mean(), rel=1e-5)
    read = Run(run).predictions("test")
    assert read.ids == three_splits["test"].ids
    assert list(read.by_row) == ["ef_lstm", "constant", "ridge"]


def test_the_test_split_of_an_unfinished_run_stays_closed(run, builder):
    (run / "metrics.json").unlink()
    with pytest.raises(ValueError, match="stays closed"):
        Run(run).evaluate(builder, "test")
    assert "test" not in builder.opened
    assert not (run / "test_openings.jsonl").exists()
    Run(run).evaluate(builder, "validation")


@pytest.mark.parametrize("split", ["test[:1]", "all", "validation+test", "tests"])
def test_no_way_round_the_record(run, builder, split):
    with pytest.raises(ValueError, match="has no split"):
        Run(run).evaluate(builder, split)
    assert builder.opened == []


def test_other_data_are_refused_unread(run, memory_builder, three_splits):
    other = memory_builder(three_splits, fingerprint="f" * 64)
    for ask in (
        lambda: Run(run).evaluate(other, "test"),
        lambda: Run(run).open_examples(other, "test"),
    ):
        with pytest.raises(ValueError, match=r"fingerprint ffffffffffff, the run has 0123456789ab"):
            ask()
    assert other.opened == []
    assert not (run / "test_openings.jsonl").exists()


def test_no_run_folder(tmp_path):
    with pytest.raises(ValueError, match=r"has no config\.toml: it is not a run folder"):
        Run(tmp_path).evaluate(None, "test")


def test_a_run_over_folds_is_not_judged_on_what_it_learned_from(tmp_path, tiny_config):
    tiny_config(folds=3).write(tmp_path / "config.toml")
    with pytest.raises(ValueError, match="has learned from all of the data"):
        Run(tmp_path).evaluate(None, "all")
