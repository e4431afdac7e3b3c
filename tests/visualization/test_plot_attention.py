from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from rmfn_tf.visualization import plot_attention

UNITS = {"visual": 3, "language": 2, "acoustic": 1}
WORDS = ["it", "was", "not", "bad"]
STAGES = 2


def attention(seed: int = 0) -> np.ndarray:
    """`(T, K, Σd_m)`, rows summing to 1."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(sum(UNITS.values())), (len(WORDS), STAGES))


def test_the_figure_is_written_and_shows_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "attention.png"
    figure = plot_attention(attention(), UNITS, WORDS, title="A figure")
    figure.savefig(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    shown = {text.get_text() for text in figure.findobj(Text)}
    assert {"A figure", *UNITS, *WORDS, "1", "2"} <= shown


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
