"""What `rmfn train` prints while it trains."""

from dataclasses import replace

import numpy as np
import pytest

from rmfn_tf.cli.show import progress_bar
from rmfn_tf.cli.show_training import ShowTraining, describe
from rmfn_tf.data import choose_buckets
from rmfn_tf.task import Task
from rmfn_tf.training.checkpoint import Checkpoint
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.splits import LearningData
from rmfn_tf.training.trainer import build_model
from support.random_examples import make_examples


def test_what_a_run_begins_with():
    train, validation = make_examples([3, 5, 4, 2, 3, 4]), make_examples([4, 2], seed=1)
    train = replace(train, present={**train.present, "visual": np.array([True] * 4 + [False] * 2)})
    small = {"units": 2, "head_units": 3}
    config = RunConfig(data="made/up", model="ef_lstm", hyperparameters=small, batch_size=4)
    data = LearningData(Task("regression", ("a",)), train, validation)
    lstm, head = 4 * (10 * 2 + 2 * 2 + 2), 2 * 3 + 3
    floors = {"metrics": {"constant": {"mae": 0.5, "r": 0.0}}}
    model = build_model(config, data)
    (name,) = (layer.name for layer in model.layers if layer.name.startswith("lstm"))
    padded = ", ".join(map(str, choose_buckets(train.lengths)))
    assert describe(config, data, model, floors) == {
        "training": "ef_lstm on made/up",
        "examples": "6 train, 2 validation",
        "inputs": "language (batch, time, 5) in 6 of 6, acoustic (batch, time, 3) in 6 of 6, "
        "visual (batch, time, 2) in 4 of 6",
        "time": "2 to 5 steps, median 3.5; padded to " + padded,
        "batches": "2 an epoch, up to 4 each",
        "parameters": f"{lstm + head + 4} trainable: {name} {lstm}, head {head}, prediction 4",
        "constant": "mae 0.5000  r 0.0000  (needs no training)",
    }


def test_a_log_has_a_line_a_minute(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("rmfn_tf.cli.show_training.time.monotonic", lambda: now[0])
    show = ShowTraining(RunConfig(data="made/up", folds=3))
    show.set_params({"epochs": 10})
    state = Checkpoint()
    show.on_model(None, None, state, 2, {})
    for epoch in range(10):
        show.on_epoch_begin(epoch)
        now[0] += 25
        state.history.append({"epoch": epoch + 1, "loss": 0.5})
        show.on_epoch_end(epoch)
    told = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert [words[3] for words in told] == ["1/10", "4/10", "7/10", "10/10"]
    # What is left: this fold, the third, and the model of all of the data.
    assert " ".join(told[0][-3:]) == f"{round((9 + 20) * 25 / 60)} min left"


@pytest.mark.parametrize("quiet", [False, True])
def test_many_runs_have_a_line_a_minute_in_a_log(capsys, monkeypatch, quiet):
    now = [0.0]
    monkeypatch.setattr("rmfn_tf.cli.show.time.monotonic", lambda: now[0])
    with progress_bar("Training", quiet) as on_progress:
        for done in range(10):
            on_progress(done * 200, 2000)
            now[0] += 25
    told = [f"Training: {done} of 2,000" for done in ("600", "1,200", "1,800")]
    assert capsys.readouterr().err.splitlines() == ([] if quiet else told)
