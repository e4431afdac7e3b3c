"""The runs of a comparison, side by side."""

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from rmfn_tf.comparison.workers import start_worker, train_in_worker
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import check_same_run, is_finished
from rmfn_tf.training.run_progress import count_epochs

OnProgress = Callable[[int, int], None]


def train_all(
    jobs: Mapping[Path, RunConfig], builder: Any, workers: int, on_progress: OnProgress | None
) -> None:
    """Trains, or goes on with, every run that is not finished, each in a process of its own:
    TensorFlow keeps the graphs of every network that a process has trained, some 100 MB each.

    Args:
        jobs: run folder -> config.
        builder: the built data set.
        workers: how many at a time, of one thread each; a single one takes as many threads as
            TensorFlow likes.
        on_progress: called as `on_progress(done, total)` every second, in epochs of all runs.

    Raises:
        ValueError: a run failed, or its process was killed; what was finished is kept. Or a run
            that is there is of another config or other data.
        OSError: a run folder cannot be written.
    """
    missing = {folder: config for folder, config in jobs.items() if not is_finished(folder)}
    for folder, config in jobs.items():
        if folder not in missing:
            check_same_run(folder, config, builder)
    total = sum(map(_epochs, jobs.values()))
    if on_progress is None:
        on_progress = _say_nothing
    on_progress(total - sum(map(_epochs, missing.values())), total)
    if not missing:
        return
    with ProcessPoolExecutor(
        workers,
        multiprocessing.get_context("spawn"),
        initializer=start_worker,
        initargs=(1 if workers > 1 else 0,),
        max_tasks_per_child=1,
    ) as pool:
        waiting: set[Future] = {
            pool.submit(train_in_worker, config, str(builder.data_dir_root), folder)
            for folder, config in missing.items()
        }
        try:
            while waiting:
                finished, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                on_progress(sum(_epochs_done(*job) for job in jobs.items()), total)
        except BrokenProcessPool as error:
            raise ValueError(
                "A worker was killed from outside, most likely for want of memory. What it had "
                "finished is kept: start the same command again, with fewer --workers."
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _epochs(config: RunConfig) -> int:
    return config.epochs * max(config.folds, 1)


def _epochs_done(folder: Path, config: RunConfig) -> int:
    if is_finished(folder):  # with patience it may have stopped before the last
        return _epochs(config)
    return count_epochs(folder)


def _say_nothing(done: int, total: int) -> None:
    pass
