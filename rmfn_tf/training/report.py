"""The result of a comparison as Markdown, CSV and a table for the terminal.

A result is what `rmfn compare` writes as JSON: `data`, `split`, `items`, `videos`, `seeds`,
`reference`, `command`, `resamples` (`bootstrap`, `permutation`), `metrics`, `lower_is_better`,
`rows` (each `row`, `kind` "model" or "floor", `runs`, and `values`: metric → `mean`, `std`, `low`,
`high`, `best`, `difference`, `p`, `p_holm`), `constant_predictions`, `published` (as
`published_for` gives it, or None) and `notes`. A value that does not exist is None.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

Result = Mapping[str, Any]
Row = Mapping[str, Any]
_CSV_COLUMNS = (
    *("kind", "row", "metric", "runs", "mean", "std", "low", "high"),
    *("difference", "p", "p_holm", "best_of_n", "published", "source"),
)


def to_markdown(result: Result) -> str:
    """The whole report: results, differences, best of n apart, published rows, notes.

    Values have three decimals, in the metrics' own units (accuracies and F1 as shares). The best
    mean of each metric is bold, and so is every mean that prints the same.
    """
    metrics, rows, reference = result["metrics"], _rows(result), _escape(result["reference"])
    compared = [
        row for row in rows if any(row["values"][m]["difference"] is not None for m in metrics)
    ]
    parts = [
        f"# {_escape(result['data'])}: {_escape(result['split'])}",
        f"```bash\n{result['command']}\n```",
        f"{result['items']} items of {result['videos']} videos; seeds "
        f"{', '.join(map(str, result['seeds']))}; reference {reference}.",
        "## Results",
        _metric_table(result, ("kind", "runs"), rows, metrics, _result_cell(result)),
        *map(_escape, _explanations(result)),
    ]
    if compared:
        parts += [
            f"## Differences from {reference}",
            _metric_table(result, (), compared, metrics, _difference_cell),
            f"The row's mean minus that of {reference} (p; p adjusted by Holm's method).",
        ]
    parts += [
        "## Best of n on test: only for comparison with old tables",
        "**Selected on the test items.** For each metric separately, the best of a row's runs, "
        "chosen by its value on the very items it is judged on: optimistic, and no result of ours.",
        _metric_table(
            result, ("runs",), rows, metrics, lambda row, m: _number(row["values"][m]["best"])
        ),
    ]
    if published := result["published"]:
        named = {metric for row in published["rows"] for metric in row["values"]}
        parts += [
            "## Published rows: not ours",
            published["source"],
            _bullets(published["protocol"]),
            _metric_table(
                result,
                ("kind", "source"),
                published["rows"],
                [metric for metric in _all_metrics(result) if metric in named],
                lambda row, metric: _number(row["values"].get(metric)),
            ),
        ]
    if result["notes"]:
        parts += ["## Notes", _bullets(result["notes"])]
    return "\n\n".join(parts) + "\n"


def to_csv(result: Result) -> str:
    """A line per row and metric, numbers in full; a missing value is an empty field.

    Published rows come last, with kind "published" (or "trivial", see `published_for`): their
    value stands in a column of its own, since it is no mean over runs, its source beside it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in _rows(result):
        about = {key: row[key] for key in ("kind", "row", "runs")}
        for metric in result["metrics"]:
            values = {**row["values"][metric]}
            writer.writerow({**about, "metric": metric, "best_of_n": values.pop("best"), **values})
    for row in _published(result):
        about = {key: row[key] for key in ("kind", "row", "source")}
        for metric, value in row["values"].items():
            writer.writerow({**about, "metric": metric, "published": value})
    return text.getvalue()


def to_table(result: Result) -> Table:
    """A table for a terminal of 80 columns: metric by metric, so any number of metrics fits.

    The best mean of each metric is bold; published values are dim and stand below ours.
    """
    table = Table(
        title=Text(f"{result['data']}: {result['split']}"), title_justify="left", box=None
    )
    table.add_column("")
    for name in ("mean ± std", "95 % interval", "difference", "p", "p (Holm)"):
        table.add_column(name, justify="right")
    for metric in _all_metrics(result):
        table.add_row(Text(_directed(result, metric), style="underline"))
        best = _best_rows(result, metric)
        for row in _rows(result) if metric in result["metrics"] else ():
            value = row["values"][metric]
            mark = _constant_mark(result, row, metric)
            cells = [f"  {row['row']}{mark}", _mean_and_std(value), _interval(value)]
            if value["difference"] is not None:
                cells += [_signed(value["difference"]), _p(value["p"]), _p(value["p_holm"])]
            style = "bold" if row["row"] in best else ""
            table.add_row(*(Text(cell, style=style) for cell in cells))
        for row in _published(result):
            if metric in row["values"]:
                cells = [f"  {row['row']}", _number(row["values"][metric]), row["kind"]]
                table.add_row(*(Text(cell, style="dim") for cell in cells))
    said = [*_explanations(result), *result["notes"]]
    if published := result["published"]:
        said += [f"Published: {published['source']}", *published["protocol"]]
    table.caption = Text("\n".join(said))
    table.caption_justify = "left"
    return table


