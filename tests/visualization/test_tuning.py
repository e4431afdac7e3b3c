"""The figure of a search."""

import pytest
from matplotlib.text import Text

from rmfn_tf.visualization.tuning import plot_search

# Stages, units and score; None: failed.
TRIALS = [(3, 8, 0.9), (1, 8, 0.7), (3, 16, 0.8), (2, 8, None), (1, 32, 0.75), (5, 16, 0.6)]


def make_result(lower: bool = True, space: tuple[str, ...] = ("num_stages",)) -> dict:
    return {
        "metric": "mae" if lower else "accuracy",
        "lower_is_better": lower,
        "split": "validation",
        "space": list(space),
        "trials": [
            {
                "id": str(number),
                "status": "FAILED" if score is None else "COMPLETED",
                "score": score,
                "epochs": 4,
                "values": {
                    "units": units,
                    **({"num_stages": stages} if "num_stages" in space else {}),
                },
            }
            for number, (stages, units, score) in enumerate(TRIALS)
        ],
    }


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("name", ["num_stages", "learning_rate"])
def test_the_figure_is_written_and_shows_its_labels(tmp_path, lower, name):
    figure = plot_search(make_result(lower, (name,)))
    figure.savefig(tmp_path / "search.png")
    assert (tmp_path / "search.png").read_bytes().startswith(b"\x89PNG")
    shown = {text.get_text() for text in figure.findobj(Text)}
    metric, better = ("mae", "lower") if lower else ("accuracy", "higher")
    assert {"trials, in their order", "a trial", "best so far", "failed"} <= shown
    assert any(f"{metric}, validation ({better} is better)" in text for text in shown)
    assert ("differ only in K" in shown) == (name == "num_stages")


def points(result, label):
    lines = [line for panel in plot_search(result).axes for line in panel.lines]
    return [[*map(tuple, line.get_xydata())] for line in lines if line.get_label() == label]


def test_only_trials_that_differ_in_stages_alone_are_joined():
    joined = points(make_result(), "differ only in K")
    assert joined == [[(1, 0.7), (3, 0.9)], [(3, 0.8), (5, 0.6)]]
    more_epochs = make_result()
    more_epochs["trials"][0]["epochs"] = 5
    assert points(more_epochs, "differ only in K") == joined[1:]


@pytest.mark.parametrize(
    ("lower", "so_far"),
    [(True, [0.9, 0.7, 0.7, 0.7, 0.7, 0.6]), (False, [0.9] * 6)],
)
def test_the_best_so_far(lower, so_far):
    (line,) = points(make_result(lower), "best so far")
    assert line == [*enumerate(so_far, 1)]


def test_failed_trials_do_not_stretch_the_scores():
    """They stand on the axis, not at a score of 0."""
    for panel in plot_search(make_result()).axes:
        low, high = panel.get_ylim()
        assert 0.5 < low < 0.6
        assert 0.9 < high < 1.0
