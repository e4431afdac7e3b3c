"""A run folder is whole or not there, and what it reports was not seen in training."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from rmfn_tf.files import only_writer
from rmfn_tf.metrics import score
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.evaluate import load_run
from rmfn_tf.training.fit import NonFiniteLoss, predict
from rmfn_tf.training.predictions import read_predictions
from rmfn_tf.training.run import is_finished, train_run
from support.random_examples import make_examples

pytestmark = [pytest.mark.usefixtures("eager"), pytest.mark.slow]

FILES = {"config.toml", "run.json", "metrics.json", "history.csv"}
VIDEOS = [0, 1, 2, 0, 1, 2, 3, 3, 4, 5]


def names_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def pooled():
    return make_examples([3, 2, 4, 3, 2, 3, 4, 2, 3, 5], videos=VIDEOS)


@pytest.fixture
def recorded_folds(monkeypatch):
    """Replaces training and predicting: the prediction is the number of the model that made it."""
    models = []

    def fit_in_folder(config, data, folder, on_epoch=None):
        models.append(
            SimpleNamespace(
                train=data.train,
                validation=data.validation,
                number=len(models),
                trainable_variables=[],
            )
        )
        return SimpleNamespace(model=models[-1], history=[{"epoch": 1, "loss": 0.5}], seconds=1.0)

    def predict(model, examples):
        # Row by row its own value, so that a wrong order shows.
        rows = [int(each.removeprefix("example-")) for each in examples.ids]
        return np.array([[100.0 * model.number + row] for row in rows])

    monkeypatch.setattr("rmfn_tf.training.run.fit_in_folder", fit_in_folder)
    monkeypatch.setattr("rmfn_tf.training.run.predict", predict)
    return models


def test_the_whole_folder(tmp_path, tiny_config, memory_builder, three_splits, tasks):
    builder = memory_builder(three_splits)
    config, out = tiny_config(epochs=2), tmp_path / "new" / "run"
    metrics = train_run(config, builder, out)

    predicted = {"predictions_train.csv", "predictions_validation.csv"}
    fitted = {"model.keras", "checkpoint.npz", "tensorboard"}
    assert names_in(out) == FILES | predicted | fitted
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

    assert run["sessions"][0]["versions"]["keras"]
    assert run["sources"] == {"a.h5": "00"}

    for split in ("train", "validation"):
        read = read_predictions(out / f"predictions_{split}.csv", "regression")
        assert read.ids == three_splits[split].ids
        assert read.groups.tolist() == three_splits[split].groups.tolist()
        np.testing.assert_array_equal(read.labels, three_splits[split].labels)
    for name, values in read.by_row.items():
        again = score(tasks["regression"], read.labels, values)
        assert again == pytest.approx(metrics["metrics"][name], rel=1e-6)


@pytest.mark.parametrize("kind", ["classification", "multilabel"])
def test_other_kinds_of_task(tmp_path, tiny_config, memory_builder, tasks, kind):
    splits = {
        split: make_examples([3, 2, 4] * 8, kind=kind, seed=seed)
        for seed, split in enumerate(("train", "validation"))
    }
    builder = memory_builder(splits, tasks[kind])
    metrics = train_run(tiny_config(), builder, tmp_path / "run")
    assert list(metrics["metrics"]) == ["ef_lstm", "majority", "logistic"]
    read = read_predictions(tmp_path / "run" / "predictions_validation.csv", kind)
    again = score(tasks[kind], read.labels, read.by_row["ef_lstm"])
    assert again == pytest.approx(metrics["metrics"]["ef_lstm"])


@pytest.mark.parametrize(
    "broken", ["data.open_learning_data", "run.fit_in_folder", "run.session_facts"]
)
def test_a_failure_before_the_first_epoch_leaves_nothing(
    tmp_path, tiny_config, memory_builder, three_splits, monkeypatch, broken
):
    def fail(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(f"rmfn_tf.training.{broken}", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        train_run(tiny_config(), memory_builder(three_splits), tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_after_training_can_be_resumed(
    tmp_path, tiny_config, memory_builder, three_splits, monkeypatch
):
    def fail(*args, **kwargs):
        raise OSError("full")

    builder, config, out = memory_builder(three_splits), tiny_config(), tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr("rmfn_tf.training.data.floor_predictions", fail)
        with pytest.raises(OSError, match="full"):
            train_run(config, builder, out)
    assert not is_finished(out)
    with pytest.raises(ValueError, match=r"interrupted; go on with `rmfn train --resume"):
        train_run(config, builder, out)
    seen = []
    resumed = train_run(config, builder, out, resume=True, on_epoch=seen.append)
    assert seen == []
    assert resumed == train_run(config, builder, tmp_path / "whole")
    assert len(json.loads((out / "run.json").read_text())["sessions"]) == 2
    # A finished one is left as it is.
    assert train_run(config, builder, out, resume=True) == resumed


def test_only_the_same_run_is_resumed(tmp_path, tiny_config, memory_builder, three_splits):
    out = tmp_path / "run"
    train_run(tiny_config(), memory_builder(three_splits), out)
    (out / "metrics.json").unlink()
    with pytest.raises(ValueError, match=r"there {'seed': 0}, asked for {'seed': 1}"):
        train_run(tiny_config(seed=1), memory_builder(three_splits), out, resume=True)
    other = memory_builder(three_splits, fingerprint="f" * 64)
    with pytest.raises(ValueError, match="fingerprint ffffffffffff"):
        train_run(tiny_config(), other, out, resume=True)
    assert other.opened == []


def test_a_folder_has_one_writer(tmp_path, tiny_config, memory_builder, three_splits):
    out = tmp_path / "run"
    out.mkdir()
    tiny_config().write(out / "config.toml")
    with only_writer(out), pytest.raises(ValueError, match="in use by another process"):
        train_run(tiny_config(), memory_builder(three_splits), out, resume=True)


def test_nan_keeps_the_best_model(tmp_path, tiny_config, memory_builder, three_splits):
    # It goes well for an epoch or more, then the steps throw the weights out of the numbers.
    out, seen = tmp_path / "run", []

    def ruin(progress):
        seen.append(progress.last)
        if len(seen) == 2:
            raise NonFiniteLoss("The training loss became nan.")

    with pytest.raises(NonFiniteLoss, match=r"best model so far, of epoch \d, is kept"):
        train_run(tiny_config(epochs=4), memory_builder(three_splits), out, on_epoch=ruin)
    best = min(seen, key=lambda each: each.logs["val_loss"])
    _, model = load_run(out)
    validation = three_splits["validation"]
    loss = np.abs(predict(model, validation) - validation.labels).mean()
    assert loss == pytest.approx(best.logs["val_loss"], rel=1e-5)
    assert not is_finished(out)


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
    read = read_predictions(tmp_path / "run" / "predictions_out_of_fold.csv", "regression")
    predictions = read.by_row["ef_lstm"]

    assert result["split"] == "3 folds"
    folds = {"fold_01", "fold_02", "fold_03"}
    assert names_in(tmp_path / "run") == FILES | folds | {"predictions_out_of_fold.csv"}
    assert read.ids == pooled.ids
    np.testing.assert_array_equal(read.labels, pooled.labels)
    assert len(recorded_folds) == 3
    for row, prediction in enumerate(predictions[:, 0]):
        model, predicted_row = divmod(int(prediction), 100)
        assert predicted_row == row
        assert pooled.groups[row] not in recorded_folds[model].train.groups
    # Nor has a floor seen it: the constant is the median of the other folds' labels.
    for row, prediction in enumerate(predictions[:, 0]):
        inside = recorded_folds[int(prediction) // 100].train.labels
        assert read.by_row["constant"][row, 0] == pytest.approx(np.median(inside))
    assert all(model.validation is None for model in recorded_folds)
    # The history names the fold of each row.
    history = (tmp_path / "run" / "history.csv").read_text().split()
    assert history == ["fold,epoch,loss", "1,1,0.5", "2,1,0.5", "3,1,0.5"]


def test_the_epoch_is_chosen_on_videos_of_neither_side(
    tmp_path, tiny_config, memory_builder, pooled, recorded_folds
):
    builder = memory_builder({"all": pooled})
    train_run(tiny_config(folds=3, choose_epochs=True), builder, tmp_path / "run")
    read = read_predictions(tmp_path / "run" / "predictions_out_of_fold.csv", "regression")
    for row, prediction in enumerate(read.by_row["ef_lstm"][:, 0]):
        model = recorded_folds[int(prediction) // 100]
        inner, learned = set(model.validation.groups), set(model.train.groups)
        assert inner
        assert not inner & learned
        assert pooled.groups[row] not in inner | learned


def test_folds_once_with_real_models(tmp_path, tiny_config, memory_builder, pooled, tasks):
    builder = memory_builder({"all": pooled})
    result = train_run(tiny_config(folds=2), builder, tmp_path / "run")
    read = read_predictions(tmp_path / "run" / "predictions_out_of_fold.csv", "regression")
    again = score(tasks["regression"], read.labels, read.by_row["ef_lstm"])
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
