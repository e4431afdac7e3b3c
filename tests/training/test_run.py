"""A run folder is whole or not there, and what it reports was not seen in training."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import train_run
from rmfn_tf.training.scores import score
from support.random_examples import make_examples

FILES = {"config.toml", "run.json", "metrics.json", "history.csv", "predictions.csv"}
VIDEOS = [0, 1, 2, 0, 1, 2, 3, 3, 4, 5]


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def read_predictions(path):
    """ids, labels (N, C), predictions (N, outputs) of a predictions.csv."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels, predictions = (
        np.array([[float(v) for k, v in row.items() if k.startswith(start)] for row in rows])
        for start in ("label_", "prediction_")
    )
    return [row["id"] for row in rows], labels, predictions


@pytest.fixture
def pooled():
    return make_examples([3, 2, 4, 3, 2, 3, 4, 2, 3, 5], videos=VIDEOS)


@pytest.fixture
def recorded_folds(monkeypatch):
    """Replaces training and predicting: the prediction is the number of the model that made it."""
    models = []

    def fit_model(config, task, train, validation, *, scratch, on_epoch=None):
        models.append(SimpleNamespace(train=train, validation=validation, number=len(models)))
        return SimpleNamespace(model=models[-1], history=[{"epoch": 1, "loss": 0.5}])

    def predict(model, examples):
        # Row by row its own value, so that a wrong order shows.
        rows = [int(each.removeprefix("example-")) for each in examples.ids]
        return np.array([[100.0 * model.number + row] for row in rows])

    monkeypatch.setattr("rmfn_tf.training.run.fit_model", fit_model)
    monkeypatch.setattr("rmfn_tf.training.run.predict", predict)
    return models


def test_the_whole_folder(tmp_path, tiny_config, memory_builder, three_splits, tasks):
    builder = memory_builder(three_splits)
    config, out = tiny_config(epochs=2), tmp_path / "new" / "run"
    metrics = train_run(config, builder, out)

    assert names_in(out) == FILES | {"model.keras"}
    assert names_in(out.parent) == {"run"}
    assert builder.opened == ["train", "validation"]
    assert RunConfig.read(out / "config.toml") == config
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert metrics["split"] == "validation"
    assert list(metrics["metrics"]) == ["ef_lstm", "constant", "ridge"]
    assert len((out / "history.csv").read_text().splitlines()) == 3
    run = json.loads((out / "run.json").read_text())
    assert run["fingerprint"] == "0123456789abcdef"
    assert run["seed"] == 0

    ids, labels, predictions = read_predictions(out / "predictions.csv")
    assert ids == three_splits["validation"].ids
    np.testing.assert_array_equal(labels, three_splits["validation"].labels)
    again = score(tasks["regression"], labels, predictions)
    assert again == pytest.approx(metrics["metrics"]["ef_lstm"], rel=1e-6)


@pytest.mark.parametrize("kind", ["classification", "multilabel"])
def test_other_kinds_of_task(tmp_path, tiny_config, memory_builder, tasks, kind):
    splits = {
        split: make_examples([3, 2, 4] * 8, kind=kind, seed=seed)
        for seed, split in enumerate(("train", "validation"))
    }
    builder = memory_builder(splits, tasks[kind])
    metrics = train_run(tiny_config(), builder, tmp_path / "run")
    assert list(metrics["metrics"]) == ["ef_lstm", "majority", "logistic"]
    _, labels, predictions = read_predictions(tmp_path / "run" / "predictions.csv")
    if kind == "classification":
        labels = labels[:, 0].astype(int)
    again = score(tasks[kind], labels, predictions)
    assert again == pytest.approx(metrics["metrics"]["ef_lstm"])


@pytest.mark.parametrize("broken", ["fit_model", "predict", "floor_predictions", "_provenance"])
def test_a_failure_leaves_nothing(
    tmp_path, tiny_config, memory_builder, three_splits, recorded_folds, monkeypatch, broken
):
    def fail(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(f"rmfn_tf.training.run.{broken}", fail)
    if broken != "fit_model":
        model = SimpleNamespace(save=lambda path: path.write_text("weights"), number=0)
        fitted = SimpleNamespace(model=model, history=[{"epoch": 1}])
        monkeypatch.setattr("rmfn_tf.training.run.fit_model", lambda *a, **k: fitted)
    with pytest.raises(RuntimeError, match="power cut"):
        train_run(tiny_config(), memory_builder(three_splits), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_refused(tmp_path, tiny_config, memory_builder, three_splits):
    builder = memory_builder(three_splits)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="exists already"):
        train_run(tiny_config(), builder, tmp_path / "run")
    assert names_in(tmp_path / "run") == {"mine.txt"}
    assert builder.opened == []


def test_every_video_is_judged_by_a_model_that_did_not_see_it(
    tmp_path, tiny_config, memory_builder, pooled, recorded_folds
):
    # The one split of the real data set is called `pooled`; TFDS gives it as `all`.
    builder = memory_builder({"pooled": pooled, "all": pooled})
    del builder.info.splits["all"]
    result = train_run(tiny_config(folds=3), builder, tmp_path / "run")
    ids, labels, predictions = read_predictions(tmp_path / "run" / "predictions.csv")

    assert result["split"] == "3 folds"
    assert names_in(tmp_path / "run") == FILES
    assert ids == pooled.ids
    np.testing.assert_array_equal(labels, pooled.labels)
    assert len(recorded_folds) == 3
    for row, prediction in enumerate(predictions[:, 0]):
        model, predicted_row = divmod(int(prediction), 100)
        assert predicted_row == row
        assert pooled.groups[row] not in recorded_folds[model].train.groups
    assert all(model.validation is None for model in recorded_folds)
    # The history names the fold of each row.
    history = (tmp_path / "run" / "history.csv").read_text().split()
    assert history == ["fold,epoch,loss", "1,1,0.5", "2,1,0.5", "3,1,0.5"]


def test_the_epoch_is_chosen_on_videos_of_neither_side(
    tmp_path, tiny_config, memory_builder, pooled, recorded_folds
):
    builder = memory_builder({"all": pooled})
    train_run(tiny_config(folds=3, choose_epochs=True), builder, tmp_path / "run")
    _, _, predictions = read_predictions(tmp_path / "run" / "predictions.csv")
    for row, prediction in enumerate(predictions[:, 0]):
        model = recorded_folds[int(prediction) // 100]
        inner, learned = set(model.validation.groups), set(model.train.groups)
        assert inner
        assert not inner & learned
        assert pooled.groups[row] not in inner | learned


def test_folds_once_with_real_models(tmp_path, tiny_config, memory_builder, pooled, tasks):
    builder = memory_builder({"all": pooled})
    result = train_run(tiny_config(folds=2), builder, tmp_path / "run")
    _, labels, predictions = read_predictions(tmp_path / "run" / "predictions.csv")
    again = score(tasks["regression"], labels, predictions)
    assert again == pytest.approx(result["metrics"]["ef_lstm"], rel=1e-6)


def test_folds_are_for_data_without_splits(tmp_path, tiny_config, memory_builder, three_splits):
    builder = memory_builder(three_splits)
    with pytest.raises(ValueError, match="folds are for data sets without any"):
        train_run(tiny_config(folds=2), builder, tmp_path / "run")
    assert builder.opened == []


def test_data_without_splits_needs_folds(tmp_path, tiny_config, memory_builder, pooled):
    with pytest.raises(ValueError, match="train with --folds"):
        train_run(tiny_config(), memory_builder({"pooled": pooled}), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
