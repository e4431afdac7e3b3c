"""A comparison as a figure: a panel for each metric, a line for each row of the table."""

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rmfn_tf.comparison.table import directed

_COLORS = {"model": "#0072B2", "floor": "#D55E00", "not ours": "0.55"}
_PANELS_ACROSS = 4


def plot_comparison(result: Mapping[str, Any]) -> Figure:
    """Means, 95 % intervals and the spread over runs of every row and metric of a comparison.

    Args:
        result: what `rmfn compare` writes as JSON; see `rmfn_tf.comparison.report`.

    Returns:
        A Matplotlib figure with a panel for each metric, at most four across. Each shows, from the
        top, the models, the floors and the published rows that have one of the metrics. A wide bar
        is the 95 % interval, a dot the mean, a thin line one standard deviation over the runs to
        each side, a grey diamond a value that is not ours (its name says whether it is published
        or trivial), and a dotted line the mean of the reference.
    """
    rows, metrics = result["rows"], result["metrics"]
    others = result["published"]["rows"] if result["published"] else []
    published = [row for row in others if not row["values"].keys().isdisjoint(metrics)]
    names = [row["row"] for row in rows] + [f"{row['row']} ({row['kind']})" for row in published]
    down = math.ceil(len(metrics) / _PANELS_ACROSS)
    across = math.ceil(len(metrics) / down)
    size = 2.2 + 2.7 * across, 1.1 + (0.8 + 0.26 * len(names)) * down
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(down, across, sharey=True, squeeze=False).flat
    for metric, panel in zip(metrics, panels, strict=False):
        for height, row in enumerate(rows):
            _draw(panel, height, row["values"][metric], _COLORS[row["kind"]])
            if row["row"] == result["reference"]:
                panel.axvline(row["values"][metric]["mean"], color="0.4", linestyle=":", zorder=0)
        for height, row in enumerate(published, start=len(rows)):
            if metric in row["values"]:
                panel.plot(row["values"][metric], height, "D", color=_COLORS["not ours"], ms=4)
        panel.set_xlabel(directed(metric, metric in result["lower_is_better"]))
        panel.grid(axis="x", color="0.9")
        panel.set_axisbelow(True)
        panel.locator_params(axis="x", nbins=5)
        panel.set_yticks(range(len(names)), [_plain(name) for name in names])
        panel.set_ylim(len(names) - 0.5, -0.5)
    for unused in panels:
        unused.remove()
    kinds = dict.fromkeys([row["kind"] for row in rows] + ["not ours"] * bool(published))
    handles = [
        Line2D([], [], color=_COLORS[x], marker="D" if x == "not ours" else "o", ls="", label=x)
        for x in kinds
    ]
    handles += [
        Line2D([], [], color="0.2", alpha=0.3, linewidth=7, label="95 % interval"),
        Line2D([], [], color="0.2", linewidth=1.2, label="± std over runs"),
        Line2D([], [], color="0.4", linestyle=":", label="reference"),
    ]
    columns = 6 if across > 2 else 3
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
    figure.suptitle(_plain(f"{result['data']}: {result['split']}, {result['items']} items"))
    return figure


def _draw(panel: Axes, height: int, value: Mapping[str, Any], color: str) -> None:
    mean, std, low, high = (value[key] for key in ("mean", "std", "low", "high"))
    if low is not None:
        panel.hlines(height, low, high, color=color, alpha=0.3, linewidth=7)
    if std is not None:
        panel.hlines(height, mean - std, mean + std, color=color, linewidth=1.2)
    panel.plot(mean, height, "o", color=color, ms=4)


def _plain(text: str) -> str:
    # Matplotlib takes text between dollar signs for mathematics.
    return text.replace("$", r"\$")
