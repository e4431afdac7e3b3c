"""The course of a training, epoch by epoch."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_TRAIN, _VALIDATION = "#0072B2", "#D55E00"


def plot_history(history: Sequence[Mapping[str, float]], title: str = "") -> Figure:
    """The curves of a training, in a panel for the loss and one for each metric.

    Args:
        history: a row for each epoch, `{"epoch", "loss", "val_loss", ...}`, as `Run.history` gives
            it. Rows of a cross-validation also have a `"fold"`; each fold is then a line.
        title: above the figure.

    Returns:
        A Matplotlib figure: training in blue and, where there is any, validation in orange.
    """
    names = [name for name in history[0] if name not in ("fold", "epoch")]
    panels_of = list(dict.fromkeys(name.removeprefix("val_") for name in names))
    folds = list(dict.fromkeys(row.get("fold", 0) for row in history))
    figure = Figure(figsize=(1 + 3.6 * len(panels_of), 3.2), layout="constrained")
    panels = figure.subplots(1, len(panels_of), squeeze=False)[0]
    for panel, quantity in zip(panels, panels_of, strict=True):
        curves = ((quantity, "training", _TRAIN), (f"val_{quantity}", "validation", _VALIDATION))
        for name, label, color in curves:
            for fold in folds if name in names else ():
                rows = [row for row in history if row.get("fold", 0) == fold]
                panel.plot(
                    [row["epoch"] for row in rows],
                    [row[name] for row in rows],
                    color=color,
                    marker="." if len(rows) == 1 else "",
                    alpha=1 if len(folds) == 1 else 0.4,
                    label=label if fold == folds[0] else None,
                )
        panel.set_xlabel("epoch")
        panel.set_ylabel(quantity)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(axis="y", color="0.9")
        panel.set_axisbelow(True)
    panels[0].legend(frameon=False)
    if title:
        figure.suptitle(title)
    return figure
