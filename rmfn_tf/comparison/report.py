"""The result of a comparison as people read it: in a terminal, in Markdown and as CSV.

A result is what `rmfn compare` writes as JSON: `data`, `split`, `items`, `videos`, `seeds`,
`reference`, `command`, `resamples` (`bootstrap`, `permutation`), `metrics`, `lower_is_better`,
`rows` (models first; each `row`, `kind` "model" or "floor", `runs`, and `values`: metric → `mean`,
`std`, `low`, `high`, `best`, `difference`, `p_items`, `p_seeds`, `p`, `p_holm`),
`constant_predictions`, `published` (as `published_for` gives it, or None) and `notes`. A value that
does not exist is None.
"""

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from rmfn_tf.comparison.table import Table, bullets, escape, number, p_value, page, spread

Result = Mapping[str, Any]

_NUMBERS = ("mean", "std", "low", "high", "difference", "p_items", "p_seeds", "p", "p_holm")
_CSV_COLUMNS = ("kind", "row", "metric", "runs", *_NUMBERS, "best_of_n", "published", "source")
_HEADER = ("", "mean ± std", "95 % interval", "difference", "p", "p (Holm)")


def to_table(result: Result) -> Table:
    """Metric by metric, so that any number of metrics fits into 80 columns: models, floors, and the
    published values below ours. The best mean is bold, and so is every mean that prints the same.
    """
    lines: list[list[str]] = []
    bold: set[int] = set()
    published = _published(result)
    named = [*result["metrics"], *(metric for row in published for metric in row["values"])]
    for metric in dict.fromkeys(named):
        lower = metric in result["lower_is_better"]
        lines.append([f"{metric} {'↓' if lower else '↑'}"])
        ours = result["rows"] if metric in result["metrics"] else []
        best = _best([row["values"][metric]["mean"] for row in ours], lower)
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


def to_csv(result: Result) -> str:
    """A line per row and metric, numbers in full; a missing value is an empty field.

    Published rows come last, with kind "published" (or "trivial", see `published_for`): their
    value stands in a column of its own, since it is no mean over runs, its source beside it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in result["rows"]:
        for metric in result["metrics"]:
            values = row["values"][metric]
            writer.writerow({**row, **values, "metric": metric, "best_of_n": values["best"]})
    for row in _published(result):
        for metric, value in row["values"].items():
            writer.writerow({**row, "metric": metric, "published": value})
    return text.getvalue()


def to_markdown(result: Result) -> str:
    """The whole report: what was run, the table, how to read it, published sources, notes."""
    return page(
        f"{result['data']}: {result['split']}",
        result,
        f"{result['items']} items of {result['videos']} videos; seeds "
        f"{', '.join(map(str, result['seeds']))}; reference {escape(result['reference'])}.",
        to_table(result).to_markdown(),
        bullets(explanations(result)),
    )


def explanations(result: Result) -> list[str]:
    """Sentences that say what the columns are, what they do not show, and who published what."""
    lines = []
    if "r" in result["metrics"] and result["constant_predictions"]:
        lines.append("¹ The same prediction for every item, so r is 0 by convention.")
    bootstrap, permutation = (result["resamples"][key] for key in ("bootstrap", "permutation"))
    lines.append(
        "mean ± std: over the row's runs; one run has no std. [low, high]: 95 % bootstrap interval "
        f"of that mean for these trained models, from {bootstrap} resamples of whole videos. p: "
        f"the larger of two two-sided p-values against {result['reference']}. One is of a paired "
        "permutation test, which swaps the predictions of whole videos (in every way, or in "
        f"{permutation} drawn ones where there are more ways) and cannot see what other seeds "
        "would give. The other is of Welch's t-test over the runs, which sees nothing else. Two "
        "rows that do not vary over their runs have only the first."
    )
    if "fold" in result["split"]:
        lines.append(
            "The folds' training sets overlap, so these results are optimistic: the intervals "
            "are too narrow and the p-values too small."
        )
    best = "; ".join(
        f"{row['row']} "
        + ", ".join(f"{each} {number(row['values'][each]['best'])}" for each in result["metrics"])
        for row in result["rows"]
        if row["runs"] > 1
    )
    if best:
        lines.append(
            "Picking, for each metric, the best of a row's runs by its score on these very items "
            f"inflates it; for comparison with old tables only, that would be: {best}."
        )
    if published := result["published"]:
        lines += [f"Published, not ours: {published['source']}", *published["protocol"]]
    return [*lines, *result["notes"]]


def _published(result: Result) -> list[Mapping[str, Any]]:
    return result["published"]["rows"] if result["published"] else []


def _cells(value: Mapping[str, Any]) -> list[str]:
    known = value["low"] is not None and value["high"] is not None
    interval = f"[{number(value['low'])}, {number(value['high'])}]" if known else ""
    cells = [spread(value["mean"], value["std"]), interval]
    if value["difference"] is not None:
        tests = p_value(value["p"]), p_value(value["p_holm"])
        cells += [number(value["difference"], "+"), *tests]
    return cells


def _best(means: list[float | None], lower_is_better: bool) -> str:
    """The best mean as it is printed: no table marks a difference that it does not show."""
    known = [mean for mean in means if mean is not None and math.isfinite(mean)]
    return number((min if lower_is_better else max)(known)) if known else ""
