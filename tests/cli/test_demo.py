"""`rmfn demo`: what it leaves, what it says, and that what it says is so.

One seed; `benchmarks/demo_seeds.py` shows that it holds for others.
"""

import re

import pytest

from rmfn_tf.export.contract import read_contract


def read_table(text):
    """Row -> column -> number, of the one table in a text."""
    lines = [re.split("[│┃]", line)[1:-1] for line in text.splitlines()]
    header, *rows = [[cell.strip() for cell in line] for line in lines if line]
    columns = {row[0]: zip(header[1:], row[1:], strict=True) for row in rows}
    return {name: {key: float(x) for key, x in row if x} for name, row in columns.items()}


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
    floors = {name: row["all"] for name, row in accuracy.items() if name.startswith("floor: ")}
    assert accuracy["rmfn"]["all"] > max(floors.values())
    assert accuracy["ef_lstm"]["all"] > floors["floor: language"]
    for name in ("rmfn", "ef_lstm", *floors):
        assert accuracy[name]["all"] < accuracy["Bayes (best possible)"]["all"] + 0.02
