"""Reports of made-up comparisons, read back by what users read them with."""

import csv
import dataclasses
import io
import re
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from rmfn_tf.comparison.compare import score_parts
from rmfn_tf.comparison.published import published_for
from rmfn_tf.comparison.report import make_report, to_rows
from rmfn_tf.comparison.table import number, spread
from rmfn_tf.files import write_rows
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import Predictions, read_predictions, write_predictions
from support.random_examples import make_examples

NUMBERS = ("mean", "std", "low", "high", "difference", "p_items", "p_seeds", "p", "p_holm")


def value(mean: float, **changes: Any) -> dict[str, Any]:
    made = {
        "mean": mean,
        "std": 0.0123,
        "low": mean - 0.1,
        "high": mean + 0.2,
        "best": mean + 0.05,
        **dict.fromkeys(("difference", "p_items", "p_seeds", "p", "p_holm")),
    }
    return {**made, **changes}


def against(mean: float, difference: float, p: float, p_holm: float, **changes: Any) -> dict:
    values = {"difference": difference, "p_items": p / 2, "p_seeds": p, "p": p, "p_holm": p_holm}
    return value(mean, **values, **changes)


def make_result(**changes: Any) -> dict[str, Any]:
    """Two models and two floors; rmfn best in mae, ridge best in r."""
    floor = {"std": None}
    result = {
        "data": "pom/mfn_arrays",
        "split": "test",
        "items": 203,
        "videos": 101,
        "seeds": [0, 7],
        "reference": "ef_lstm",
        "command": "rmfn compare pom --models rmfn,ef_lstm --seeds 2",
        "resamples": {"bootstrap": 2000, "permutation": 9999},
        "metrics": ["mae", "r"],
        "lower_is_better": ["mae"],
        "rows": [
            {
                "row": "ef_lstm",
                "kind": "model",
                "runs": 2,
                "values": {"mae": value(0.86), "r": value(0.3)},
            },
            {
                "row": "rmfn",
                "kind": "model",
                "runs": 2,
                "values": {
                    "mae": against(0.81, -0.05, 0.0123, 0.0246),
                    "r": against(0.33, 0.03, 0.04, 0.08),
                },
            },
            {
                "row": "constant",
                "kind": "floor",
                "runs": 1,
                "values": {
                    "mae": against(0.9, 0.04, 0.0009, 0.001, **floor),
                    "r": against(0.0, -0.3, 0.0, 0.0004, low=0.0, high=0.0, **floor),
                },
            },
            {
                "row": "ridge",
                "kind": "floor",
                "runs": 1,
                "values": {
                    "mae": against(0.87, 0.01, 0.5, 1.0, **floor),
                    "r": against(0.35, 0.05, 0.2, 0.4, **floor),
                },
            },
        ],
        "constant_predictions": ["constant"],
        "parts": {},
        "published": None,
        "notes": [],
    }
    return {**result, **changes}


