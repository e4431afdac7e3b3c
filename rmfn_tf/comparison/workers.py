"""Processes that train runs for `compare_models`. Importing this does not start TensorFlow: a
worker silences it first."""

import multiprocessing
import os
import threading
from pathlib import Path

from rmfn_tf.start import start_tensorflow
from rmfn_tf.training.config import RunConfig


def start_worker(threads: int) -> None:
    """Determinism as in a single run, and no life of its own after its parent's.

    Args:
        threads: that TensorFlow may use; 0 leaves it to TensorFlow.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
    start_tensorflow(deterministic=True, threads=threads)


def train_in_worker(config: RunConfig, data_dir: str, folder: Path) -> None:
    """Trains, or goes on with, the run of a folder on data that are built in `data_dir`."""
    from rmfn_tf.datasets.building import load_builder
    from rmfn_tf.training.run import train_run

    train_run(config, load_builder(config.data, data_dir), folder, resume=True)
