"""Runs that share what they read end as they would alone."""

import json

import pytest

from rmfn_tf.training import splits
from rmfn_tf.training.run import Run
from rmfn_tf.training.splits import RunData
from support.random_examples import make_examples

pytestmark = [pytest.mark.usefixtures("eager"), pytest.mark.slow]


@pytest.fixture
def calls(monkeypatch):
    """Counts what should happen once for all runs of a process."""
    counts = dict.fromkeys(("fit_scaling", "floor_predictions"), 0)

    def counted(name, function):
        def call(*arguments):
            counts[name] += 1
            return function(*arguments)

        return call

    for name in counts:
        monkeypatch.setattr(splits, name, counted(name, getattr(splits, name)))
    return counts


@pytest.mark.parametrize("folds", [0, 2])
def test_read_scaled_and_judged_once(
    tmp_path, tiny_config, memory_builder, three_splits, calls, folds
):
    pool = make_examples([3, 2, 4, 3, 2, 3])
    builder = memory_builder({"all": pool} if folds else three_splits)
    alone = Run(tmp_path / "alone").train(tiny_config(folds=folds), builder)
    del builder.opened[:]
    calls.update(fit_scaling=0, floor_predictions=0)
    shared = RunData(builder)
    for number in (1, 2):
        config = tiny_config(folds=folds, epochs=number)
        metrics = Run(tmp_path / str(number)).train(config, builder, data=shared)
        assert number > 1 or metrics == alone
    assert builder.opened == (["all"] if folds else ["train", "validation"])
    # One more, of all of the data, is for the model that is kept.
    assert calls == {"fit_scaling": folds + 1, "floor_predictions": max(folds, 1)}


def test_folds_of_other_seeds_and_numbers_are_not_mixed_up(tiny_config, memory_builder):
    pool = make_examples([3, 2, 4, 3, 2, 3, 4, 2])
    shared = RunData(memory_builder({"all": pool}))
    one, again = (shared.folds(tiny_config(folds=2)) for _ in range(2))
    others = [shared.folds(tiny_config(folds=2, seed=seed)) for seed in (1, 2, 3)]
    assert one is again
    rows = {json.dumps([fold.rows.tolist() for fold in folds]) for folds in (one, *others)}
    assert len(rows) > 1
    for folds in (one, *others):
        for fold in folds:
            assert fold.outside.ids == [pool.ids[row] for row in fold.rows]
    assert len(shared.folds(tiny_config(folds=3))) == 3
