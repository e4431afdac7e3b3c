"""Reports of made-up comparisons, read back by what users read them with."""

import copy
import csv
import io
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rmfn_tf.comparison.markdown import to_markdown
from rmfn_tf.comparison.published import published_for
from rmfn_tf.comparison.spreadsheet import to_csv
from rmfn_tf.comparison.terminal import to_table

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
    """Two floors and two models, floors first; rmfn best in mae, ridge best in r."""
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
                "row": "constant",
                "kind": "floor",
                "runs": 1,
                "values": {
                    "mae": against(0.9, 0.04, 0.0009, 0.001, **floor),
                    "r": against(0.0, -0.3, 0.0, 0.0004, low=0.0, high=0.0, **floor),
                },
            },
            {
                "row": "ef_lstm",
                "kind": "model",
                "runs": 2,
                "values": {"mae": value(0.86), "r": value(0.3)},
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
            {
                "row": "rmfn",
                "kind": "model",
                "runs": 2,
                "values": {
                    "mae": against(0.81, -0.05, 0.0123, 0.0246),
                    "r": against(0.33, 0.03, 0.04, 0.08),
                },
            },
        ],
        "constant_predictions": ["constant"],
        "published": None,
        "notes": [],
    }
    return {**result, **changes}


def sections(markdown: str) -> dict[str, str]:
    parts = re.split(r"^#+ (.*)\n", markdown, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def tables(markdown: str) -> list[list[list[str]]]:
    """The tables of a text, header first, without the rule; every line as wide as its header."""
    found: list[list[list[str]]] = []
    previous = ""
    for line in markdown.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not previous.startswith("|"):
                assert previous == "", "a table needs an empty line above it"
                found.append([])
            found[-1].append(cells)
        previous = line
    for table in found:
        assert {len(line) for line in table} == {len(table[0])}
        assert all(re.fullmatch(r"-+:?", cell) for cell in table.pop(1))
    return found


def table_of(markdown: str, heading: str) -> dict[str, dict[str, str]]:
    """Row name → column → cell, of the one table under a heading."""
    ((header, *lines),) = tables(sections(markdown)[heading])
    return {line[0]: dict(zip(header, line, strict=True)) for line in lines}


BEST = "Best of n on test: only for comparison with old tables"


def test_markdown_results() -> None:
    table = table_of(to_markdown(make_result()), "Results")
    assert list(table) == ["ef_lstm", "rmfn", "constant", "ridge"]  # models, then floors
    assert table["rmfn"] == {
        "row": "rmfn",
        "kind": "model",
        "runs": "2",
        "mae ↓": "**0.810 ± 0.012** [0.710, 1.010]",
        "r ↑": "0.330 ± 0.012 [0.230, 0.530]",
    }
    assert table["ridge"]["mae ↓"] == "0.870 [0.770, 1.070]"  # one run: no spread
    assert table["ridge"]["r ↑"] == "**0.350** [0.250, 0.550]"


@pytest.mark.parametrize("lower", [True, False])
def test_the_best_mean_is_bold_in_the_right_direction(lower: bool) -> None:
    result = make_result(lower_is_better=["mae"] if lower else [])
    arrow = "mae ↓" if lower else "mae ↑"
    table = table_of(to_markdown(result), "Results")
    bold = [row for row, cells in table.items() if "**" in cells[arrow]]
    assert bold == (["rmfn"] if lower else ["constant"])
    # The best of n has means of its own: nothing there is marked.
    assert "**0" not in sections(to_markdown(result))[BEST]


def test_what_prints_alike_is_bold_alike_and_unknown_means_never() -> None:
    result = make_result()
    means = {"rmfn": 0.8101, "ef_lstm": 0.8099, "ridge": None, "constant": math.nan}
    for row in result["rows"]:
        row["values"]["mae"]["mean"] = means[row["row"]]
    table = table_of(to_markdown(result), "Results")
    assert {row for row in table if "**" in table[row]["mae ↓"]} == {"rmfn", "ef_lstm"}
    for row in result["rows"]:
        row["values"]["mae"]["mean"] = None
    assert "**" not in str(
        [cells["mae ↓"] for cells in table_of(to_markdown(result), "Results").values()]
    )


def test_markdown_differences() -> None:
    text = to_markdown(make_result())
    table = table_of(text, "Differences from ef_lstm")
    assert list(table) == ["rmfn", "constant", "ridge"]  # the reference has none
    assert table["rmfn"]["mae ↓"] == "-0.050 (0.012; 0.025)"
    assert table["rmfn"]["r ↑"] == "+0.030 (0.040; 0.080)"
    assert table["constant"]["mae ↓"] == "+0.040 (<0.001; 0.001)"
    assert table["constant"]["r ↑"] == "-0.300 (<0.001; <0.001)"
    alone = make_result(rows=[row for row in make_result()["rows"] if row["row"] == "ef_lstm"])
    assert not any(heading.startswith("Differences") for heading in sections(to_markdown(alone)))


def test_best_of_n_stands_apart_and_is_marked() -> None:
    text = to_markdown(make_result())
    assert table_of(text, BEST)["rmfn"] == {
        "row": "rmfn",
        "runs": "2",
        "mae ↓": "0.860",
        "r ↑": "0.380",
    }
    assert "Selected on the test items" in sections(text)[BEST]
    before = text[: text.index(BEST)]
    assert "0.380" not in before  # selected values are nowhere among the results
    assert "0.860 ± 0.012" in before


def test_what_was_run_is_said() -> None:
    result = make_result(notes=["One thing.", "Another."])
    text = to_markdown(result)
    assert text.startswith("# pom/mfn_arrays: test\n")
    assert f"```bash\n{result['command']}\n```" in text
    assert "203 items of 101 videos; seeds 0, 7; reference ef_lstm." in text
    assert "2000 resamples" in text
    assert "9999 swaps" in text
    assert sections(text)["Notes"].strip() == "- One thing.\n- Another."
    assert "Notes" not in sections(to_markdown(make_result()))


@pytest.mark.parametrize(("split", "said"), [("test", False), ("10 folds", True)])
def test_folds_are_said_to_be_optimistic(split: str, said: bool) -> None:
    result = make_result(split=split)
    assert ("training sets overlap" in to_markdown(result)) is said
    assert ("training sets overlap" in str(to_table(result).caption)) is said


def test_constant_predictions_are_footnoted_at_r_alone() -> None:
    text = to_markdown(make_result())
    table = table_of(text, "Results")
    marked = [(row, name) for row, cells in table.items() for name in cells if "¹" in cells[name]]
    assert marked == [("constant", "r ↑")]
    assert "r is 0 by convention" in text
    for changes in ({"constant_predictions": []}, {"metrics": ["mae"]}):
        other = to_markdown(make_result(**changes))
        assert "¹" not in other
        assert "convention" not in other


@pytest.mark.parametrize("data", ["pom", "cmu_mosi", "iemocap"])
def test_published_rows_with_their_sources_and_protocol(data: str) -> None:
    published = published_for(data)
    assert published is not None
    result = make_result(published=published)
    text = to_markdown(result)
    heading = "Published rows: not ours"
    table = table_of(text, heading)
    assert list(table) == [row["row"] for row in published["rows"]]
    for row in published["rows"]:
        cells = table[row["row"]]
        assert cells["source"] == row["source"]
        assert cells["kind"] == row["kind"]
        shown = {name[:-2]: cell for name, cell in cells.items() if name[-1] in "↑↓"}
        for metric, cell in shown.items():
            expected = row["values"].get(metric)
            assert cell == ("–" if expected is None else f"{expected:.3f}")
        assert set(row["values"]) <= set(shown)
    assert published["source"] in text
    assert all(f"- {sentence}" in text for sentence in published["protocol"])
    assert heading not in to_markdown(make_result())


NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() and text == " ".join(text.split())
)


