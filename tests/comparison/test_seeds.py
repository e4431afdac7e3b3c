"""The test over training seeds is Welch's, and with the one over items it keeps its level where a
seed moves all items alike."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_ind

from rmfn_tf.comparison.significance import permutation_p_values, seeds_p_value, summarize
from rmfn_tf.task import Task
from rmfn_tf.training.predictions import Predictions

TASK = Task("regression", ("sentiment",))
GENERATOR = np.random.default_rng(0)
OURS, THEIRS = GENERATOR.normal(1.0, 0.1, 5), GENERATOR.normal(1.1, 0.02, 4)


def test_two_rows_that_vary():
    expected = ttest_ind(OURS, THEIRS, equal_var=False).pvalue
    assert seeds_p_value(OURS, THEIRS) == pytest.approx(expected, rel=1e-9)
    assert seeds_p_value(THEIRS, OURS) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("same", [[0.9] * 5, [0.9, 0.9 + 1e-14, 0.9]])
def test_a_row_that_does_not_vary_leaves_a_test_of_the_other(same):
    expected = ttest_1samp(OURS, 0.9).pvalue
    assert seeds_p_value(OURS, same) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [([1.0], []), ([1.0], [1.1]), ([1.0, 1.2], [1.1]), ([0.0] * 5, [0.0] * 5), ([1] * 3, [2] * 3)],
)
def test_no_spread_no_p_value(ours, theirs):
    assert seeds_p_value(ours, theirs) is None


@pytest.fixture
def few_resamples(monkeypatch):
    monkeypatch.setattr("rmfn_tf.comparison.significance.PERMUTATION", 199)
    monkeypatch.setattr("rmfn_tf.comparison.significance.BOOTSTRAP", 10)


def simulated(generator, items=40, seeds=5, seed_shift=0.3, worse=0.0):
    """Two rows of one model whose training seed adds an error to every item alike."""
    labels = generator.choice([1.0, 2.0, 3.0, 4.0, 5.0], (items, 1))
    shared = generator.normal(size=(items, 1))

    def run(extra):
        error = 0.7 * shared + 0.3 * generator.normal(size=(items, 1))
        return labels + error * (1 + seed_shift * generator.normal() + extra)

    rows = {"a": [run(worse) for _ in range(seeds)], "b": [run(0.0) for _ in range(seeds)]}
    ids = [str(k) for k in range(items)]
    return Predictions(ids, np.arange(items), labels, {}, {}), rows


@pytest.mark.slow
def test_one_model_under_two_names_is_seldom_found_to_differ(few_resamples):
    generator = np.random.default_rng(1)
    simulations, over_items, together = 40, 0, 0
    for _ in range(simulations):
        items, rows = simulated(generator)
        values = summarize(TASK, items, rows, "b")["a"]["mae"]
        over_items += values["p_items"] <= 0.05
        together += values["p"] <= 0.05
        assert values["p"] == max(values["p_items"], values["p_seeds"])
    # Over items alone far too often, which is why there are two.
    assert over_items / simulations > 0.2
    assert together / simulations <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / simulations)


def test_a_row_that_is_worse_with_every_seed_is_found(few_resamples):
    items, rows = simulated(np.random.default_rng(2), seed_shift=0.05, worse=1.0)
    values = summarize(TASK, items, rows, "b")
    assert values["a"]["mae"]["p_holm"] <= 0.02
    assert values["a"]["mae"]["difference"] > 0
    assert values["b"]["mae"]["p"] is values["b"]["mae"]["difference"] is None


def test_what_a_summary_says_is_what_its_parts_say(few_resamples):
    items, rows = simulated(np.random.default_rng(3), items=12, seeds=3)
    values = summarize(TASK, items, rows, "b")
    p_items = permutation_p_values(
        TASK, items.labels, rows["a"], rows["b"], items.groups, resamples=199
    )
    errors = {
        row: [np.abs(run - items.labels).mean() for run in runs] for row, runs in rows.items()
    }
    mine = values["a"]["mae"]
    assert mine["p_items"] == p_items["mae"]
    assert mine["mean"] == pytest.approx(np.mean(errors["a"]), rel=1e-6)
    assert mine["std"] == pytest.approx(np.std(errors["a"], ddof=1), rel=1e-5)
    assert mine["best"] == pytest.approx(min(errors["a"]), rel=1e-6)
    assert mine["difference"] == pytest.approx(
        np.mean(errors["a"]) - np.mean(errors["b"]), rel=1e-4
    )
    assert mine["p_seeds"] == pytest.approx(seeds_p_value(errors["a"], errors["b"]), rel=1e-3)


def test_one_video_has_no_interval_and_one_run_no_spread(few_resamples):
    items, rows = simulated(np.random.default_rng(4), items=6, seeds=1)
    values = summarize(TASK, items._replace(groups=np.zeros(6)), rows, "b")["a"]["mae"]
    assert values["low"] is values["high"] is values["std"] is values["p_seeds"] is None
    assert values["p"] == values["p_items"] == 1.0
