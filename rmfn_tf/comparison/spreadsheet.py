"""The result of a comparison as CSV."""

import csv
import io

from rmfn_tf.comparison.formatting import Result, published_rows, rows_of

_CSV_COLUMNS = (
    *("kind", "row", "metric", "runs", "mean", "std", "low", "high"),
    *("difference", "p_items", "p_seeds", "p", "p_holm", "best_of_n", "published", "source"),
)


def to_csv(result: Result) -> str:
    """A line per row and metric, numbers in full; a missing value is an empty field.

    Published rows come last, with kind "published" (or "trivial", see `published_for`): their
    value stands in a column of its own, since it is no mean over runs, its source beside it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows_of(result):
        about = {key: row[key] for key in ("kind", "row", "runs")}
        for metric in result["metrics"]:
            values = {**row["values"][metric]}
            writer.writerow({**about, "metric": metric, "best_of_n": values.pop("best"), **values})
    for row in published_rows(result):
        about = {key: row[key] for key in ("kind", "row", "source")}
        for metric, value in row["values"].items():
            writer.writerow({**about, "metric": metric, "published": value})
    return text.getvalue()
