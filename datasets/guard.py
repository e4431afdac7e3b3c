"""Reads a user's files in a process of its own, so that no file can crash or block this one.

The libraries that read HDF5, NPZ and pickles may crash, loop or allocate without end on a damaged
or hostile file. So a child reads, with limits on its memory and on the time without progress.

The child is this file, run by `subprocess`: `multiprocessing` would run the user's script once
more, unless that has a main guard.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

MEMORY = 4 * 2**30  # bytes that a child may take once it has started, where the system can limit it
PATIENCE = 120  # seconds without a sign of progress; to unpickle 1 GB takes a few


def guarded(
    read: Callable[..., Any],
    *args: Any,
    on_progress: Callable[[int, int], None] | None = None,
    memory: int = MEMORY,
    patience: int = PATIENCE,
) -> Iterator[Any]:
    """Yields what `read(*args, report)` yields or returns when it is run in a child process.

    `read` and `args` are pickled. It calls `report(path)` when it begins a file, and
    `report(done, total)`, which goes on to `on_progress`, as its work goes on. The child may take
    `memory` bytes, and `patience` seconds between two reports or items.

    Raises:
        SourceError: the child ran out of memory or time, or crashed: the message names the file
            that was read last.
        Exception: what `read` raised.
    """
    ours, theirs = Pipe()
    with contextlib.closing(ours):
        child = subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno()), str(memory), str(patience)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # where a library that crashes prints
        )
        theirs.close()
        path = "The source files"
        try:
            ours.send((sys.path, pickle.dumps((read, args))))
            while True:
                kind, value = ours.recv()
                if kind == "item":
                    yield value
                elif kind == "file":
                    path = value
                elif kind == "progress" and on_progress is not None:
                    on_progress(*value)
                elif kind == "error":
                    raise value
                elif kind == "memory":
                    raise _broken(path, f"reading it takes more than {memory >> 20:,} MB of memory")
                elif kind == "end":
                    return
        except (EOFError, ConnectionError):
            code = child.wait()
            if code == -signal.SIGALRM:
                raise _broken(path, f"reading it makes no progress in {patience} s") from None
            ended = signal.Signals(-code).name if code < 0 else f"code {code}"
            raise _broken(path, f"the process that read it ended by {ended}") from None
        finally:
            child.kill()
            child.wait()


def _broken(path: str, found: str) -> Exception:
    from rmfn_tf.datasets.source import SourceError

    return SourceError(f"{path}: {found}. It is damaged, or not what it claims: copy it afresh.")


def _read(pipe: Connection, memory: int, patience: int) -> None:
    """The child's side."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # which ends even a loop inside a C library
    signal.alarm(patience)

    def send(kind: str, value: Any = None) -> None:
        signal.alarm(0)  # how long the parent takes is its own affair
        pipe.send((kind, value))
        signal.alarm(patience)

    def report(*what: Any) -> None:
        send("file", str(what[0])) if len(what) == 1 else send("progress", what)

    try:
        sys.path[:], request = pipe.recv()
        # Importing the package itself would import TensorFlow Datasets, which no reader needs.
        package = types.ModuleType("rmfn_tf.datasets")
        package.__path__ = [str(Path(__file__).parent)]
        sys.modules[package.__name__] = package
        read, args = pickle.loads(request)
        _limit_memory(memory)
        # The parent never writes again, so a readable pipe is a closed one.
        threading.Thread(target=lambda: (pipe.poll(None), os._exit(1)), daemon=True).start()
        found = read(*args, report)
        for item in found if isinstance(found, Iterator) else [found]:
            send("item", item)
        send("end")
    except MemoryError:
        send("memory")
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        note = traceback.format_exc()  # tracebacks do not go through a pipe
        error.add_note(note)
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(note)
        send("error", error)


def _limit_memory(memory: int) -> None:
    """Limits what this process takes from now on. macOS has no such limit."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    _read(Connection(int(sys.argv[1])), *map(int, sys.argv[2:]))
