"""The result of a comparison as people read it: one table for the terminal, Markdown and CSV.

A result is what `rmfn compare` writes as JSON: `data`, `split`, `items`, `videos`, `seeds`,
`reference`, `command`, `resamples` (`bootstrap`, `permutation`), `metrics`, `lower_is_better`,
`rows` (each `row`, `kind` "model" or "floor", `runs`, and `values`: metric → `mean`, `std`, `low`,
`high`, `best`, `difference`, `p_items`, `p_seeds`, `p`, `p_holm`), `constant_predictions`,
`published` (as `published_for` gives it, or None) and `notes`. A value that does not exist is None.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rich.table
from rich.text import Text

Result = Mapping[str, Any]

_NUMBERS = ("mean", "std", "low", "high", "difference", "p_items", "p_seeds", "p", "p_holm")
_CSV_COLUMNS = ("kind", "row", "metric", "runs", *_NUMBERS, "best_of_n", "published", "source")
_HEADER = ("", "mean ± std", "95 % interval", "difference", "p", "p (Holm)")


@dataclass(frozen=True)
class Table:
    """A table of ready cells.

    Args:
        header: the names of the columns; the first stands to the left, the others to the right.
        lines: cells; a line of one cell is a heading inside the table, a short line ends in empty
            cells.
        bold: the numbers of the lines that stand out.
    """

    header: Sequence[str]
    lines: Sequence[Sequence[str]]
    bold: frozenset[int] = frozenset()

    def to_rich(self, title: str = "") -> rich.table.Table:
        """For a terminal."""
        table = rich.table.Table(title=Text(title) if title else None, title_justify="left")
        table.box = None
        for number, name in enumerate(self.header):
            table.add_column(Text(name), justify="right" if number else "left")
        for number, cells in enumerate(self.lines):
            style = "underline" if len(cells) == 1 else "bold" if number in self.bold else ""
            table.add_row(*(Text(cell, style=style) for cell in cells))
        return table

    def to_markdown(self) -> str:
        """For Markdown, in which a heading inside a table is bold as well."""
        width = len(self.header)
        lines = [list(map(escape, self.header)), ["---", *["--:"] * (width - 1)]]
        for number, cells in enumerate(self.lines):
            marked = len(cells) == 1 or number in self.bold
            shown = [escape(cell) for cell in cells]
            shown[0] = f"**{shown[0]}**" if marked else shown[0]
            lines.append([*shown, *[""] * (width - len(cells))])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def to_table(result: Result) -> Table:
    """Metric by metric, so that any number of metrics fits into 80 columns: models, floors, and the
    published values below ours. The best mean is bold, and so is every mean that prints the same.
    """
    lines: list[list[str]] = []
    bold: set[int] = set()
    published = result["published"]["rows"] if result["published"] else []
    named = [*result["metrics"], *(metric for row in published for metric in row["values"])]
    for metric in dict.fromkeys(named):
        lines.append([f"{metric} {'↓' if metric in result['lower_is_better'] else '↑'}"])
        best = _best_rows(result, metric)
        for row in _models_first(result) if metric in result["metrics"] else ():
            if row["row"] in best:
                bold.add(len(lines))
            is_constant = metric == "r" and row["row"] in result["constant_predictions"]
            name = f"{row['row']}{' ¹' if is_constant else ''}"
            lines.append([name, *_cells(row["values"][metric])])
        for row in published:
            if metric in row["values"]:
                lines.append([row["row"], number(row["values"][metric]), row["kind"]])
    return Table(_HEADER, lines, frozenset(bold))


def to_csv(result: Result) -> str:
    """A line per row and metric, numbers in full; a missing value is an empty field.

    Published rows come last, with kind "published" (or "trivial", see `published_for`): their
    value stands in a column of its own, since it is no mean over runs, its source beside it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in _models_first(result):
        for metric in result["metrics"]:
            values = row["values"][metric]
            writer.writerow({**row, **values, "metric": metric, "best_of_n": values["best"]})
    for row in result["published"]["rows"] if result["published"] else ():
        for metric, value in row["values"].items():
            writer.writerow({**row, "metric": metric, "published": value})
    return text.getvalue()


