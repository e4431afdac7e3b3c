"""The result of a comparison as a table for the terminal."""

from rich.table import Table
from rich.text import Text

from rmfn_tf.comparison.formatting import (
    Result,
    all_metrics,
    best_rows,
    constant_mark,
    directed,
    explanations,
    interval,
    mean_and_std,
    number,
    p_value,
    published_rows,
    rows_of,
    signed,
)


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
    for metric in all_metrics(result):
        table.add_row(Text(directed(result, metric), style="underline"))
        best = best_rows(result, metric)
        for row in rows_of(result) if metric in result["metrics"] else ():
            value = row["values"][metric]
            mark = constant_mark(result, row, metric)
            cells = [f"  {row['row']}{mark}", mean_and_std(value), interval(value)]
            if value["difference"] is not None:
                cells += [
                    signed(value["difference"]),
                    p_value(value["p"]),
                    p_value(value["p_holm"]),
                ]
            style = "bold" if row["row"] in best else ""
            table.add_row(*(Text(cell, style=style) for cell in cells))
        for row in published_rows(result):
            if metric in row["values"]:
                cells = [f"  {row['row']}", number(row["values"][metric]), row["kind"]]
                table.add_row(*(Text(cell, style="dim") for cell in cells))
    said = [*explanations(result), *result["notes"]]
    if published := result["published"]:
        said += [f"Published: {published['source']}", *published["protocol"]]
    table.caption = Text("\n".join(said))
    table.caption_justify = "left"
    return table
