"""Intervals and p-values mean what they say, and resample groups, not items."""

import itertools

import numpy as np
import pytest
from scipy.stats import bootstrap

from rmfn_tf.comparison.significance import bootstrap_intervals, holm, permutation_p_values
from rmfn_tf.metrics import score
from rmfn_tf.task import Task

TASK = Task("regression", ("sentiment",), metrics="ict_mmmo")
SENTIMENT = Task("regression", ("sentiment",), metrics="sentiment")
CLASSES = Task("classification", ("emotion",), num_classes=3)


def made(seed, items=24, seeds=3, noise=(1.0, 1.3)):
    """Labels, and the predictions of two rows: label plus noise."""
    generator = np.random.default_rng(seed)
    labels = generator.choice([1.0, 2.0, 3.0, 4.0, 5.0], (items, 1))
    rows = [
        [labels + size * generator.normal(size=labels.shape) for _ in range(seeds)]
        for size in noise
    ]
    return labels, *rows


def average(task, labels, runs):
    scores = [score(task, labels, run) for run in runs]
    return {name: np.mean([each[name] for each in scores]) for name in scores[0]}


def exact_p_values(task, labels, ours, theirs, groups):
    """The share of all 2^G swaps with at least the observed difference, one by one."""
    names = np.unique(groups)
    differences = []
    for swap in itertools.product([False, True], repeat=len(names)):
        swapped = np.isin(groups, names[list(swap)])[:, np.newaxis]
        pairs = list(zip(ours, theirs, strict=True))
        first = average(task, labels, [np.where(swapped, b, a) for a, b in pairs])
        second = average(task, labels, [np.where(swapped, a, b) for a, b in pairs])
        differences.append({name: abs(first[name] - second[name]) for name in first})
    return {
        name: np.mean([each[name] >= differences[0][name] - 1e-9 for each in differences])
        for name in differences[0]
    }


def test_p_values_are_those_of_all_swaps():
    labels, ours, theirs = made(0, items=13, seeds=2, noise=(0.8, 1.6))
    groups = np.array(list("bbbbbaccddeee"))  # five groups, 32 swaps
    exact = exact_p_values(TASK, labels, ours, theirs, groups)
    assert permutation_p_values(TASK, labels, ours, theirs, groups, resamples=32) == exact
    assert 1 / 16 <= min(exact.values()) < 0.5


def test_p_values_of_drawn_swaps_are_near_those_of_all():
    labels, ours, theirs = made(0, items=13, seeds=2, noise=(0.8, 1.2))
    groups, resamples = np.arange(13), 4999  # of 8192 swaps
    exact = permutation_p_values(TASK, labels, ours, theirs, groups)
    drawn = permutation_p_values(TASK, labels, ours, theirs, groups, resamples=resamples)
    assert drawn != exact
    for name, p in exact.items():
        assert p == round(p * 8192) / 8192
        assert drawn[name] == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / resamples) + 1e-3)


def test_p_values_of_classes_are_those_of_all_swaps():
    generator = np.random.default_rng(3)
    labels, groups = generator.integers(0, 3, 12), np.arange(12) // 2
    sharp = np.eye(3)[labels] + generator.uniform(0, 1.2, (12, 3))
    ours, theirs = [sharp], [generator.uniform(size=(12, 3))]
    exact = exact_p_values(CLASSES, labels, ours, theirs, groups)
    assert permutation_p_values(CLASSES, labels, ours, theirs, groups) == exact


def test_the_smallest_p_counts_the_ties_with_the_observed_difference():
    # Of 2^3 swaps only none and all are as far apart as what was observed: p = 2/8, not 0.
    labels = np.array([[1.0], [3.0], [5.0]])
    p = permutation_p_values(TASK, labels, [labels + 0.1], [labels + 0.7], np.arange(3))
    assert p["mae"] == 0.25


def test_equal_rows_have_p_one():
    labels, ours, _ = made(0)
    groups = np.arange(len(labels))
    assert set(permutation_p_values(SENTIMENT, labels, ours, ours, groups).values()) == {1.0}
    # The same runs in another order: their averages differ by rounding at most.
    turned = permutation_p_values(SENTIMENT, labels, ours, [ours[2], *ours[:2]], groups)
    assert set(turned.values()) == {1.0}


def test_p_values_do_not_depend_on_which_row_is_the_reference():
    labels, ours, theirs = made(5)
    groups = np.arange(len(labels)) // 2
    forth = permutation_p_values(SENTIMENT, labels, ours, theirs, groups, resamples=199)
    assert forth == permutation_p_values(SENTIMENT, labels, theirs, ours, groups, resamples=199)
    assert len(set(forth.values())) > 1


def test_items_of_a_group_stay_together():
    """Copies of an item in its group say nothing new: all that changes is rounding."""
    labels, ours, theirs = made(2)
    groups = np.array([f"video {k}" for k in range(len(labels))])
    more = [[np.repeat(run, 5, axis=0) for run in row] for row in (ours, theirs)]
    copied = (np.repeat(labels, 5, axis=0), np.repeat(groups, 5))

    p_values = permutation_p_values(SENTIMENT, labels, ours, theirs, groups, resamples=299)
    assert 0.01 < p_values["mae"] < 0.9
    assert p_values == permutation_p_values(SENTIMENT, copied[0], *more, copied[1], resamples=299)
    intervals = bootstrap_intervals(SENTIMENT, labels, ours, groups, resamples=299)
    again = bootstrap_intervals(SENTIMENT, copied[0], more[0], copied[1], resamples=299)
    for name, interval in intervals.items():
        assert interval[0] < interval[1]
        assert again[name] == pytest.approx(interval, abs=1e-12)


