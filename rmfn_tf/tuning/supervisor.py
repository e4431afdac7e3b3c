"""The processes of a search on this machine: started, watched, started again, ended."""

import contextlib
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path

from rmfn_tf.training.run_progress import count_epochs
from rmfn_tf.tuning.process import ALONE, CHIEF, MORE, WORKER, take_part
from rmfn_tf.tuning.trials import TRIALS, count_ended

_MOST_DEATHS = 3  # of each process, without any progress
_LAST_LINES = 5


class Supervisor:
    """Runs the processes of a search to its end.

    One worker runs trials and chooses them. Several get theirs from KerasTuner's chief, a process
    of its own. A process that dies is started again under its own name, so that it goes on with the
    trial that it had: KerasTuner's chief would wait for it for ever.

    Args:
        out: the folder of a search that was started.
        data_dir: where its data are built.
        workers: how many processes run trials; several use one thread each.
    """

    def __init__(self, out: Path, data_dir: str, workers: int):
        self.out, self.data_dir, self.workers = out, data_dir, workers
        self.names = [ALONE] if workers == 1 else [WORKER.format(n) for n in range(workers)]
        self.port = 0 if workers == 1 else _free_port()
        self.processes: dict[str, SpawnProcess] = {}
        self.deaths, self.progress = 0, -1

    def run(self, on_progress: Callable[[int], None] | None = None) -> None:
        """Returns when no trial is left.

        Args:
            on_progress: called twice a second with the number of trials that ended.

        Raises:
            ValueError: processes die again and again and nothing gets on; what was finished is
                kept.
        """
        with self._ending_all():
            if self.port:
                self._start(CHIEF)
            for name in self.names:
                self._start(name)
            left = set(self.names)
            while left:
                time.sleep(0.5)
                for name in [*left, *([CHIEF] if self.port else [])]:
                    code = self.processes[name].exitcode
                    if code == 0 and name != CHIEF:
                        left.remove(name)
                    elif code is not None:
                        self._start_again(name, code)
                if on_progress is not None:
                    on_progress(count_ended(self.out))

    def _start(self, name: str) -> None:
        self.processes[name] = multiprocessing.get_context("spawn").Process(
            target=take_part,
            args=(
                self.out,
                self.data_dir,
                name,
                self.port,
                self.names,
                1 if self.workers > 1 else 0,
                self._log(name),
            ),
            daemon=True,
        )
        self.processes[name].start()

    def _start_again(self, name: str, code: int) -> None:
        """After its share, or where it died: unless nothing was got on with for long."""
        if code != MORE:
            epochs = sum(map(count_epochs, (self.out / TRIALS).glob("trial_*/run")))
            progress = epochs + count_ended(self.out)
            self.deaths = self.deaths + 1 if progress == self.progress else 1
            self.progress = progress
            if self.deaths > _MOST_DEATHS * (1 + len(self.names)):
                raise ValueError(
                    f"The processes of the search end before they get on; the last words of {name} "
                    f"(exit code {code}), in {self._log(name)}:\n{_last_words(self._log(name))}"
                )
        self._start(name)

    def _log(self, name: str) -> Path:
        return self.out / "logs" / f"{name}.log"

    @contextlib.contextmanager
    def _ending_all(self) -> Iterator[None]:
        try:
            yield
        finally:
            # The chief's state is on the disk, and so is each trial's.
            for process in self.processes.values():
                process.kill()
            for process in self.processes.values():
                process.join()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return "\n".join([line for line in lines if line.strip()][-_LAST_LINES:])
