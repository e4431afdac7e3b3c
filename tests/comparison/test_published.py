"""Every published number against the design's tables, copied here as their text."""

import pytest

from rmfn_tf.comparison.published import published_for
from rmfn_tf.metrics import metrics_for
from rmfn_tf.task import Task

# The text of the design: percent for a2, f1, a7, accuracy; MAE and r as they are.
MOSI = """
| model | A2 | F1 | A7 | MAE | r |
| always negative | 55.2 | | | | |
| constant 0 | 44.8 | | 15.5 | 1.417 | |
| BC-LSTM | 73.9 | 73.9 | 28.7 | 1.079 | 0.581 |
| MV-LSTM | 73.9 | 74.0 | 33.2 | 1.019 | 0.601 |
| TFN | 73.9 | 73.4 | 32.1 | 0.970 | 0.633 |
| LMF | 76.4 | 75.7 | 32.8 | 0.912 | 0.668 |
| MARN | 77.1 | 77.0 | 34.7 | 0.968 | 0.625 |
| MFN | 77.4 | 77.3 | 34.1 | 0.965 | 0.632 |
| RMFN | 78.4 | 78.0 | 38.3 | 0.922 | 0.681 |
"""
IEMOCAP = (
    "SVM 81.5/78.8/82.4/64.9, BC-LSTM 81.7/81.7/84.2/64.1, MV-LSTM 81.3/74.0/84.3/66.7, "
    "MARN 83.6/81.2/84.2/65.9, MFN 84.0/82.1/83.7/69.2, TFN 83.6/82.8/84.2/65.4, "
    "LMF 85.8/85.9/89.0/71.7, never present 81.8/63.8/61.5/51.1"
)
POM = (
    "SVM 0.887/0.104/33.9, BC-LSTM 0.840/0.278/34.8, MV-LSTM 0.891/0.270/34.6, "
    "MFN 0.805/0.349/41.7, TFN 0.886/0.093/31.6, LMF 0.796/0.396/42.8"
)
NAMES = {
    "cmu_mosi": ["a2", "f1", "a7", "mae", "r"],
    "iemocap": [f"weighted_f1_{emotion}" for emotion in ("happy", "sad", "angry", "neutral")],
    "pom": ["mae", "r", "accuracy"],
}


def design(data: str) -> dict[str, dict[str, float]]:
    """Row → metric → value in our units, read from the text above."""
    if data == "cmu_mosi":
        lines = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in MOSI.strip().splitlines()[1:]
        ]
        printed = {name: values for name, *values in lines}
    else:
        text = IEMOCAP if data == "iemocap" else POM
        pairs = [entry.rsplit(" ", 1) for entry in text.split(", ")]
        printed = {name: values.split("/") for name, values in pairs}
    return {
        name: {
            metric: float(value) if metric in ("mae", "r") else float(value) / 100
            for metric, value in zip(NAMES[data], values, strict=True)
            if value
        }
        for name, values in printed.items()
    }


@pytest.mark.parametrize("data", NAMES)
def test_every_number_is_the_designs_in_our_units(data: str) -> None:
    rows = {row["row"]: row["values"] for row in published_for(data)["rows"]}
    expected = design(data)
    assert set(rows) == set(expected)
    assert len(rows) == len(published_for(data)["rows"])  # no row twice
    for name, values in expected.items():
        assert rows[name] == pytest.approx(values, abs=1e-12), name


@pytest.mark.parametrize(
    ("data", "task"),
    [
        ("cmu_mosi", Task("regression", ("s",), metrics="sentiment")),
        (
            "pom",
            Task("regression", ("t",), ranges={"t": (1, 7)}, metrics="pom"),
        ),
    ],
)
def test_names_are_those_of_the_data_sets_metrics(data: str, task: Task) -> None:
    ours = {metric.name for metric in metrics_for(task)}
    assert {metric for row in published_for(data)["rows"] for metric in row["values"]} <= ours


def test_only_the_data_sets_name_counts() -> None:
    assert published_for("pom/mfn_arrays") == published_for("pom") is not None
    assert published_for("cmu_mosi/csd_selected/1.0.0") == published_for("cmu_mosi")
    for other in ("ict_mmmo/trimodal", "synthetic", "pom2", "", "mfn_arrays/pom"):
        assert published_for(other) is None, other


def test_sources_say_no_more_than_is_known() -> None:
    lmf, rmfn = "1806.00064", "1808.03920"
    mosi, iemocap, pom = (published_for(data) for data in ("cmu_mosi", "iemocap", "pom"))
    of_mosi = {row["row"]: row["source"] for row in mosi["rows"]}
    assert rmfn in of_mosi["RMFN"]
    assert lmf in of_mosi["LMF"]
    for name in ("BC-LSTM", "MV-LSTM", "TFN", "MARN", "MFN"):
        assert "not noted" in of_mosi[name]
    for name, published in (("IEMOCAP", iemocap), ("POM", pom)):
        assert f"RMFN's own row for {name} could not be seen" in published["source"]
        assert "RMFN" not in {row["row"] for row in published["rows"]}
        assert all(lmf in r["source"] for r in published["rows"] if r["kind"] == "published")
    trivial = {r["row"]: r for each in (mosi, iemocap, pom) for r in each["rows"]}
    trivial = {name: row for name, row in trivial.items() if row["kind"] == "trivial"}
    assert set(trivial) == {"always negative", "constant 0", "never present"}
    assert all("no paper" in row["source"] for row in trivial.values())
