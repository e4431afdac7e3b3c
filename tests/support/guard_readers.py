"""Functions for the guarded process: what a reader may do, and what a damaged file may make it do.

They import nothing but the standard library, so that the process is there at once.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Item = Iterator[Any]


def in_turn(later: Path, report: Any) -> Item:
    """Its second item can only be made when the first has come out."""
    report(1, 2)
    yield "first"
    while not later.exists():
        time.sleep(0.01)
    report(2, 2)
    yield "second"


def one_value(value: Any, report: Any) -> Any:
    return value


def raises(error: Exception, report: Any) -> Item:
    yield os.getpid()
    raise error


class Unpicklable(Exception):
    def __init__(self, number: int, unit: str) -> None:
        super().__init__(f"{number} {unit}")


def raises_unpicklable(report: Any) -> Any:
    raise Unpicklable(3, "apples")


def falls(how: str, first: Path, second: Path, report: Any) -> Item:
    """Comes to grief over the second of two files."""
    report(first)
    yield os.getpid()
    report(second)
    if how == "crash":
        ctypes.string_at(0)
    elif how == "hang":
        while True:
            pass
    elif how == "hang in C":  # holding the lock that every other thread needs
        while True:
            ctypes.PyDLL(None).usleep(500_000)
    elif how == "fill memory":
        _ = [bytearray(2**20) for _ in range(2**14)]
    elif how == "one huge array":
        bytearray(2**50)
    elif how == "exit":
        os._exit(3)
    elif how == "be killed":
        os.kill(os.getpid(), signal.SIGKILL)


def sleeps(report: Any) -> Item:
    yield os.getpid()
    time.sleep(600)


def complains(report: Any) -> str:
    """Writes what a C library would, on the way to its crash."""
    os.write(2, b"malloc(): corrupted top size\n")
    return "done"


def modules(report: Any) -> list[str]:
    import rmfn_tf.datasets.mfn_arrays
    import rmfn_tf.datasets.mmsa_mult  # noqa: F401

    return sorted(sys.modules)