@given(name=NAME, metric=st.sampled_from(["a|b", "mae", "f1_non0"]))
def test_any_name_stays_in_its_cell(name: str, metric: str) -> None:
    result = make_result(metrics=[metric], reference="ef_lstm", published=published_for("pom"))
    for row in result["rows"]:
        row["values"] = {metric: row["values"]["mae"]}
    result["rows"][3]["row"] = name
    markdown_tables = tables(to_markdown(result))
    assert len(markdown_tables) == 4
    shown = [line[0] for line in markdown_tables[0][1:]]
    assert re.sub(r"\\(.)", r"\1", shown[1]) == name


def test_markup_in_names_is_text() -> None:
    result = make_result()
    result["rows"][3]["row"] = "a*b*|`c`[x](y)<b>"
    text = to_markdown(result)
    assert r"| a\*b\*\|\`c\`\[x](y)\<b> |" in text
    result["rows"][3]["row"] = "[bold]x[/]"
    assert "[bold]x[/]" in drawn(result)
    assert "see [1] and [red]2[/red]" in drawn(make_result(notes=["see [1] and [red]2[/red]"]))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def back(field: str) -> float | None:
    return float(field) if field else None


@pytest.mark.parametrize("data", ["pom", "cmu_mosi"])
def test_csv_reads_back_to_the_very_numbers(data: str) -> None:
    result = make_result(published=published_for(data))
    lines = read(to_csv(result))
    ours = {(line["row"], line["metric"]): line for line in lines if line["runs"]}
    assert len(ours) == 4 * 2
    for row in result["rows"]:
        for metric in result["metrics"]:
            line, expected = ours[row["row"], metric], row["values"][metric]
            assert (line["kind"], line["runs"]) == (row["kind"], str(row["runs"]))
            assert {key: back(line[key]) for key in NUMBERS} == {
                key: expected[key] for key in NUMBERS
            }
            assert back(line["best_of_n"]) == expected["best"]
            assert line["published"] == line["source"] == ""
    rows = result["published"]["rows"]
    theirs = [line for line in lines if not line["runs"]]
    assert [(line["kind"], line["row"], line["metric"], line["source"]) for line in theirs] == [
        (row["kind"], row["row"], metric, row["source"]) for row in rows for metric in row["values"]
    ]
    assert [back(line["published"]) for line in theirs] == [
        number for row in rows for number in row["values"].values()
    ]
    assert all(line[key] == "" for line in theirs for key in (*NUMBERS, "best_of_n"))


