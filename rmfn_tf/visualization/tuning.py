"""The scores of sweeps and searches, by number of stages and in the order of the trials."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rmfn_tf.comparison.table import directed

_BEST, _TRIAL, _FAILED = "#0072B2", "0.6", "#D55E00"


def plot_stages(result: Mapping[str, Any]) -> Figure:
    """Every run of a sweep over stages, with the runs of one seed joined, and the mean of each
    number of stages.

    Args:
        result: what `rmfn_tf.tuning.stages.sweep_stages` gives.
    """
    figure = Figure(figsize=(5, 3.4), layout="constrained")
    panel, rows = figure.subplots(), result["rows"]
    stages = [row["stages"] for row in rows]
    for number, scores in enumerate(zip(*(row["scores"] for row in rows), strict=True)):
        panel.plot(stages, scores, color="0.75", marker=".", label=None if number else "one seed")
    means, label = [row["mean"] for row in rows], "mean ± deviation"
    deviations = [row["std"] or 0 for row in rows]
    panel.errorbar(stages, means, deviations, color=_BEST, marker="o", capsize=3, label=label)
    _finish([panel], result, "stages K")
    panel.legend(frameon=False)
    return figure


def plot_search(result: Mapping[str, Any]) -> Figure:
    """Every trial of a search, and the best score up to each.

    Args:
        result: what `rmfn_tf.tuning.search.run_search` gives.

    Returns:
        A Matplotlib figure. If the number of stages is searched, the left panel shows the score of
        each completed trial by number of stages; trials that differ in nothing else are joined. The
        right panel, or the only one, shows the scores in the order of the trials, and the best up
        to each. A cross on the axis is a failed trial.
    """
    trials = result["trials"]
    # NaN where a trial failed, which Matplotlib leaves out.
    scores = np.array([trial["score"] for trial in trials], "float64")
    by_stages = "num_stages" in result["space"]
    labels = [*["stages K"] * by_stages, "trials, in their order"]
    figure = Figure(figsize=(9 if by_stages else 5, 3.6), layout="constrained")
    panels = figure.subplots(1, len(labels), sharey=True, squeeze=False)[0]
    if by_stages:
        _draw(panels[0], [trial["values"]["num_stages"] for trial in trials], scores)
        for alike in _alike_but_for_stages(trials):
            panels[0].plot(*zip(*alike, strict=True), color=_TRIAL, label="differ only in K")
    order = range(1, len(trials) + 1)
    _draw(panels[-1], order, scores)
    so_far = (np.fmin if result["lower_is_better"] else np.fmax).accumulate(scores)
    panels[-1].step(order, so_far, where="post", color=_BEST, label="best so far")
    _finish(panels, result, *labels)
    lines = {line.get_label(): line for panel in panels for line in panel.lines}
    handles = list(lines.values())
    # Below the panels, since inside it would hide trials.
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _draw(panel: Axes, across: Sequence[int], scores: np.ndarray) -> None:
    panel.plot(across, scores, ".", color=_TRIAL, ms=7, label="a trial")
    failed = np.asarray(across)[np.isnan(scores)]
    if len(failed):
        zeros, on_axis = np.zeros(len(failed)), panel.get_xaxis_transform()
        panel.plot(
            failed, zeros, "x", color=_FAILED, transform=on_axis, clip_on=False, label="failed"
        )


def _alike_but_for_stages(trials: Sequence[Mapping[str, Any]]) -> list[list[tuple[int, float]]]:
    """(stages, score) of the completed trials, in a list for all that differ in nothing else; those
    that are alone are left out."""
    groups: dict[str, list[tuple[int, float]]] = {}
    for trial in trials:
        if trial["score"] is not None:
            others = {**trial["values"], "epochs": trial["epochs"], "num_stages": None}
            point = trial["values"]["num_stages"], trial["score"]
            groups.setdefault(repr(sorted(others.items())), []).append(point)
    return [sorted(points) for points in groups.values() if len(points) > 1]


def _finish(panels: Sequence[Axes], result: Mapping[str, Any], *labels: str) -> None:
    scores = f"{result['metric']}, {result['split']}"
    panels[0].set_ylabel(directed(scores, result["lower_is_better"]))
    for panel, label in zip(panels, labels, strict=True):
        panel.set_xlabel(label)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(axis="y", color="0.9")
        panel.set_axisbelow(True)
