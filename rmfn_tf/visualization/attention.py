"""Where RMFN looked: its attention over words and stages, in a panel for each modality."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle


def plot_attention(
    attention: np.ndarray,
    units: Mapping[str, int],
    words: Sequence[str],
    title: str = "",
    marks: Mapping[str, Mapping[int, str]] | None = None,
) -> Figure:
    """The share of attention that each modality gets, at every word and stage.

    Args:
        attention: `(T, K, Σd_m)` of one sequence, each row summing to 1.
        units: hidden size of each modality, in the order of the RMFN layer.
        words: the T words.
        title: above the figure.
        marks: modality → index of a word → a short text, which is written there and framed.

    Returns:
        A Matplotlib figure with a panel for each modality (stages down, words across). The color is
        the modality's share of the attention, divided by the share that it would have if every
        hidden coordinate had the same weight: 1 means no preference.

    Raises:
        ValueError: `attention` has another shape than `words` and `units` require.
    """
    attention = np.asarray(attention)
    width = sum(units.values())
    if attention.ndim != 3 or attention.shape[0] != len(words) or attention.shape[2] != width:
        raise ValueError(
            f"plot_attention: `attention` must be (words, stages, units) = ({len(words)}, K, "
            f"{width}); got {attention.shape}."
        )
    ends = np.cumsum(list(units.values()))
    parts = np.split(attention, ends[:-1], axis=2)
    ratios = [
        part.sum(axis=2) * width / size for part, size in zip(parts, units.values(), strict=True)
    ]
    spread = max(float(np.abs(ratio - 1).max()) for ratio in ratios) or 1.0
    figure = Figure(figsize=(1.5 + 0.75 * len(words), 1.1 + 1.2 * len(units)), layout="constrained")
    panels = figure.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0]
    for panel, name, ratio in zip(panels, units, ratios, strict=True):
        image = panel.imshow(
            ratio.T, aspect="auto", cmap="RdBu_r", vmin=1 - spread, vmax=1 + spread
        )
        panel.set_ylabel(name)
        for place, text in (marks or {}).get(name, {}).items():
            frame = Rectangle((place - 0.5, -0.5), 1, attention.shape[1], fill=False, linewidth=2)
            panel.add_patch(frame)
            middle = (attention.shape[1] - 1) / 2
            panel.text(
                place,
                middle,
                text,
                rotation=90,
                ha="center",
                va="center",
                fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
        panel.set_yticks(range(attention.shape[1]), [f"{k + 1}" for k in range(attention.shape[1])])
    panels[-1].set_xticks(range(len(words)), words, rotation=45, ha="right")
    figure.supylabel("stage")
    figure.colorbar(image, ax=list(panels), label="attention ÷ equal weights\n(1 = no preference)")
    if title:
        figure.suptitle(title)
    return figure
