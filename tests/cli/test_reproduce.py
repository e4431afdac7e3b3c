"""`rmfn reproduce pom`, whole, on a small made-up copy without words."""

import json

import numpy as np
import pytest

from support.mfn_files import make_arrays, write_arrays

pytestmark = pytest.mark.slow

POM = {"language": 300, "acoustic": 43, "visual": 41}
SIZES = {"train": 6, "validation": 4, "test": 3}


@pytest.fixture
def copy_of_pom(tmp_path):
    arrays = make_arrays(POM, 17, SIZES)
    return write_arrays(
        tmp_path / "copy", {name: each for name, each in arrays.items() if "text" not in name}
    )


@pytest.fixture
def reproduce(rmfn, tmp_path, copy_of_pom):
    def run(*options, name="pom"):
        files = ("--manual-dir", copy_of_pom, "--data-dir", tmp_path / "data")
        return rmfn("reproduce", name, *files, "--out", tmp_path / "out", "--epochs", "1", *options)

    return run


def test_the_whole_protocol(reproduce, tmp_path):
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
    assert len(result["per_label"]) == 16
    assert "sentiment" not in [each["label"] for each in result["per_label"]]
    for row in ("rmfn", "constant"):
        by_label = [each["values"]["mae"][row] for each in result["per_label"]]
        whole = next(each for each in result["rows"] if each["row"] == row)["values"]["mae"]
        assert np.mean(by_label) == pytest.approx(whole["mean"], rel=1e-5)

    text = (out / "reproduce.md").read_text()
    assert "| test | differs | 3 | 203 |" in text
    assert "| persuasive |" in text
    assert "| LMF |" in text
    assert all(f"- {sentence}" in text for sentence in result["differences"])

    # The test split was opened once per run, and a second start opens and trains nothing.
    openings = list(out.rglob("test_openings.jsonl"))
    again = reproduce("--seeds", "2", "--json")
    assert json.loads(again.out)["per_label"] == result["per_label"]
    assert [len(each.read_text().splitlines()) for each in openings] == [1, 1]


def test_what_a_person_sees(reproduce, tmp_path):
    done = reproduce("--seeds", "1")
    assert (done.code, done.err) == (0, "")
    for expected in ("LMF", "persuasive", "language is absent", str(tmp_path / "out")):
        assert expected in done.out


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        ([], "pomm", "unknown reproduction 'pomm'. Did you mean 'pom'?"),
        (["--seeds", "0"], "pom", "--seeds must be at least 1"),
        (["--workers", "0"], "pom", "--workers must be at least 1"),
        (["--epochs", "0"], "pom", "epochs must be"),
    ],
)
def test_mistakes(reproduce, tmp_path, options, name, expected):
    done = reproduce(*options, name=name)
    assert done.code == 1
    assert expected in done.err
    assert not (tmp_path / "out").exists()
