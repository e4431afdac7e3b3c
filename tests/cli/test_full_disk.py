"""No room to write, or no right to: one line, and what was finished is still there."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import rmfn_tf.datasets
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run

pytestmark = pytest.mark.slow

resource = pytest.importorskip("resource", reason="limits on file sizes are Unix's")
DATA = "ict_mmmo/mfn_arrays"


def limited(bytes_a_file, *arguments):
    """Runs `rmfn` where no file may become larger than so many bytes."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, bytes_a_file))

    command = [sys.executable, "-c", "from rmfn_tf.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        command,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        check=False,
    )


def state(folder):
    return {str(each): each.read_bytes() for each in folder.rglob("*.npz")}


@pytest.mark.usefixtures("eager")
def test_a_disk_that_fills_up(rmfn, tmp_path, manual_dir):
    builder = rmfn_tf.datasets.build(DATA, manual_dir=manual_dir, data_dir=tmp_path / "data")
    files, run = ("--data-dir", tmp_path / "data"), tmp_path / "run"
    small = {"units": 2, "head_units": 0}
    config = RunConfig(data=DATA, model="ef_lstm", hyperparameters=small, epochs=3)

    def interrupt(epoch, logs):
        raise KeyboardInterrupt

    stop = keras.callbacks.LambdaCallback(on_epoch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        Run(run).train(config, builder, callbacks=[stop])
    before = state(run)
    assert len(before) == 1
    (checkpoint,) = before.values()
    assert len(checkpoint) > 6000, "the limit below would not be met"

    full = limited(6000, "train", "--resume", run, *files, "--json")
    assert full.returncode == 1
    assert full.stderr.startswith("rmfn: ")
    assert full.stderr.count("\n") == 1
    assert "File too large" in full.stderr
    assert state(run) == before
    assert not list(run.rglob(".partial-*"))

    assert rmfn("train", "--resume", run, *files).code == 0
    whole = tmp_path / "whole"
    Run(whole).train(config, builder)
    for name in ("metrics.json", "history.csv"):
        assert (run / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder nobody can write to")
def test_a_folder_that_cannot_be_written(rmfn, tmp_path, manual_dir, small):
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    for command, options in (("train", small), ("compare", ("--models", "ef_lstm"))):
        done = rmfn(command, DATA, *files, *options, "--out", "/proc/rmfn")
        assert done.code == 1
        assert done.err.count("\n") == 1
        assert "/proc/rmfn" in done.err
