"""The command line in this process, on a small made-up copy of ICT-MMMO."""

import sys
from types import SimpleNamespace

import pytest

from support.mfn_files import make_arrays, write_arrays
from support.small_ict_mmmo import WIDTHS

DATA = "ict_mmmo/mfn_arrays"
SIZES = {"train": 6, "validation": 4, "test": 3}
# Tiny: a run of seconds.
SMALL = ("--epochs", "1", "--set", "units=2", "--set", "head_units=0")


@pytest.fixture
def manual_dir(tmp_path):
    return write_arrays(tmp_path / "copy", make_arrays(WIDTHS, 1, SIZES))


@pytest.fixture
def determinism(monkeypatch):
    """Counts the calls that turn determinism on, which would hold for every later test here."""
    import tensorflow as tf

    calls: list[bool] = []
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: calls.append(True))
    return calls


@pytest.fixture
def rmfn(monkeypatch, capfd, determinism):
    """`rmfn("train", ...)` as a shell runs it: gives the exit code, stdout and stderr."""

    def run(*arguments) -> SimpleNamespace:
        from rmfn_tf.cli import main

        monkeypatch.setattr(sys, "argv", ["rmfn", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "1000")  # no line is wrapped, however long a path is
        capfd.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capfd.readouterr()
        return SimpleNamespace(code=exit_.value.code or 0, out=out, err=err)

    return run


@pytest.fixture
def in_this_process(eager, monkeypatch):
    """Trains here what would be trained in processes, each of which takes 8 s to start."""
    from rmfn_tf.training import runs

    monkeypatch.setattr(runs, "_in_processes", lambda workers: runs._here())


@pytest.fixture
def small(eager):
    return SMALL


@pytest.fixture
def files(rmfn, tmp_path, manual_dir):
    """A built data set whose stored test split is not what it was: reading it is an error."""
    data_dir = tmp_path / "data"
    assert rmfn("data", "build", DATA, "--manual-dir", manual_dir, "--data-dir", data_dir).code == 0
    (stored,) = data_dir.rglob("*-test.tfrecord*")
    stored.write_bytes(b"sentinel" * 8)
    return ("--data-dir", data_dir)
