"""`rmfn reproduce`, whole, on small made-up copies; that of POM has no words."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.comparison import published, significance
from rmfn_tf.comparison.table import escape
from rmfn_tf.datasets.registry import resolve
from support.mfn_files import make_arrays, write_arrays
from support.small_copies import iemocap_mult, write_copy

POM = {"language": 300, "acoustic": 43, "visual": 41}
SIZES = {"train": 6, "validation": 4, "test": 3}


def write_pom(folder):
    arrays = make_arrays(POM, 17, SIZES)
    write_arrays(folder, {name: each for name, each in arrays.items() if "text" not in name})


def resolve_name(name):
    return resolve(name).name


@pytest.fixture
def reproduce(rmfn, tmp_path):
    def run(*options, name="pom"):
        if name == "pom":
            write_pom(tmp_path / "copy")
        elif name in ("cmu_mosi", "iemocap"):
            write_copy(resolve_name(name), tmp_path / "copy")
        files = ("--manual-dir", tmp_path / "copy", "--data-dir", tmp_path / "data")
        return rmfn("reproduce", name, *files, "--out", tmp_path / "out", "--epochs", "1", *options)

    return run


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_the_whole_protocol(reproduce, tmp_path, monkeypatch):
    done = reproduce("--seeds", "2", "--json")
    assert (done.code, done.err) == (0, "")
    result, out = json.loads(done.out), tmp_path / "out"
    assert result == json.loads((out / "reproduce.json").read_text())
    assert [row["row"] for row in result["rows"]] == ["rmfn", "constant", "ridge"]
    assert result["reference"] == "constant"
    assert result["counts"]["test"] == {"here": 3, "published": 203}
    said = " ".join(result["differences"])
    assert "train has 6 examples; the papers have 600." in said
    assert "language is absent in this copy" in said
    assert "2 seeds were run; the protocol has 5." in said
    assert {row["row"] for row in result["published"]["rows"]} >= {"SVM", "LMF"}

    # The label-by-label table is the comparison's own means, taken apart.
    by_label = result["parts"]["mae by label"]
    assert len(by_label["rmfn"]) == 16
    assert "sentiment" not in by_label["rmfn"]
    for row in ("rmfn", "constant"):
        whole = next(each for each in result["rows"] if each["row"] == row)["values"]["mae"]
        assert np.mean([*by_label[row].values()]) == pytest.approx(whole["mean"], rel=1e-5)

    text = (out / "reproduce.md").read_text()
    assert "| test | 3 | 203 | differs |" in text
    assert "| persuasive |" in text
    assert "| LMF |" in text
    assert all(f"- {escape(sentence)}" in text for sentence in result["differences"])

    # The test split was opened once per run, and a second start opens and trains nothing.
    openings = list(out.rglob("test_openings.jsonl"))
    monkeypatch.setattr("rmfn_tf.cli.show.SECONDS_OF_SILENCE", 0)
    again = reproduce("--seeds", "2")
    assert again.code == 0
    assert again.err.endswith("Training, then judging: 1 of 2\nTraining, then judging: 2 of 2\n")
    assert json.loads((out / "reproduce.json").read_text())["parts"] == result["parts"]
    assert [len(each.read_text().splitlines()) for each in openings] == [1, 1]
    for expected in ("LMF", "persuasive", "test 3 (papers 203)", "language is absent"):
        assert expected in again.out


@pytest.fixture
def fast(monkeypatch):
    """The quicker model alone, as POM's test has RMFN, and few resamples."""
    protocol_for = published.protocol_for
    monkeypatch.setattr(
        published, "protocol_for", lambda name: replace(protocol_for(name), models=["ef_lstm"])
    )
    monkeypatch.setattr(significance, "BOOTSTRAP", 50)
    monkeypatch.setattr(significance, "PERMUTATION", 49)


@pytest.mark.slow
@pytest.mark.usefixtures("fast", "in_this_process")
@pytest.mark.parametrize(
    ("name", "reference", "floors", "labels", "published"),
    [
        (
            "cmu_mosi",
            "ef_lstm",
            ["constant", "ridge"],
            ["sentiment"],
            ["RMFN", "always negative", "a7"],
        ),
        (
            "iemocap",
            "majority",
            ["majority", "logistic"],
            ["neutral", "happy", "sad", "angry"],
            ["LMF", "never present"],
        ),
    ],
)
def test_the_other_data_sets(reproduce, tmp_path, name, reference, floors, labels, published):
    done = reproduce("--seeds", "1", name=name)
    assert (done.code, done.err) == (0, "")
    result = json.loads((tmp_path / "out" / "reproduce.json").read_text())
    assert result["reference"] == reference
    assert {row["row"] for row in result["rows"]} == {"ef_lstm", *floors}
    parts = result["parts"]
    text = (tmp_path / "out" / "reproduce.md").read_text()
    for expected in published:
        assert expected in done.out
        assert expected in text
    if len(labels) > 1:
        assert list(parts["accuracy by label"][reference]) == labels
        assert f"|  | {' | '.join(labels)} |" in text
        assert "weighted_f1 by label" in done.out
    else:  # a single one has no table of its own
        assert parts == {}
    said = " ".join(result["differences"])
    assert f"the papers have {resolve(name).cls.PUBLISHED_COUNTS['train']}" in said
    if name == "cmu_mosi":
        assert "The authors' arrays name no videos" in said
    assert "untuned on this data set" in said
    assert "is absent in this copy" not in said
    if name == "iemocap":
        (rates,) = parts["base rate by label"].values()
        expected = iemocap_mult()["test"]["labels"][:, :, 1].mean(axis=0)
        assert [rate for (rate,) in rates.values()] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        ([], "pomm", "unknown reproduction 'pomm'. Did you mean 'pom'?"),
        (["--epochs", "0"], "pom", "epochs must be"),
    ],
)
def test_mistakes(reproduce, tmp_path, options, name, expected):
    done = reproduce(*options, name=name)
    assert done.code == 1
    assert expected in done.err
    assert not (tmp_path / "out").exists()
