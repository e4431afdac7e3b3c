"""Score against the number of stages."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_stages(result: Mapping[str, Any]) -> Figure:
    """Every run of a sweep over stages, runs of one seed joined, and the mean of each number.

    Args:
        result: what `rmfn_tf.tuning.stages.sweep_stages` gives.
    """
    figure = Figure(figsize=(5, 3.4), layout="constrained")
    panel = figure.subplots()
    stages = [row["stages"] for row in result["rows"]]
    for seed in range(len(result["seeds"])):
        scores = [row["scores"][seed] for row in result["rows"]]
        panel.plot(stages, scores, color="0.75", marker=".", label=None if seed else "one seed")
    panel.errorbar(
        stages,
        [row["mean"] for row in result["rows"]],
        [row["std"] or 0 for row in result["rows"]],
        color="#0072B2",
        marker="o",
        capsize=3,
        label="mean ± deviation",
    )
    better = "lower" if result["lower_is_better"] else "higher"
    panel.set_xlabel("stages K")
    panel.set_ylabel(f"{result['metric']}, {result['split']} ({better} is better)")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.grid(axis="y", color="0.9")
    panel.set_axisbelow(True)
    panel.legend(frameon=False)
    return figure
