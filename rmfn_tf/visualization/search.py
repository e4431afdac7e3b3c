"""The scores of a search: against the number of stages, and in the order of its trials."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_BEST, _TRIAL, _FAILED = "#0072B2", "0.6", "#D55E00"


def plot_search(result: Mapping[str, Any]) -> Figure:
    """Every trial of a search, and the best so far of them.

    Args:
        result: of a search; see `rmfn_tf.tuning.search.run_search`.

    Returns:
        A Matplotlib figure. Where the number of stages is searched, the left panel has the score of
        each completed trial over it; trials that differ in nothing else are joined. The right
        panel, or the only one, has the scores in the order of the trials, and the best up to each.
        A cross on the axis is a failed trial.
    """
    by_stages = "num_stages" in result["space"]
    figure = Figure(figsize=(9 if by_stages else 5, 3.6), layout="constrained")
    panels = figure.subplots(1, 2 if by_stages else 1, sharey=True, squeeze=False)[0]
    trials = result["trials"]
    better = min if result["lower_is_better"] else max
    if by_stages:
        stages = [trial["values"]["num_stages"] for trial in trials]
        _draw(panels[0], stages, trials)
        for alike in _alike_but_for_stages(trials):
            panels[0].plot(*zip(*alike, strict=True), color=_TRIAL, label="alike but for K")
        panels[0].set_xlabel("stages K")
    order = range(1, len(trials) + 1)
    _draw(panels[-1], order, trials)
    completed = [(at, t["score"]) for at, t in zip(order, trials, strict=True) if _completed(t)]
    panels[-1].step(
        [at for at, _ in completed],
        list(accumulate((score for _, score in completed), better)),
        where="post",
        color=_BEST,
        label="best so far",
    )
    panels[-1].set_xlabel("trials, in their order")
    direction = "lower" if result["lower_is_better"] else "higher"
    panels[0].set_ylabel(f"{result['metric']}, {result['split']} ({direction} is better)")
    for panel in panels:
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(axis="y", color="0.9")
        panel.set_axisbelow(True)
    handles = {line.get_label(): line for panel in panels for line in panel.lines}
    # Below the panels: within, it would hide trials.
    figure.legend(
        handles=list(handles.values()), loc="outside lower center", ncols=4, frameon=False
    )
    return figure


def _alike_but_for_stages(trials: Sequence[Mapping[str, Any]]) -> list[list[tuple[int, float]]]:
    """Stages and score of the completed trials, together where all else about them is the same."""
    groups: dict[str, list[tuple[int, float]]] = {}
    for trial in filter(_completed, trials):
        others = {**trial["values"], "epochs": trial["epochs"], "num_stages": None}
        point = trial["values"]["num_stages"], trial["score"]
        groups.setdefault(repr(sorted(others.items())), []).append(point)
    return [sorted(points) for points in groups.values() if len(points) > 1]


def _draw(panel: Axes, across: Sequence[int], trials: Sequence[Mapping[str, Any]]) -> None:
    done = [(x, t["score"]) for x, t in zip(across, trials, strict=True) if _completed(t)]
    failed = [x for x, t in zip(across, trials, strict=True) if not _completed(t)]
    panel.plot(*zip(*done, strict=True), ".", color=_TRIAL, ms=7, label="a trial")
    if failed:
        panel.plot(
            failed,
            [0] * len(failed),
            "x",
            color=_FAILED,
            transform=panel.get_xaxis_transform(),
            clip_on=False,
            label="failed",
        )


def _completed(trial: Mapping[str, Any]) -> bool:
    return trial["status"] == "COMPLETED"
