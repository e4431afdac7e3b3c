"""The result of a comparison as Markdown."""

import re
from collections.abc import Callable, Iterable, Sequence

from rmfn_tf.comparison.formatting import (
    Result,
    Row,
    all_metrics,
    best_rows,
    constant_mark,
    directed,
    explanations,
    interval,
    mean_and_std,
    number,
    p_value,
    rows_of,
    signed,
)


def to_markdown(result: Result) -> str:
    """The whole report: results, differences, best of n apart, published rows, notes.

    Values have three decimals, in the metrics' own units (accuracies and F1 as shares). The best
    mean of each metric is bold, and so is every mean that prints the same.
    """
    metrics, rows, reference = result["metrics"], rows_of(result), escape(result["reference"])
    compared = [
        row for row in rows if any(row["values"][m]["difference"] is not None for m in metrics)
    ]
    parts = [
        f"# {escape(result['data'])}: {escape(result['split'])}",
        f"```bash\n{result['command']}\n```",
        f"{result['items']} items of {result['videos']} videos; seeds "
        f"{', '.join(map(str, result['seeds']))}; reference {reference}.",
        "## Results",
        metric_table(result, ("kind", "runs"), rows, metrics, _result_cell(result)),
        *map(escape, explanations(result)),
    ]
    if compared:
        parts += [
            f"## Differences from {reference}",
            metric_table(result, (), compared, metrics, _difference_cell),
            f"The row's mean minus that of {reference} (p; p adjusted by Holm's method).",
        ]
    parts += [
        "## Best of n on test: only for comparison with old tables",
        "**Selected on the test items.** For each metric separately, the best of a row's runs, "
        "chosen by its value on the very items it is judged on: optimistic, and no result of ours.",
        metric_table(
            result, ("runs",), rows, metrics, lambda row, m: number(row["values"][m]["best"])
        ),
    ]
    if published := result["published"]:
        named = {metric for row in published["rows"] for metric in row["values"]}
        parts += [
            "## Published rows: not ours",
            published["source"],
            bullets(published["protocol"]),
            metric_table(
                result,
                ("kind", "source"),
                published["rows"],
                [metric for metric in all_metrics(result) if metric in named],
                lambda row, metric: number(row["values"].get(metric)),
            ),
        ]
    if result["notes"]:
        parts += ["## Notes", bullets(result["notes"])]
    return "\n\n".join(parts) + "\n"


def _result_cell(result: Result) -> Callable[[Row, str], str]:
    best = {metric: best_rows(result, metric) for metric in result["metrics"]}

    def cell(row: Row, metric: str) -> str:
        value = row["values"][metric]
        mean = mean_and_std(value)
        mean = f"**{mean}**" if row["row"] in best[metric] else mean
        return f"{mean} {interval(value)}".rstrip() + constant_mark(result, row, metric)

    return cell


def _difference_cell(row: Row, metric: str) -> str:
    value = row["values"][metric]
    return f"{signed(value['difference'])} ({p_value(value['p'])}; {p_value(value['p_holm'])})"


def metric_table(
    result: Result,
    about: Sequence[str],
    rows: Iterable[Row],
    metrics: Iterable[str],
    cell: Callable[[Row, str], str],
) -> str:
    """A Markdown table: a column per metric, after the row's name and what `about` names of it."""
    columns = {metric: escape(directed(result, metric)) for metric in metrics}
    lines = [
        [
            *(escape(str(row[key])) for key in ("row", *about)),
            *(cell(row, each) for each in columns),
        ]
        for row in rows
    ]
    return plain_table(["row", *about, *columns.values()], lines, numbers=len(columns))


def plain_table(header: Sequence[str], lines: Iterable[Sequence[str]], *, numbers: int) -> str:
    """A Markdown table of ready cells; the last `numbers` columns stand to the right."""
    rule = ["---"] * (len(header) - numbers) + ["--:"] * numbers
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))


def bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\|*`<\[])", r"\\\1", " ".join(text.split()))
