"""The result of a comparison as people read it, in a terminal and in Markdown.

A result is what `rmfn compare` writes as JSON: `data`, `split`, `items`, `videos`, `seeds`,
`reference`, `command`, `resamples` (`bootstrap`, `permutation`), `metrics`, `lower_is_better`,
`rows` (models first; each `row`, `kind` "model" or "floor", `runs`, and `values`: metric → the
values of `summarize`), `constant_predictions`, `parts` (what `score_parts` gives), `published` (as
`published_for` gives it, or None) and `notes`.
"""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from rmfn_tf.comparison.table import Report, Table, listed, number, p_value, spread

Result = Mapping[str, Any]

_HEADER = ("", "mean ± std", "95 % interval", "difference", "p", "p (Holm)")
_MOST_ACROSS = 7  # columns of a table of parts


def make_report(result: Result) -> Report:
    """The table, and sentences that say what it shows, what it does not, and who published what."""
    more = {title: _part_table(rows) for title, rows in result["parts"].items()}
    title = f"{result['data']}: {result['split']}"
    return Report(title, result, _table(result), _notes(result), more)


def to_rows(result: Result) -> list[dict[str, Any]]:
    """For a spreadsheet: one row for each row and metric of a result, with all digits.

    Published values come last, in a column of their own, since they are no means over runs.
    """
    rows = [
        {key: row[key] for key in ("kind", "row", "runs")}
        | {"metric": metric, **row["values"][metric], "published": None, "source": None}
        for row in result["rows"]
        for metric in result["metrics"]
    ]
    for row in result["published"]["rows"] if result["published"] else ():
        about = {key: row[key] for key in ("kind", "row", "source")}
        rows += [{**about, "metric": key, "published": x} for key, x in row["values"].items()]
    return rows


def _table(result: Result) -> Table:
    """Metric by metric, so that any number of metrics fits into 80 columns: models, floors, and the
    published values below ours. The best mean is bold, and so is every mean that prints the same.
    """
    lines: list[list[str]] = []
    bold: set[int] = set()
    published = result["published"]["rows"] if result["published"] else []
    named = [*result["metrics"], *(metric for row in published for metric in row["values"])]
    for metric in dict.fromkeys(named):
        lower = metric in result["lower_is_better"]
        lines.append([f"{metric} {'↓' if lower else '↑'}"])
        ours = result["rows"] if metric in result["metrics"] else []
        means = [row["values"][metric]["mean"] for row in ours]
        best = number((min if lower else max)(means, default=None))
        for row in ours:
            if number(row["values"][metric]["mean"]) == best:
                bold.add(len(lines))
            is_constant = metric == "r" and row["row"] in result["constant_predictions"]
            name = f"{row['row']}{' ¹' if is_constant else ''}"
            lines.append([name, *_cells(row["values"][metric])])
        for row in published:
            if metric in row["values"]:
                lines.append([row["row"], number(row["values"][metric]), row["kind"]])
    return Table(_HEADER, lines, frozenset(bold))


def _part_table(rows: Mapping[str, Mapping[str, Sequence[float]]]) -> Table:
    """The mean and spread over runs of each row of the comparison and each kind of items or label,
    of which many go down the page and few across."""

    def cell(scores: Sequence[float]) -> str:
        return spread(mean(scores), stdev(scores) if len(scores) > 1 else None)

    lines = [["", *next(iter(rows.values()))]]
    lines += [[row, *map(cell, kinds.values())] for row, kinds in rows.items()]
    if len(lines[0]) > max(_MOST_ACROSS, len(lines)):
        lines = [list(column) for column in zip(*lines, strict=True)]
    return Table(lines[0], lines[1:])


def _cells(value: Mapping[str, Any]) -> list[str]:
    interval = f"[{number(value['low'])}, {number(value['high'])}]"
    cells = [spread(value["mean"], value["std"]), "" if value["low"] is None else interval]
    if value["difference"] is not None:
        cells += [number(value["difference"], "+"), p_value(value["p"]), p_value(value["p_holm"])]
    return cells


def _notes(result: Result) -> list[str]:
    notes = [
        f"{result['items']} items of {result['videos']} videos; seeds {listed(result['seeds'])}; "
        f"reference {result['reference']}."
    ]
    if "r" in result["metrics"] and result["constant_predictions"]:
        notes.append("¹ The same prediction for every item, so r is 0 by convention.")
    bootstrap, permutation = (result["resamples"][key] for key in ("bootstrap", "permutation"))
    notes.append(
        "mean ± std: over the row's runs; one run has no std. [low, high]: 95 % bootstrap interval "
        f"of that mean for these trained models, from {bootstrap} resamples of whole videos. p: "
        f"the larger of two two-sided p-values against {result['reference']}. One is of a paired "
        "permutation test, which swaps the predictions of whole videos (in every way, or in "
        f"{permutation} drawn ones where there are more ways). The other is of Welch's t-test over "
        "the runs, which alone sees what another seed changes, and needs a row that varies."
    )
    if "fold" in result["split"]:
        notes.append(
            "The folds' training sets overlap, so these results are optimistic: the intervals "
            "are too narrow and the p-values too small."
        )
    best = []
    for row in result["rows"]:
        values = [f"{name} {number(each['best'])}" for name, each in row["values"].items()]
        best += [f"{row['row']} {listed(values)}"] if row["runs"] > 1 else []
    if best:
        notes.append(
            "Picking, for each metric, the best of a row's runs by its score on these very items "
            "inflates it; for comparison with old tables only, that would be: "
            f"{'; '.join(best)}."
        )
    if published := result["published"]:
        notes += [f"Published, not ours: {published['source']}", *published["protocol"]]
    return [*notes, *result["notes"]]
