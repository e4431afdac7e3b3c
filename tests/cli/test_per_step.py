"""Labels at each step from a user's arrays to tables, with the commands of any other data."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.datasets import write_custom
from support.random_examples import make_examples

LENGTHS = [3, 2, 4, 1]


@pytest.fixture
def talks(rmfn, tmp_path):
    """Two built data sets with the same training videos and different test videos; gives the
    options that name their folder, and the number of labelled steps in each test split."""
    rows = []
    for seed, name in enumerate(("one", "two"), 1):
        splits = {"train": make_examples(LENGTHS, per_step=True)}
        for split in ("validation", "test"):
            examples = make_examples(LENGTHS, per_step=True, seed=seed)
            ids = [f"{name}-{split}-{each}" for each in examples.ids]
            splits[split] = replace(examples, ids=ids, groups=np.array(ids))
        rows.append(splits["test"].rows)
        folder = write_custom(tmp_path / name, splits, name=name)
        options = ("--manual-dir", folder, "--data-dir", tmp_path / "data")
        assert rmfn("data", "build", f"custom/{name}", *options).code == 0
    return ("--data-dir", tmp_path / "data"), rows


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_two_forms_in_one_table(rmfn, talks, tmp_path) -> None:
    where, rows = talks
    options = (*where, "--seeds", "1", "--epochs", "1", "--json", "--out", tmp_path / "out")
    config = tmp_path / "small.toml"
    config.write_text('data = "x"\nmodel = "ef_lstm"\n[hyperparameters]\nunits = 2\n')
    done = rmfn("compare", "custom/one,custom/two", "--models", config, *options)
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert result["data"] == "custom/one + custom/two"
    assert result["items"] == sum(len(each.ids) for each in rows)
    assert any("the steps up to it" in note for note in result["notes"])
    labels, predicted = [], []
    for place in ("runs", "runs_two"):
        file = tmp_path / "out" / place / "small/seed_0/predictions_test.csv"
        with file.open() as opened:
            own = [each for each in csv.DictReader(opened) if each["predictor"] == "ef_lstm"]
        labels += [float(each["label_0"]) for each in own]
        predicted += [float(each["prediction_0"]) for each in own]
    assert labels == pytest.approx(np.concatenate([each.labels[:, 0] for each in rows]))
    error = np.abs(np.array(labels) - predicted).mean()
    mean = next(row for row in result["rows"] if row["row"] == "small")["values"]["mae"]["mean"]
    assert mean == pytest.approx(error, rel=1e-6)

    run = tmp_path / "out/runs/small/seed_0"
    answer = rmfn("predict", run, "--data", "custom/one", *where, "--json")
    answered = json.loads(answer.out)["predictions"]
    assert [len(each["prediction"]) for each in answered] == LENGTHS
