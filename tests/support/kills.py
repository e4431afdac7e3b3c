"""A tiny run in a process of its own, which may be killed."""

import json
import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tensorflow", "keras", "support.random_examples"])
SPLITS = {"train": [3, 5, 4, 2, 3, 4] * 4, "validation": [4, 2, 3, 5]}
TASK = {"kind": "regression", "columns": ["a"]}


def train(folder: str, threads: int = 1) -> None:
    """Trains, or goes on with, the run in a folder: a GME-LSTM(A), which draws its gates and keeps
    a baseline for them, with dropout and early stopping."""
    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True, threads=threads)

    from rmfn_tf.training import splits
    from rmfn_tf.training.config import RunConfig
    from rmfn_tf.training.run import Run
    from support.random_examples import WIDTHS, make_examples

    examples = {name: make_examples(lengths, seed=7) for name, lengths in SPLITS.items()}
    splits.load_examples = lambda builder, split: examples[split]
    metadata = {"task": TASK, "modalities": WIDTHS, "fingerprint": "0" * 64, "sources": {}}
    info = SimpleNamespace(splits=dict.fromkeys(SPLITS), metadata=metadata)
    config = RunConfig(
        data="made/up",
        model="gme_lstm",
        hyperparameters={
            "units": 4,
            "gate_units": 4,
            "head_units": 4,
            "dropout": 0.3,
            "head_dropout": 0.3,
        },
        epochs=12,
        batch_size=4,
        patience=9,
        seed=3,
    )
    Run(folder).train(config, SimpleNamespace(info=info, data_dir_root="/made/up"), resume=True)


def run_process(folder: Path, kill_after: float | None = None) -> tuple[bool, float]:
    """Runs `train` in a new process, and kills it (SIGKILL) after so many seconds.

    Gives whether it came to its end by itself, and the seconds it ran.
    """
    started = time.monotonic()
    process = CONTEXT.Process(target=train, args=(str(folder),))
    # The name of the fork server's socket may have 107 bytes, and TMPDIR may be longer.
    with patch.object(tempfile, "tempdir", "/tmp"):
        process.start()
    process.join(kill_after)
    if process.is_alive():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"The run failed by itself, with exit code {process.exitcode}.")
    return process.exitcode == 0, time.monotonic() - started


def differences(folder: Path, other: Path) -> list[str]:
    """Which results of two finished runs are not the same bits."""
    names = ("metrics.json", "history.csv", "predictions_train.csv", "predictions_validation.csv")
    found = [n for n in names if (folder / n).read_bytes() != (other / n).read_bytes()]
    states = [np.load(each / "checkpoint.npz") for each in (folder, other)]
    facts = [json.loads(str(state["facts"]))["history"] for state in states]
    if facts[0] != facts[1]:
        found.append("history in checkpoint.npz")
    for name in states[0].files:
        if name != "facts" and states[0][name].tobytes() != states[1][name].tobytes():
            found.append(f"{name} in checkpoint.npz")
    for state in states:
        state.close()
    return found
