"""A non-temporal model has a run like any other, without a stored model."""

from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.data import make_folds
from rmfn_tf.models.without_keras import fit_and_predict
from rmfn_tf.training import floors
from rmfn_tf.training.run import Run
from support.random_examples import make_examples

FILES = {"config.toml", "run.json", "metrics.json"}


@pytest.fixture
def linear(tiny_config):
    """The config of a run of `linear`, which is fast; keywords change it."""
    return lambda **changes: tiny_config(**{"model": "linear", "hyperparameters": {}, **changes})


def names_in(folder):
    return {path.name for path in folder.iterdir()} - {".lock"}


def test_the_whole_folder(tmp_path, linear, memory_builder, three_splits, tasks) -> None:
    for part in three_splits.values():
        part.features["acoustic"][1][0, 0] = 1e3  # which `scaling` alone clips, or does not
    builder, run = memory_builder(three_splits), Run(tmp_path / "run")
    metrics = run.train(linear(scaling="none"), builder)
    predicted = {"predictions_train.csv", "predictions_validation.csv"}
    assert names_in(run.folder) == FILES | predicted
    assert run.facts["seconds"] >= 0
    assert list(metrics["metrics"]) == ["linear", "constant", "ridge"]
    assert builder.opened == ["train", "validation"]
    for split in ("train", "validation"):
        parts = three_splits["train"], three_splits[split]
        ours = fit_and_predict("linear", tasks["regression"], *parts, scaling="none")
        np.testing.assert_allclose(run.predictions(split).by_row["linear"], ours, rtol=1e-6)

    # A finished run is left as it is; one that is not is fitted again, to the same numbers.
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    assert run.train(linear(scaling="none"), builder, resume=True) == metrics
    assert {path: path.stat().st_mtime_ns for path in before} == before
    (run.folder / "metrics.json").unlink()
    with pytest.raises(ValueError, match="stays closed"):
        run.evaluate(builder, "test")
    assert "test" not in builder.opened
    assert run.train(linear(scaling="none"), builder, resume=True) == metrics

    assert run.evaluate(builder, "validation")["metrics"] == metrics["metrics"]
    judged = run.evaluate(builder, "test")
    assert len((run.folder / "test_openings.jsonl").read_text().splitlines()) == 1
    error = np.abs(run.predictions("test").by_row["linear"] - three_splits["test"].labels)
    assert judged["metrics"]["linear"]["mae"] == pytest.approx(error.mean(), rel=1e-5)
    with pytest.raises(ValueError, match="'linear' is no model of Keras"):
        run.model()


def test_a_fit_that_fails_leaves_nothing(
    tmp_path, linear, memory_builder, three_splits, monkeypatch
) -> None:
    config = linear(model="svm", hyperparameters={"kernel": "rbg"})
    with pytest.raises(ValueError, match="unknown kernel of svm 'rbg'"):
        Run(tmp_path / "run").train(config, memory_builder(three_splits))
    monkeypatch.setattr(
        floors, "fit_and_predict", lambda name, task, train, test, **how: test.labels * np.nan
    )
    with pytest.raises(ValueError, match="predictions of linear are not finite"):
        Run(tmp_path / "run").train(linear(), memory_builder(three_splits))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("per_step", [False, True])
def test_folds(tmp_path, linear, memory_builder, tasks, per_step) -> None:
    """What is predicted of a video comes from a fit to the other folds."""
    pool = make_examples([3, 2, 4, 3, 2, 3], videos=[0, 1, 2, 0, 1, 3], per_step=per_step)
    task = replace(tasks["regression"], per_step=per_step)
    run = Run(tmp_path / "run")
    run.train(linear(folds=2, seed=1), memory_builder({"all": pool}, task))
    assert names_in(run.folder) == FILES | {"predictions_out_of_fold.csv"}
    read = run.predictions("out_of_fold")
    assert read.ids == pool.rows.ids
    for inside, outside in make_folds(pool, 2, 1):
        ours = fit_and_predict("linear", task, pool.take(inside), pool.take(outside))
        here = np.isin(pool.rows.examples, outside)
        np.testing.assert_allclose(read.by_row["linear"][here], ours, rtol=1e-6)


def test_what_the_config_says_is_used(tmp_path, linear, memory_builder, tasks) -> None:
    """Seed, class weights and hyperparameters, also where the run is judged again."""
    splits = {
        split: make_examples([3, 2, 4] * 8, kind="classification", seed=seed)
        for seed, split in enumerate(("train", "validation"))
    }
    builder = memory_builder(splits, tasks["classification"])
    how = {"class_weight": [1, 5], "seed": 4}
    options = {"num_trees": 5}
    config = linear(model="random_forest", hyperparameters=options, **how)
    run = Run(tmp_path / "run")
    metrics = run.train(config, builder)
    ours = fit_and_predict(
        "random_forest", tasks["classification"], *splits.values(), **how, **options
    )
    np.testing.assert_allclose(run.predictions("validation").by_row["random_forest"], ours)
    assert run.evaluate(builder, "validation") == metrics
    assert run.config.hyperparameters == options
