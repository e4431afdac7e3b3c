"""A run folder is whole or not there, and what it reports was not seen in training."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from rmfn_tf.files import only_writer
from rmfn_tf.metrics import score
from rmfn_tf.training.checkpoint import Checkpoint, NonFiniteLoss, read_history
from rmfn_tf.training.predictions import predict, report
from rmfn_tf.training.run import Run
from rmfn_tf.training.splits import open_learning_data
from rmfn_tf.training.trainer import RunCallback, Trainer, build_model
from support.random_examples import WIDTHS, make_examples

pytestmark = [pytest.mark.usefixtures("eager"), pytest.mark.slow]

FILES = {"config.toml", "run.json", "metrics.json", "history.csv", "history.png", "model.keras"}
VIDEOS = [0, 1, 2, 0, 1, 2, 3, 3, 4, 5]


def names_in(folder):
    return {path.name for path in folder.iterdir()} - {".lock"}


@pytest.fixture
def pooled():
    return make_examples([3, 2, 4, 3, 2, 3, 4, 2, 3, 5], videos=VIDEOS)


@pytest.fixture
def recorded_folds(monkeypatch):
    """Replaces training and predicting: the prediction is the number of the model that made it."""
    models = []

    def fit(trainer, data, folder, *, epochs=None, **told):
        model = SimpleNamespace(
            train=data.train,
            validation=data.validation,
            number=len(models),
            epochs=epochs,
            trainable_variables=[],
            save=lambda path: path.touch(),
        )
        models.append(model)
        chosen = 3 * model.number + 1  # 1, 4, 7 with three folds
        history = [{"epoch": chosen, "loss": 0.5}]
        folder.mkdir()
        (folder / "history.csv").write_text(f"epoch,loss\n{chosen},0.5\n")
        state = Checkpoint()
        state.history = history
        return model, state

    def predict(model, examples):
        # Row by row its own value, so that a wrong order shows.
        rows = [int(each.removeprefix("example-")) for each in examples.ids]
        return np.array([[100.0 * model.number + row] for row in rows])

    monkeypatch.setattr(Trainer, "fit", fit)
    monkeypatch.setattr("rmfn_tf.training.trainer.predict", predict)
    return models


def test_the_whole_folder(tmp_path, tiny_config, memory_builder, three_splits, tasks):
    builder = memory_builder(three_splits)
    config, out = tiny_config(epochs=2), tmp_path / "new" / "run"
    metrics = Run(out).train(config, builder)

    predicted = {"predictions_train.csv", "predictions_validation.csv"}
    assert names_in(out) == FILES | predicted | {"checkpoint.npz"}
    assert names_in(out.parent) == {"run"}
    assert builder.opened == ["train", "validation"]
    assert Run(out).config == config.complete(WIDTHS).replace(data_dir="/made/up")
    assert Run(out).metrics == metrics
    assert metrics["split"] == "validation"
    assert list(metrics["metrics"]) == ["ef_lstm", "constant", "ridge"]
    assert len((out / "history.csv").read_text().splitlines()) == 3
    run = json.loads((out / "run.json").read_text())
    assert run["fingerprint"] == "0123456789abcdef"
    assert run["sessions"][0]["versions"]["keras"]
    assert run["sources"] == {"a.h5": "00"}

    for split in ("train", "validation"):
        read = Run(out).predictions(split)
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
    metrics = Run(tmp_path / "run").train(tiny_config(), builder)
    assert list(metrics["metrics"]) == ["ef_lstm", "majority", "logistic"]
    read = Run(tmp_path / "run").predictions("validation")
    again = score(tasks[kind], read.labels, read.by_row["ef_lstm"])
    assert again == pytest.approx(metrics["metrics"]["ef_lstm"])


@pytest.mark.parametrize(
    "broken", ["splits.open_split", "trainer.Trainer.fit", "run.session_facts"]
)
def test_a_failure_before_the_first_epoch_leaves_nothing(
    tmp_path, tiny_config, memory_builder, three_splits, monkeypatch, broken
):
    def fail(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(f"rmfn_tf.training.{broken}", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        Run(tmp_path / "run").train(tiny_config(), memory_builder(three_splits))
    assert list(tmp_path.iterdir()) == []


def test_a_failure_after_training_can_be_resumed(
    tmp_path, tiny_config, memory_builder, three_splits, monkeypatch
):
    def fail(*args, **kwargs):
        raise OSError("full")

    builder, config, out = memory_builder(three_splits), tiny_config(), tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr("rmfn_tf.training.trainer.write_predictions", fail)
        with pytest.raises(OSError, match="full"):
            Run(out).train(config, builder)
    assert not Run(out).is_finished
    with pytest.raises(ValueError, match=r"was interrupted: `rmfn train --resume"):
        Run(out).train(config, builder)
    seen = []
    look = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    resumed = Run(out).train(config, builder, resume=True, callbacks=[look])
    assert seen == []
    assert resumed == Run(tmp_path / "whole").train(config, builder)
    assert len(json.loads((out / "run.json").read_text())["sessions"]) == 2
    # A finished one is left as it is.
    assert Run(out).train(config, builder, resume=True) == resumed


def test_only_the_same_run_is_resumed(tmp_path, tiny_config, memory_builder, three_splits):
    out = tmp_path / "run"
    Run(out).train(tiny_config(), memory_builder(three_splits))
    (out / "metrics.json").unlink()
    with pytest.raises(ValueError, match=r"there {'seed': 0}, asked for {'seed': 1}"):
        Run(out).train(tiny_config(seed=1), memory_builder(three_splits), resume=True)
    other = memory_builder(three_splits, fingerprint="f" * 64)
    with pytest.raises(ValueError, match="fingerprint ffffffffffff"):
        Run(out).train(tiny_config(), other, resume=True)
    assert other.opened == []


def test_a_folder_has_one_writer(tmp_path, tiny_config, memory_builder, three_splits):
    out = tmp_path / "run"
    out.mkdir()
    tiny_config().write(out / "config.toml")
    with only_writer(out), pytest.raises(ValueError, match="in use by another process"):
        Run(out).train(tiny_config(), memory_builder(three_splits), resume=True)


class Ruin(keras.callbacks.Callback):
    """The steps throw the weights out of the numbers at the end of some epoch, counted from 0."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.losses = epoch, []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs.get("val_loss"))
        if len(self.losses) == self.epoch + 1:
            raise NonFiniteLoss("The training loss became nan.")


