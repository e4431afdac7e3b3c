"""Many runs: in processes of this machine, on a cluster, or in this process.

Importing this does not start TensorFlow: a worker silences it first.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rmfn_tf.files import FolderInUse, absolute
from rmfn_tf.start import start_tensorflow
from rmfn_tf.training.config import RunConfig

OnProgress = Callable[[int, int], None]
Submit = Callable[[Path, RunConfig], "Future[str]"]
Send = Callable[..., "Future[str]"]

_KEPT = "What was finished is kept: start the same command again"
_KILLED = f"killed from outside, most likely for want of memory. {_KEPT}, with fewer --workers."
_UNGUARDED = (
    "No worker process got through its start. Each imports the script that starts it, so a script "
    'must begin its work below `if __name__ == "__main__":` (see "Safe importing of main module" '
    f"in Python's documentation of multiprocessing). If it does, the first worker was {_KILLED}"
)


def train_many(
    jobs: Mapping[Path, RunConfig],
    builder: Any,
    *,
    workers: int = 1,
    cluster: str = "",
    on_progress: OnProgress = lambda done, total: None,
) -> None:
    """Trains, or goes on with, every run that is not finished.

    Args:
        jobs: run folder -> config.
        builder: the built data set; each worker opens it by its name and folder.
        workers: processes of this machine, one run each. Several have one thread each; a single one
            takes as many as TensorFlow likes. 0 trains in this process, as TensorFlow is set there.
        cluster: address of a Dask scheduler, as `"tcp://10.0.0.1:8786"`, on whose workers to train
            instead. All its machines must see the same folders.
        on_progress: called as `on_progress(done, total)` every second, in epochs of all runs.

    Raises:
        ValueError: a run failed, or a run folder is of another config or of other data; no worker
            could start, Dask is not installed, or a module cannot be imported. The other runs are
            stopped; each goes on from its last finished epoch when this is called again.
        OSError: a worker or the cluster was lost, or a run folder cannot be written.
    """
    from rmfn_tf.training.run import Run

    runs = {Run(folder): config for folder, config in jobs.items()}
    missing = {run: config for run, config in runs.items() if not run.is_finished}
    for run in runs.keys() - missing.keys():
        run.check_same(runs[run], builder)

    def report() -> None:
        done = total = 0
        for run, config in runs.items():
            # With folds there is one more training, that of the model of all of the data.
            epochs = config.epochs * (config.folds + 1 if config.folds else 1)
            # A finished run may have stopped before its last epoch.
            done += epochs if run.is_finished else run.epochs_done
            total += epochs
        on_progress(done, total)

    report()
    if not missing:
        return
    with open_workers(builder, workers=workers, cluster=cluster) as submit:
        submitted = {submit(run.folder, config): run for run, config in missing.items()}
        waiting = set(submitted)
        while waiting:
            ended, waiting = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
            for future in ended:
                if error := future.result():
                    raise ValueError(f"{submitted[future].folder}: {error}")
            report()


@contextlib.contextmanager
def open_workers(builder: Any, *, workers: int = 1, cluster: str = "") -> Iterator[Submit]:
    """Gives `submit(folder, config)`, which has the next free worker train a run; the result of its
    future says why it failed, or is empty. On an error in the block, what is running is stopped.
    Arguments and errors are as of `train_many`."""
    data_dir = absolute(builder.data_dir_root)
    opened = _on_cluster(cluster) if cluster else _in_processes(workers) if workers else _here()
    with opened as send:
        yield lambda folder, config: send(config.model_dump(), data_dir, folder.absolute())


def _train(threads: int | None, *job: Any) -> str:
    """Trains, or goes on with, a run; gives its error as text, which any pipe can carry. Only an
    OSError is raised, since the other runs would meet it too. `threads`: None where TensorFlow runs
    already, 0 for as many as it likes."""
    values, data_dir, folder = job
    if threads is not None:  # Keras does not use XLA with determinism
        start_tensorflow(deterministic=not values["jit"], threads=threads)

    import keras

    from rmfn_tf.datasets.building import load_builder
    from rmfn_tf.training.run import Run

    config = RunConfig(**values)  # which imports the user's modules in this process
    keras.backend.clear_session()  # a worker of a cluster has trained others before
    while True:
        try:
            Run(folder).train(config, load_builder(config.data, data_dir), resume=True)
            return ""
        except FolderInUse:  # by a worker of a driver that was killed, or of another driver
            time.sleep(2)
        except OSError:
            raise
        except Exception as error:
            name = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            return f"{name}{error}"


def _train_on_cluster(*job: Any) -> str:
    from distributed import get_worker

    if (threads := get_worker().state.nthreads) > 1:
        raise ValueError(
            f"A Dask worker has {threads} threads. Runs in one process would share their random "
            "numbers: start it as `dask worker --nthreads 1`, with --nworkers for several."
        )
    return _train(1, *job)


# Three ways to send a run to where it is trained.


@contextlib.contextmanager
def _here() -> Iterator[Send]:
    def send(*job: Any) -> "Future[str]":
        future: Future[str] = Future()
        future.set_result(_train(None, *job))
        return future

    yield send


@contextlib.contextmanager
def _in_processes(workers: int) -> Iterator[Send]:
    """One run a process: TensorFlow keeps the graphs of all that a process has trained."""
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    theirs, ours = context.Pipe(duplex=False)
    given = (started, theirs)
    pool = ProcessPoolExecutor(workers, context, _start_process, given, max_tasks_per_child=1)
    try:
        yield partial(pool.submit, _train, 1 if workers > 1 else 0)
    except BrokenProcessPool as error:
        if not started.is_set():
            raise ValueError(_UNGUARDED) from error
        raise ChildProcessError(f"A worker was {_KILLED}") from error
    except BaseException:
        ours.close()  # which ends the workers
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        ours.close()
        theirs.close()


def _start_process(started: Any, parent: Connection) -> None:
    """A worker ends when its parent does, or when the parent closes its end of the pipe."""
    started.set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the parent decides

    def follow() -> None:
        with contextlib.suppress(EOFError, OSError):
            parent.recv()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


@contextlib.contextmanager
def _on_cluster(address: str) -> Iterator[Send]:
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise ValueError("A cluster needs Dask: `pip install 'rmfn-tf[cluster]'`.") from error
    with Client(address) as client, client.get_executor(pure=False) as executor:

        def try_once(dask_scheduler: Any) -> None:
            # By itself Dask would let a run that takes too much memory kill four workers.
            dask_scheduler.allowed_failures = 0

        client.run_on_scheduler(try_once)
        try:
            yield partial(executor.submit, _train_on_cluster)
        except KilledWorker as error:
            raise ChildProcessError(
                f"A Dask worker was killed, most likely for want of memory. {_KEPT}."
            ) from error
        except CancelledError as error:
            raise ChildProcessError(f"The Dask scheduler at {address} is gone. {_KEPT}.") from error
        finally:
            executor.shutdown(wait=False)  # cancels what is left, where an error came first
