"""`rmfn demo`: what it leaves, what it says, and that what it says is so.

One seed; `rmfn compare synthetic/sarcasm` shows that it holds for others.
"""

import re

import numpy as np
import pytest

from rmfn_tf.data import load_examples
from rmfn_tf.datasets.building import load_builder
from rmfn_tf.export.contract import read_contract


def read_table(text):
    """Row -> column -> number, of the one table in a text."""
    columns = ["a", "b", "b3", "c", "d", "all"]
    rows = re.findall(r"^ (\S.*?)((?: +[01]\.\d{3}){6}) *$", text, re.MULTILINE)
    return {name: dict(zip(columns, map(float, x.split()), strict=True)) for name, x in rows}


@pytest.mark.slow
def test_the_demo(rmfn, tmp_path):
    result = rmfn("demo", "--out", tmp_path)
    assert result.code == 0, result.err
    (folder,) = (path for path in tmp_path.iterdir() if path.name != "data")
    for name in ("rmfn/model.keras", "ef_lstm/model.keras", "attention.png"):
        assert (folder / name).stat().st_size > 1000
    contract = read_contract(folder / "export" / "rmfn" / "1")
    assert list(contract.signatures) == ["serving_default", "explain", "step"]
    assert contract.data.name == "synthetic/sarcasm"
    assert contract.validation.metrics.keys() >= {"rmfn"}
    assert float(re.search(r"differ by at most (\S+)\.", result.out)[1]) < 1e-5

    # RMFN wins where face and voice come after the word.
    accuracy = read_table(result.out)
    assert accuracy["rmfn"]["d"] > accuracy["ef_lstm"]["d"] + 0.1
    builder = load_builder("synthetic/sarcasm", tmp_path / "data")
    test = load_examples(builder, "test", outside_any_run=True)
    train = load_examples(builder, "train")
    most_frequent = np.bincount(train.labels).argmax()
    assert accuracy["majority"]["all"] == round(float(np.mean(test.labels == most_frequent)), 3)
    floors = builder.info.metadata["floors"]
    assert accuracy["rmfn"]["all"] > floors["bags"] > accuracy["logistic"]["all"]
    assert accuracy["ef_lstm"]["all"] > floors["language"]
    for name in ("rmfn", "ef_lstm", "majority", "logistic"):
        assert accuracy[name]["all"] < accuracy["best possible (theory)"]["all"] + 0.02
