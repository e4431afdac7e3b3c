from pathlib import Path

import numpy as np
import pytest

from rmfn_tf.visualization import plot_attention

UNITS = {"visual": 3, "language": 2, "acoustic": 1}
WORDS = ["it", "was", "not", "bad"]
STAGES = 2


def attention(seed: int = 0) -> np.ndarray:
    """`(T, K, Σd_m)`, rows summing to 1."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(sum(UNITS.values())), (len(WORDS), STAGES))


def test_png(tmp_path: Path) -> None:
    path = tmp_path / "attention.png"
    plot_attention(attention(), UNITS, WORDS, title="A figure").savefig(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 5000


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_panel_a_modality_in_order_with_words_and_stages(count: int) -> None:
    units = dict(list(UNITS.items())[:count])
    weights = attention()[..., : sum(units.values())]
    figure = plot_attention(weights / weights.sum(-1, keepdims=True), units, WORDS)
    panels = [axes for axes in figure.axes if axes.get_ylabel() in units]
    assert [panel.get_ylabel() for panel in panels] == list(units)
    assert len(figure.axes) == count + 1  # and the scale of colors
    assert [label.get_text() for label in panels[-1].get_xticklabels()] == WORDS
    for panel in panels:
        assert [label.get_text() for label in panel.get_yticklabels()] == ["1", "2"]


def test_colors_are_shares_over_flat_shares() -> None:
    weights = attention()
    figure = plot_attention(weights, UNITS, WORDS)
    start = 0
    for panel, size in zip(figure.axes, UNITS.values(), strict=False):
        image = panel.images[0]
        shown = np.asarray(image.get_array())
        assert shown.shape == (STAGES, len(WORDS))
        for stage in range(STAGES):
            for word in range(len(WORDS)):
                mean = weights[word, stage, start : start + size].mean()
                assert shown[stage, word] == pytest.approx(mean * sum(UNITS.values()))
        low, high = image.get_clim()  # one scale for all, symmetric about 1, that clips nothing
        assert low + high == pytest.approx(2)
        assert low <= shown.min()
        assert shown.max() <= high
        assert image.get_clim() == figure.axes[0].images[0].get_clim()
        start += size


def test_flat_attention_is_one_everywhere(tmp_path: Path) -> None:
    flat = np.full((len(WORDS), STAGES, 6), 1 / 6)
    figure = plot_attention(flat, UNITS, WORDS)
    for panel in figure.axes[:3]:
        np.testing.assert_allclose(panel.images[0].get_array(), 1.0)
    figure.savefig(tmp_path / "flat.png")


def test_title() -> None:
    assert plot_attention(attention(), UNITS, WORDS, title="Yes").get_suptitle() == "Yes"
    assert plot_attention(attention(), UNITS, WORDS).get_suptitle() == ""


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (attention()[0], WORDS),
        (attention()[None], WORDS),
        (attention()[..., :-1], WORDS),
        (attention(), WORDS[:-1]),
    ],
    ids=["no time", "a batch", "narrow", "words"],
)
def test_shapes_that_do_not_fit_are_refused(weights: np.ndarray, words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"must be \(words, stages, units\)") as error:
        plot_attention(weights, UNITS, words)
    assert str(weights.shape) in str(error.value)