def test_nan_keeps_the_best_model(tmp_path, tiny_config, memory_builder, three_splits):
    out, ruin = tmp_path / "run", Ruin(1)
    with pytest.raises(NonFiniteLoss, match=r"best model so far, of epoch \d, is kept"):
        Run(out).train(tiny_config(epochs=4), memory_builder(three_splits), callbacks=[ruin])
    validation = three_splits["validation"]
    loss = np.abs(predict(Run(out).model(), validation) - validation.labels).mean()
    assert loss == pytest.approx(min(ruin.losses), rel=1e-5)
    assert not Run(out).is_finished


def test_the_fold_that_left_the_numbers_is_named_and_its_best_kept(
    tmp_path, tiny_config, memory_builder, pooled
):
    out = tmp_path / "run"
    with pytest.raises(NonFiniteLoss, match=r"Fold 2 of 3: The training.*is kept in .*fold_02"):
        Run(out).train(
            tiny_config(folds=3, epochs=2), memory_builder({"all": pooled}), callbacks=[Ruin(3)]
        )
    assert (out / "fold_02" / "model.keras").exists()
    assert not (out / "fold_03").exists()


def test_an_existing_folder_is_refused(tmp_path, tiny_config, memory_builder, three_splits):
    builder = memory_builder(three_splits)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="exists already"):
        Run(tmp_path / "run").train(tiny_config(), builder)
    assert names_in(tmp_path / "run") == {"mine.txt"}
    assert builder.opened == []
    with pytest.raises(ValueError, match="exists already"):
        Run(tmp_path / "run" / "mine.txt").check_new()


def test_every_video_is_judged_by_a_model_that_did_not_see_it(
    tmp_path, tiny_config, memory_builder, pooled, recorded_folds
):
    # The one split of the real data set is called `pooled`; TFDS gives it as `all`.
    builder = memory_builder({"pooled": pooled, "all": pooled})
    del builder.info.splits["all"]
    result = Run(tmp_path / "run").train(tiny_config(folds=3), builder)
    read = Run(tmp_path / "run").predictions("out_of_fold")
    predictions = read.by_row["ef_lstm"]

    assert result["split"] == "3 folds"
    folds = {"fold_01", "fold_02", "fold_03", "final"}
    assert names_in(tmp_path / "run") == FILES | folds | {"predictions_out_of_fold.csv"}
    assert read.ids == pooled.ids
    np.testing.assert_array_equal(read.labels, pooled.labels)
    assert len(recorded_folds) == 4
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
    assert history == ["fold,epoch,loss", "1,1,0.5", "2,4,0.5", "3,7,0.5"]
    # The model that is kept has learned from all of the data, for as long as the folds.
    final = recorded_folds[-1]
    assert (final.train.ids, final.validation, final.epochs) == (pooled.ids, None, 1)
    assert Run(tmp_path / "run").facts["final_model"]["epochs"] == 1