@given(number=st.floats(allow_nan=False, allow_infinity=False), name=NAME)
def test_csv_loses_no_bit_and_no_letter(number: float, name: str) -> None:
    result = make_result(rows=copy.deepcopy(make_result()["rows"][:1]))
    result["rows"][0]["row"] = name
    result["rows"][0]["values"]["mae"]["low"] = number
    line = read(to_csv(result))[0]
    assert float(line["low"]) == number
    assert line["row"] == name


def drawn(result: dict[str, Any], width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(to_table(result))
    return console.export_text()


def test_terminal_table_fits_80_columns_whatever_the_metrics() -> None:
    metrics = ["mae", "r", "a2", "f1", "a2_non0", "f1_non0", "a7", "a5"]
    result = make_result(metrics=metrics, published=published_for("cmu_mosi"))
    for row in result["rows"]:
        row["values"] = dict.fromkeys(metrics, row["values"]["mae"])
    result["rows"][0]["row"] = "a model whose name is longer than the room"
    lines = drawn(result).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("0.810 ± 0.012" in line for line in lines) == len(metrics)  # none broken in two
    assert sum(line.strip().endswith("-0.050   0.012     0.025") for line in lines) == 8


def test_terminal_table_by_metric() -> None:
    result = make_result(published=published_for("pom"), notes=["Mind this."])
    lines = [line.strip() for line in drawn(result).splitlines()]
    start, middle, end = (lines.index(name) for name in ("mae ↓", "r ↑", "accuracy ↑"))
    block = lines[start + 1 : middle]
    assert [line.split()[0] for line in block[:5]] == [
        *("ef_lstm", "rmfn", "constant", "ridge", "SVM")
    ]
    assert re.split(r"  +", block[1]) == [
        *("rmfn", "0.810 ± 0.012", "[0.710, 1.010]", "-0.050", "0.012", "0.025")
    ]
    assert re.split(r"  +", block[0]) == ["ef_lstm", "0.860 ± 0.012", "[0.760, 1.060]"]
    assert re.split(r"  +", block[4]) == ["SVM", "0.887", "published"]
    assert re.split(r"  +", lines[middle + 3])[:2] == ["constant ¹", "0.000"]
    assert re.split(r"  +", lines[end + 1]) == ["SVM", "0.339", "published"]  # theirs alone
    text = "\n".join(lines)
    assert "Mind this." in text
    assert "1806.00064" in text


def test_terminal_table_bolds_the_best() -> None:
    table = to_table(make_result())
    bold = [
        cell.plain.strip()
        for cell in table.columns[0].cells
        if getattr(cell, "style", "") == "bold"
    ]
    assert bold == ["rmfn", "ridge"]  # of mae, then of r


@pytest.mark.parametrize("key", [*NUMBERS, "best"])
def test_any_value_may_be_missing(key: str) -> None:
    result = make_result()
    for row in result["rows"]:
        for values in row["values"].values():
            values[key] = None
    text = to_markdown(result)
    assert "None" not in text
    tables(text)
    assert ("]" in table_of(text, "Results")["rmfn"]["mae ↓"]) is (key not in ("low", "high"))
    assert "None" not in drawn(result)
    column = "best_of_n" if key == "best" else key
    assert {line[column] for line in read(to_csv(result))} == {""}


def test_no_minus_before_zero() -> None:
    result = make_result()
    result["rows"][3]["values"]["mae"].update(mean=-0.0001, low=-0.0004, difference=-0.0001)
    text = to_markdown(result)
    assert "-0.000" not in text
    assert "0.000 ± 0.012** [0.000, " in text
    assert "+0.000 (" in text