def to_markdown(result: Result) -> str:
    """The whole report: what was run, the table, how to read it, published sources, notes."""
    parts = [
        f"# {escape(result['data'])}: {escape(result['split'])}",
        f"```bash\n{result['command']}\n```",
        f"{result['items']} items of {result['videos']} videos; seeds "
        f"{', '.join(map(str, result['seeds']))}; reference {escape(result['reference'])}.",
        to_table(result).to_markdown(),
        bullets(explanations(result)),
    ]
    return "\n\n".join(parts) + "\n"


def explanations(result: Result) -> list[str]:
    """Sentences that say what the columns are, what they do not show, and who published what."""
    lines = []
    if "r" in result["metrics"] and result["constant_predictions"]:
        lines.append("¹ The same prediction for every item, so r is 0 by convention.")
    bootstrap, permutation = (result["resamples"][key] for key in ("bootstrap", "permutation"))
    lines.append(
        "mean ± std: over the row's runs (one run has no std). [low, high]: 95 % bootstrap "
        f"interval of that mean, {bootstrap} resamples of whole videos, of these trained models. "
        f"p: the larger of two two-sided p-values against {result['reference']}. One is of a "
        "paired permutation test (swaps of whole videos: all of them, or "
        f"{permutation} drawn where there are more), which does not see what other seeds would "
        "give; the other of Welch's t-test over the runs, which sees nothing else. A pair of rows "
        "that does not vary over its runs has only the first."
    )
    if "fold" in result["split"]:
        lines.append(
            "The folds' training sets overlap, so these are optimistic: the intervals are too "
            "narrow and the p-values too small."
        )
    several = [row for row in _models_first(result) if row["runs"] > 1]
    best = "; ".join(
        f"{row['row']} "
        + ", ".join(f"{each} {number(row['values'][each]['best'])}" for each in result["metrics"])
        for row in several
    )
    if best:
        lines.append(
            "Picking, for each metric, the best of a row's runs by its score on these very items "
            f"inflates it; for comparison with old tables only, that would be: {best}."
        )
    if published := result["published"]:
        lines += [f"Published, not ours: {published['source']}", *published["protocol"]]
    return [*lines, *result["notes"]]


def number(value: float | None) -> str:
    """Three decimals, or a dash where there is none."""
    return "–" if value is None else f"{value:z.3f}"


def p_value(value: float | None) -> str:
    """Three decimals; what is smaller than they show is said to be."""
    return "<0.001" if value is not None and value < 0.001 else number(value)


def bullets(sentences: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\|*`<\[])", r"\\\1", " ".join(text.split()))


def _cells(value: Mapping[str, Any]) -> list[str]:
    mean = number(value["mean"])
    if value["std"] is not None:
        mean += f" ± {number(value['std'])}"
    known = value["low"] is not None and value["high"] is not None
    interval = f"[{number(value['low'])}, {number(value['high'])}]" if known else ""
    if value["difference"] is None:
        return [mean, interval]
    difference = f"{value['difference']:+z.3f}"
    return [mean, interval, difference, p_value(value["p"]), p_value(value["p_holm"])]


def _models_first(result: Result) -> list[Mapping[str, Any]]:
    return sorted(result["rows"], key=lambda row: row["kind"] != "model")


def _best_rows(result: Result, metric: str) -> set[str]:
    """The rows whose mean prints as the best does: no table marks a difference it does not show."""
    if metric not in result["metrics"]:
        return set()
    means = {row["row"]: row["values"][metric]["mean"] for row in result["rows"]}
    known = {row: mean for row, mean in means.items() if mean is not None and math.isfinite(mean)}
    pick = min if metric in result["lower_is_better"] else max
    best = number(pick(known.values(), default=None))
    return {row for row, mean in known.items() if number(mean) == best}