def test_the_epoch_is_chosen_on_videos_of_neither_side(
    tmp_path, tiny_config, memory_builder, pooled, recorded_folds
):
    builder = memory_builder({"all": pooled})
    Run(tmp_path / "run").train(tiny_config(folds=3, choose_epochs=True), builder)
    read = Run(tmp_path / "run").predictions("out_of_fold")
    for row, prediction in enumerate(read.by_row["ef_lstm"][:, 0]):
        model = recorded_folds[int(prediction) // 100]
        inner, learned = set(model.validation.groups), set(model.train.groups)
        assert inner
        assert not inner & learned
        assert pooled.groups[row] not in inner | learned
    assert recorded_folds[-1].epochs == 4
    why = Run(tmp_path / "run").facts["final_model"]["why"]
    assert why == "the median of what the folds chose: 1, 4, 7"


def test_folds_once_with_real_models(tmp_path, tiny_config, memory_builder, pooled, tasks):
    builder = memory_builder({"all": pooled})
    result = Run(tmp_path / "run").train(tiny_config(folds=2), builder)
    read = Run(tmp_path / "run").predictions("out_of_fold")
    again = score(tasks["regression"], read.labels, read.by_row["ef_lstm"])
    assert again == pytest.approx(result["metrics"]["ef_lstm"], rel=1e-6)
    run = Run(tmp_path / "run")
    assert [(row["fold"], row["epoch"]) for row in run.history] == [(1, 1), (2, 1)]
    trained = build_model(run.config, open_learning_data(run.config, builder))
    Checkpoint(run.folder / "final").restore_best(trained)
    np.testing.assert_array_equal(predict(run.model(), pooled), predict(trained, pooled))


def test_callbacks_are_told_of_every_model(tmp_path, tiny_config, memory_builder, pooled):
    heard = []

    class Hear(RunCallback):
        def on_model(self, model, data, checkpoint, fold, floors):
            heard.append((fold, len(data.train), list(floors["metrics"])))
            self.checkpoint = checkpoint

        def on_epoch_end(self, epoch, logs=None):
            heard.append((epoch, sorted(logs)))
            # The state of the epoch is written by then.
            assert read_history(self.checkpoint.folder) == self.checkpoint.history
            assert len(self.checkpoint.history) == epoch + 1

    builder = memory_builder({"all": pooled})
    Run(tmp_path / "run").train(tiny_config(folds=2, epochs=2), builder, callbacks=[Hear()])
    epochs = [(0, ["loss", "mae"]), (1, ["loss", "mae"])]
    floors = ["constant", "ridge"]
    assert [each for each in heard if len(each) == 2] == epochs * 3
    told = [each for each in heard if len(each) == 3]
    assert [fold for fold, _, _ in told] == [1, 2, 0]
    assert told[0][1] + told[1][1] == told[2][1] == len(pooled)  # each fold learns from the other
    assert all(names == floors for _, _, names in told)


def test_constant_predictions_are_named(tasks):
    labels = np.array([[1.0], [2.0], [4.0]])
    predictions = {
        "model": np.array([[1.0], [2.0], [2.0]]),
        "constant": np.full((3, 1), 2.0),
    }
    said = report("test", tasks["regression"], labels, predictions)
    assert said["split"] == "test"
    assert said["constant_predictions"] == ["constant"]
    for row, values in predictions.items():
        assert said["metrics"][row] == score(tasks["regression"], labels, values)
    assert said["metrics"]["constant"]["r"] == 0


def test_what_the_task_has_not_is_told_before_anything_is_read(
    tmp_path, tiny_config, memory_builder, three_splits, tasks
):
    builder = memory_builder(three_splits)
    for changes, complaint in (
        ({"select_by": "accuracy"}, "unknown metric to select by 'accuracy'"),
        ({"class_weight": "balanced"}, "class_weight is for a classification"),
    ):
        with pytest.raises(ValueError, match=complaint):
            Run(tmp_path / "run").train(tiny_config(**changes), builder)
    builder = memory_builder(three_splits, tasks["classification"])
    with pytest.raises(ValueError, match="must have 2 weights"):
        Run(tmp_path / "run").train(tiny_config(class_weight=[1, 2, 3]), builder)
    assert builder.opened == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("leftover", [".lock", ".partial-config.toml"])
def test_what_a_kill_left_is_as_good_as_nothing(tmp_path, leftover):
    (tmp_path / leftover).touch()
    Run(tmp_path).check_new()


def test_folds_are_for_data_without_splits(tmp_path, tiny_config, memory_builder, three_splits):
    builder = memory_builder(three_splits)
    with pytest.raises(ValueError, match="folds are for data sets without any"):
        Run(tmp_path / "run").train(tiny_config(folds=2), builder)
    assert builder.opened == []


def test_data_without_splits_needs_folds(tmp_path, tiny_config, memory_builder, pooled):
    with pytest.raises(ValueError, match="train with --folds"):
        Run(tmp_path / "run").train(tiny_config(), memory_builder({"pooled": pooled}))
    assert list(tmp_path.iterdir()) == []