def blocks(result: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Metric → row → cells, as the table shows them."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, *cells in make_report(result).table.lines:
        if cells:
            found[list(found)[-1]][name] = cells
        else:
            found[name] = {}
    return found


def bold(result: dict[str, Any]) -> list[str]:
    table = make_report(result).table
    return [table.lines[number][0] for number in sorted(table.bold)]


def markdown_table(text: str) -> list[list[str]]:
    """The one table of a text, every line as wide as its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert {len(line) for line in cells} == {6}
    assert all(re.fullmatch(r"-+:?", cell) for cell in cells.pop(1))
    return cells


def drawn(result: dict[str, Any], width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(make_report(result).table.below("title"))
    return console.export_text()


def test_models_floors_and_published_rows_stand_under_each_metric() -> None:
    table = blocks(make_result(published=published_for("pom")))
    assert list(table) == ["mae ↓", "r ↑", "accuracy ↑"]  # the last is theirs alone
    assert list(table["mae ↓"])[:5] == ["ef_lstm", "rmfn", "constant", "ridge", "SVM"]
    shown = table["mae ↓"]
    assert shown["rmfn"] == ["0.810 ± 0.012", "[0.710, 1.010]", "-0.050", "0.012", "0.025"]
    assert shown["ef_lstm"] == ["0.860 ± 0.012", "[0.760, 1.060]"]  # the reference
    assert shown["ridge"][:2] == ["0.870", "[0.770, 1.070]"]  # one run: no spread
    assert shown["constant"][2:] == ["+0.040", "<0.001", "0.001"]
    assert shown["SVM"] == ["0.887", "published"]
    assert table["r ↑"]["constant ¹"][2:] == ["-0.300", "<0.001", "<0.001"]
    assert table["accuracy ↑"]["SVM"] == ["0.339", "published"]


@pytest.mark.parametrize("lower", [True, False])
def test_the_best_mean_is_bold_in_the_right_direction(lower: bool) -> None:
    result = make_result(lower_is_better=["mae"] if lower else [])
    assert bold(result) == ["rmfn" if lower else "constant", "ridge"]


def test_what_prints_alike_is_bold_alike() -> None:
    result = make_result(metrics=["mae"])
    means = {"rmfn": 0.8101, "ef_lstm": 0.8099, "ridge": 0.9, "constant": 0.9}
    for row in result["rows"]:
        row["values"]["mae"]["mean"] = means[row["row"]]
    assert bold(result) == ["ef_lstm", "rmfn"]


def test_markdown_has_the_same_table() -> None:
    result = make_result()
    header, *lines = markdown_table(make_report(result).to_markdown())
    table = make_report(result).table
    assert header == list(table.header)
    for index, (shown, cells) in enumerate(zip(lines, table.lines, strict=True)):
        marked = index in table.bold or len(cells) == 1
        assert shown[0].strip("*").replace("\\", "") == cells[0]
        assert shown[0].startswith("**") is marked
        assert [cell.replace("\\", "") for cell in shown[1 : len(cells)]] == cells[1:]
        assert set(shown[len(cells) :]) <= {""}


@pytest.mark.parametrize("columns", [2, 7])
def test_each_label_is_scored_by_itself(columns: int) -> None:
    """Few labels stand across the page, many down; the rates of the labels in a table of theirs."""
    rng, names = np.random.default_rng(0), tuple("abcdefg"[:columns])
    labels = (rng.uniform(size=(8, columns)) < 0.4).astype("float32")
    runs = [rng.uniform(size=labels.shape) for _ in range(2)]
    items = Predictions([""] * 8, np.arange(8), labels, {}, {})
    parts = score_parts(Task("multilabel", names), items, {"model": runs, "floor": runs[:1]})
    assert list(parts) == ["base rate by label", "accuracy by label", "weighted_f1 by label"]
    right = [((run >= 0.5) == labels).mean(axis=0) for run in runs]
    (rates,), scores = parts["base rate by label"].values(), parts["accuracy by label"]["model"]
    for k, name in enumerate(names):
        assert rates[name] == pytest.approx([labels[:, k].mean()])
        assert scores[name] == pytest.approx([each[k] for each in right])
    table = make_report(make_result(parts=parts)).more["accuracy by label"]
    down = table.lines if columns == 7 else list(zip(table.header, *table.lines, strict=True))[1:]
    assert [line[0] for line in down] == list(names)
    assert down[0][1] == spread(np.mean(scores["a"]), np.std(scores["a"], ddof=1))


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_each_kind_of_item_is_scored_by_itself(kind: str, tmp_path) -> None:
    """Kept with the predictions, read back, and told in a table of its own."""
    rng = np.random.default_rng(0)
    task = Task.of(kind, 2 if kind == "classification" else 1)
    kinds = {"kind": np.array(list("abc" * 4))}
    examples = dataclasses.replace(make_examples([2] * 12, kind=kind), extra=kinds)
    runs = [rng.normal(size=(12, task.num_outputs)).astype("float32") for _ in range(2)]
    write_predictions(tmp_path / "kept.csv", examples, {"first": runs[0], "second": runs[1]})
    items = read_predictions(tmp_path / "kept.csv", kind)
    two, one = {"model": list(items.by_row.values())}, {"floor": [items.by_row["first"]]}
    parts = score_parts(task, items, two | one)
    metric, score = {
        "classification": ("accuracy", lambda run: run.argmax(axis=1) == examples.labels),
        "regression": ("mae", lambda run: np.abs(run - examples.labels)[:, 0]),
    }[kind]
    for start, name in enumerate("abc"):
        expected = [score(run)[start::3].mean() for run in runs]
        assert parts[f"{metric} by kind"]["model"][name] == pytest.approx(expected, abs=1e-6)
    report = make_report(make_result(parts=parts))
    (table,) = report.more.values()
    assert table.header == ["", "a", "b", "c"]
    (model, *cells), (floor, *alone) = table.lines
    assert (model, floor) == ("model", "floor")
    first, second = parts[f"{metric} by kind"]["model"]["a"]
    assert cells[0] == spread((first + second) / 2, abs(first - second) / 2**0.5)
    assert alone[0] == number(first)
    assert f"## {metric} by kind" in report.to_markdown()


def test_what_was_run_is_said() -> None:
    result = make_result(notes=["One thing.", "Another."])
    text = make_report(result).to_markdown()
    assert text.startswith("# pom/mfn_arrays: test\n")
    assert f"```bash\n{result['command']}\n```" in text
    assert "203 items of 101 videos; seeds 0, 7; reference ef_lstm." in text
    assert "2000 resamples" in text
    assert "9999 drawn" in text
    assert "- One thing.\n- Another." in text


def test_the_best_of_several_runs_is_one_sentence() -> None:
    text = make_report(make_result()).to_markdown()
    (said,) = [line for line in text.splitlines() if "inflates it" in line]
    assert said.endswith("that would be: ef_lstm mae 0.910, r 0.350; rmfn mae 0.860, r 0.380.")
    assert "0.380" not in text.replace(said, "")  # selected values are nowhere among the results


@pytest.mark.parametrize(
    ("changes", "words", "said"),
    [
        ({"split": "10 folds"}, "training sets overlap", True),
        ({}, "training sets overlap", False),
        ({}, "r is 0 by convention", True),
        ({"constant_predictions": []}, "convention", False),
        ({"metrics": ["mae"]}, "¹", False),
        ({"published": published_for("pom")}, "1806.00064", True),
        ({}, "Published", False),
    ],
)
def test_what_must_be_known_is_said(changes: dict[str, Any], words: str, said: bool) -> None:
    assert (words in make_report(make_result(**changes)).to_markdown()) is said


def test_markup_in_names_is_text() -> None:
    result = make_result()
    result["rows"][1]["row"] = "a*b*|`c`[x](y)<b>\\|"
    assert r"a\*b\*\|\`c\`\[x](y)\<b>\\\|" in make_report(result).to_markdown()
    result["rows"][1]["row"] = "[bold]x[/]"
    assert "[bold]x[/]" in drawn(result)


@pytest.mark.parametrize("data", ["pom", "cmu_mosi"])
def test_csv_reads_back_to_the_very_numbers(data: str, tmp_path) -> None:
    result = make_result(published=published_for(data))
    write_rows(tmp_path / "compare.csv", to_rows(result))
    with (tmp_path / "compare.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file, strict=True))

    def back(field: str) -> float | None:
        return float(field) if field else None

    ours = {(line["row"], line["metric"]): line for line in lines if line["runs"]}
    assert len(ours) == 4 * 2
    for row in result["rows"]:
        for metric in result["metrics"]:
            line, expected = ours[row["row"], metric], row["values"][metric]
            assert (line["kind"], line["runs"]) == (row["kind"], str(row["runs"]))
            assert {key: back(line[key]) for key in expected} == expected
            assert line["published"] == line["source"] == ""
    theirs = [line for line in lines if not line["runs"]]
    assert [
        (line["kind"], line["row"], line["metric"], line["source"], back(line["published"]))
        for line in theirs
    ] == [
        (row["kind"], row["row"], metric, row["source"], number)
        for row in result["published"]["rows"]
        for metric, number in row["values"].items()
    ]
    assert all(line[key] == "" for line in theirs for key in NUMBERS)


def test_a_terminal_of_80_columns_is_enough_whatever_the_metrics() -> None:
    metrics = ["mae", "r", "a2", "f1", "a2_non0", "f1_non0", "a7", "a5"]
    result = make_result(metrics=metrics, published=published_for("cmu_mosi"))
    for row in result["rows"]:
        row["values"] = dict.fromkeys(metrics, row["values"]["mae"])
    result["rows"][0]["row"] = "a model whose name is longer than the room"
    lines = drawn(result).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("0.810 ± 0.012" in line for line in lines) == len(metrics)  # none broken in two
    assert sum(line.strip().endswith("-0.050   0.012     0.025") for line in lines) == 8


@pytest.mark.parametrize("keys", [("std",), ("low", "high"), NUMBERS[4:]])
def test_what_does_not_exist_is_not_shown(keys: tuple[str, ...]) -> None:
    result = make_result()
    for row in result["rows"]:
        for values in row["values"].values():
            values.update(dict.fromkeys(keys))
    assert "None" not in make_report(result).to_markdown() + drawn(result)
    assert ("]" in blocks(result)["mae ↓"]["rmfn"][1]) is ("low" not in keys)


def test_no_minus_before_zero() -> None:
    result = make_result()
    result["rows"][1]["values"]["mae"].update(mean=-0.0001, low=-0.0004, difference=-0.0001)
    shown = blocks(result)["mae ↓"]["rmfn"]
    assert shown[:3] == ["0.000 ± 0.012", "[0.000, 1.010]", "+0.000"]
