"""The figure of a search shows every trial, and the best of them."""

import pytest
from matplotlib.figure import Figure

from rmfn_tf.visualization.search import plot_search

# Stages and score; None: failed.
TRIALS = [(3, 0.9), (1, 0.7), (3, 0.8), (2, None), (1, 0.75), (5, 0.6)]


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
                "values": {"num_stages": stages} if "num_stages" in space else {},
            }
            for number, (stages, score) in enumerate(TRIALS)
        ],
    }


def lines_of(panel):
    return {
        line.get_label(): list(zip(line.get_xdata(), line.get_ydata(), strict=True))
        for line in panel.lines
    }


@pytest.mark.parametrize(
    ("lower", "best", "so_far"),
    [
        (True, [(1, 0.7), (3, 0.8), (5, 0.6)], [0.9, 0.7, 0.7, 0.7, 0.6]),
        (False, [(1, 0.75), (3, 0.9), (5, 0.6)], [0.9, 0.9, 0.9, 0.9, 0.9]),
    ],
)
def test_every_trial_and_the_best(lower, best, so_far):
    figure = plot_search(make_result(lower))
    assert isinstance(figure, Figure)
    by_stages, by_order = map(lines_of, figure.axes)
    assert by_stages["a trial"] == [trial for trial in TRIALS if trial[1] is not None]
    assert by_stages["best of each number"] == best
    assert by_stages["failed"] == [(2, 0)]
    assert by_order["a trial"] == [(1, 0.9), (2, 0.7), (3, 0.8), (5, 0.75), (6, 0.6)]
    assert by_order["best so far"] == list(zip([1, 2, 3, 5, 6], so_far, strict=True))
    assert by_order["failed"] == [(4, 0)]
    better = "lower" if lower else "higher"
    assert f"validation ({better} is better)" in figure.axes[0].get_ylabel()


def test_failed_trials_do_not_stretch_the_scores():
    """They stand on the axis, not at a score of 0."""
    for panel in plot_search(make_result()).axes:
        low, high = panel.get_ylim()
        assert 0.5 < low < 0.6
        assert 0.9 < high < 1.0


def test_other_searches_have_the_order_alone(tmp_path):
    figure = plot_search(make_result(space=("learning_rate",)))
    assert [panel.get_xlabel() for panel in figure.axes] == ["trials, in their order"]
    assert "mae" in figure.axes[0].get_ylabel()
    figure.savefig(tmp_path / "figure.png")  # Warnings of the layout come here.