def test_every_item_has_a_group():
    labels, ours, theirs = made(2)
    for groups in (np.arange(len(labels) - 1), np.arange(len(labels) + 1)):
        with pytest.raises(ValueError, match="one group for each item"):
            bootstrap_intervals(TASK, labels, ours, groups)
        with pytest.raises(ValueError, match="one group for each item"):
            permutation_p_values(TASK, labels, ours, theirs, groups)


def test_training_seeds_are_resampled_together():
    """Copies of a run say nothing new either."""
    labels, ours, theirs = made(2, seeds=1)
    groups = np.arange(len(labels))
    one = permutation_p_values(TASK, labels, ours, theirs, groups, resamples=299)
    assert one == permutation_p_values(TASK, labels, ours * 4, theirs * 4, groups, resamples=299)
    interval = bootstrap_intervals(TASK, labels, ours, groups, resamples=299)
    again = bootstrap_intervals(TASK, labels, ours * 4, groups, resamples=299)
    for name in interval:
        assert again[name] == pytest.approx(interval[name], abs=1e-12)


def test_the_order_of_items_does_not_matter():
    labels, ours, theirs = made(4)
    groups = np.arange(len(labels)) // 3
    order = np.random.default_rng(0).permutation(len(labels))
    mixed = [[run[order] for run in row] for row in (ours, theirs)]
    expected = permutation_p_values(TASK, labels, ours, theirs, groups, resamples=299)
    result = permutation_p_values(TASK, labels[order], *mixed, groups[order], resamples=299)
    assert result == expected
    expected = bootstrap_intervals(TASK, labels, ours, groups, resamples=299)
    result = bootstrap_intervals(TASK, labels[order], mixed[0], groups[order], resamples=299)
    for name in expected:
        assert result[name] == pytest.approx(expected[name], abs=1e-12)


def test_the_seed_alone_decides():
    labels, ours, theirs = made(6)
    groups = np.arange(len(labels)) // 2

    def results(seed):
        settings = {"resamples": 199, "seed": seed}
        return (
            permutation_p_values(TASK, labels, ours, theirs, groups, **settings),
            bootstrap_intervals(TASK, labels, ours, groups, **settings),
        )

    first, other = results(1), results(2)
    assert results(1) == first
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_intervals_are_those_of_scipy():
    labels, ours, _ = made(7, items=60, seeds=2)
    result = bootstrap_intervals(TASK, labels, ours, np.arange(60), resamples=9999)["mae"]
    errors = np.mean([np.abs(labels - run)[:, 0] for run in ours], axis=0)
    theirs = bootstrap(
        (errors,), np.mean, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert result == pytest.approx((theirs.low, theirs.high), abs=0.03 * width)


def test_intervals_of_many_groups_are_those_of_one_draw():
    """More weights than are drawn at a time."""
    labels, ours, _ = made(7, items=1500, seeds=1)
    low, high = bootstrap_intervals(TASK, labels, ours, np.arange(1500), seed=3)["mae"]
    counts = np.random.default_rng(3).multinomial(1500, [1 / 1500] * 1500, 2000)
    errors = counts @ np.abs(labels - ours[0])[:, 0] / 1500
    assert (low, high) == pytest.approx(np.quantile(errors, [0.025, 0.975]), abs=1e-12)


def test_holm_by_hand():
    p_values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    # 4 · 0.005; 3 · 0.01; 2 · 0.03; 0.04, raised to the one before it.
    assert holm(p_values) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm({"a": 0.9, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert holm({("a", "mae"): 0.2}) == {("a", "mae"): 0.2}
    assert holm({}) == {}


@pytest.mark.slow
@pytest.mark.parametrize("group_size", [1, 3])
def test_two_identical_models_have_uniform_p_values(group_size):
    """Both predict label + error of one distribution; errors in a group go together."""
    generator = np.random.default_rng(8)
    groups = np.arange(24) // group_size
    collected = []
    for simulation in range(100):
        labels = generator.choice([1.0, 2.0, 3.0, 4.0, 5.0], (24, 1))
        shared = generator.normal(size=(2, 3, 24))[..., groups]
        own = generator.normal(size=(2, 3, 24))
        ours, theirs = labels + (0.8 * shared + 0.8 * own)[..., np.newaxis]
        collected.append(
            permutation_p_values(TASK, labels, ours, theirs, groups, resamples=199, seed=simulation)
        )
    for level in (0.02, 0.05, 0.1, 0.2, 0.5, 0.8):
        error = 3 * np.sqrt(level * (1 - level) / len(collected))
        below = {
            name: np.mean([each[name] <= level for each in collected]) for name in collected[0]
        }
        assert max(below.values()) <= level + error
        # Of eight groups one swap in 128 ties with what was observed, of shares many more.
        assert min(below["mae"], below["r"]) >= level - error - 1 / 128
        assert below["a2"] >= level / 2 - error