def _rows(result: Result) -> list[Row]:
    return sorted(result["rows"], key=lambda row: row["kind"] != "model")


def _published(result: Result) -> list[Row]:
    return result["published"]["rows"] if result["published"] else []


def _all_metrics(result: Result) -> list[str]:
    """The compared metrics, then those that only published rows have."""
    published = (metric for row in _published(result) for metric in row["values"])
    return list(dict.fromkeys([*result["metrics"], *published]))


def _best_rows(result: Result, metric: str) -> set[str]:
    """The rows whose mean prints as the best does: no table marks a difference it does not show."""
    if metric not in result["metrics"]:
        return set()
    means = {row["row"]: row["values"][metric]["mean"] for row in result["rows"]}
    known = {row: mean for row, mean in means.items() if mean is not None and math.isfinite(mean)}
    pick = min if metric in result["lower_is_better"] else max
    best = _number(pick(known.values(), default=None))
    return {row for row, mean in known.items() if _number(mean) == best}


def _explanations(result: Result) -> list[str]:
    lines = []
    if "r" in result["metrics"] and result["constant_predictions"]:
        lines.append("¹ The same prediction for every item, so r is 0 by convention.")
    bootstrap, permutation = (result["resamples"][key] for key in ("bootstrap", "permutation"))
    lines.append(
        "mean ± std: over the row's runs (one run has no std). [low, high]: 95 % bootstrap "
        f"interval of that mean, {bootstrap} resamples of whole videos. p: two-sided paired "
        f"permutation test against {result['reference']}, {permutation} swaps of whole "
        "videos. Interval and p speak of these trained models, not of other seeds."
    )
    if "fold" in result["split"]:
        lines.append(
            "The folds' training sets overlap, so these are optimistic: the intervals are too "
            "narrow and the p-values too small."
        )
    return lines


def _constant_mark(result: Result, row: Row, metric: str) -> str:
    return " ¹" if metric == "r" and row["row"] in result["constant_predictions"] else ""


def _result_cell(result: Result) -> Callable[[Row, str], str]:
    best = {metric: _best_rows(result, metric) for metric in result["metrics"]}

    def cell(row: Row, metric: str) -> str:
        value = row["values"][metric]
        mean = _mean_and_std(value)
        mean = f"**{mean}**" if row["row"] in best[metric] else mean
        return f"{mean} {_interval(value)}".rstrip() + _constant_mark(result, row, metric)

    return cell


def _difference_cell(row: Row, metric: str) -> str:
    value = row["values"][metric]
    return f"{_signed(value['difference'])} ({_p(value['p'])}; {_p(value['p_holm'])})"


def _metric_table(
    result: Result,
    about: Sequence[str],
    rows: Iterable[Row],
    metrics: Iterable[str],
    cell: Callable[[Row, str], str],
) -> str:
    """A Markdown table: a column per metric, after the row's name and what `about` names of it."""
    directed = {metric: _escape(_directed(result, metric)) for metric in metrics}
    lines = [
        ["row", *about, *directed.values()],
        ["---"] * (1 + len(about)) + ["--:"] * len(directed),
    ]
    for row in rows:
        names = (_escape(str(row[key])) for key in ("row", *about))
        lines.append([*names, *(cell(row, metric) for metric in directed)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _directed(result: Result, metric: str) -> str:
    return f"{metric} {'↓' if metric in result['lower_is_better'] else '↑'}"


def _mean_and_std(value: Mapping[str, Any]) -> str:
    mean = _number(value["mean"])
    return mean if value["std"] is None else f"{mean} ± {_number(value['std'])}"


def _interval(value: Mapping[str, Any]) -> str:
    if value["low"] is None or value["high"] is None:
        return ""
    return f"[{_number(value['low'])}, {_number(value['high'])}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:z.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+z.3f}"


def _p(value: float | None) -> str:
    return "<0.001" if value is not None and value < 0.001 else _number(value)


def _bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\|*`<\[])", r"\\\1", " ".join(text.split()))
