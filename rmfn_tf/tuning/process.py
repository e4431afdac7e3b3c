"""A process that takes part in a search. Importing this does not start TensorFlow: the process
silences it first."""

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

# KERASTUNER_TUNER_ID of each process; ALONE is what it is where there is no chief.
ALONE, CHIEF, WORKER = "tuner0", "chief", "worker-{}"
MORE = 75  # exit code: the process has run its share of trials, there may be more
_SHARE = 20  # trials; what a process has trained, TensorFlow keeps in memory, some 100 MB each


def take_part(
    out: Path,
    data_dir: str,
    role: str,
    port: int,
    owners: Sequence[str] | None,
    threads: int,
    log: Path,
) -> None:
    """Runs trials, or hands them out; the target of a process.

    Args:
        out: the folder of a search that was started.
        data_dir: where its data are built.
        role: KERASTUNER_TUNER_ID.
        port: of the chief, on this machine; 0 without one.
        owners: see `LastingOracle`.
        threads: that TensorFlow may use; 0 leaves it to TensorFlow.
        log: what the process has to say goes there.
    """
    _speak_to(log)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it ends it
    os.environ["KERASTUNER_TUNER_ID"] = role
    if port:
        os.environ |= {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": str(port)}
    from rmfn_tf.comparison.workers import start_worker

    start_worker(threads)
    try:
        sys.exit(run_share(out, data_dir, owners, None if role == CHIEF else _SHARE))
    except Exception:
        traceback.print_exc()
        sys.exit(1)


def run_share(
    out: Path, data_dir: str, owners: Sequence[str] | None = None, most: int | None = None
) -> int:
    """Takes part in the search of a folder, in this process, until it ends; an exit code."""
    from rmfn_tf.datasets.building import load_builder
    from rmfn_tf.training.data import RunData
    from rmfn_tf.tuning.search import Search
    from rmfn_tf.tuning.trial_tuner import ShareDone, TrialTuner

    search = Search.read(out)
    data = RunData(load_builder(search.config.data, data_dir))
    try:
        TrialTuner(search, data, out, owners, most).search()
    except ShareDone:
        return MORE
    return 0


def _speak_to(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
