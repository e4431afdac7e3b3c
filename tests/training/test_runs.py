"""Many runs: in this process, in processes that are killed, on a cluster; each is trained once."""

import importlib.util
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import rmfn_tf.datasets
from rmfn_tf.files import FolderInUse, only_writer, write_rows
from rmfn_tf.training import runs
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run
from rmfn_tf.training.runs import train_many
from support.mfn_files import make_arrays, write_arrays
from support.small_ict_mmmo import WIDTHS

DATA = "ict_mmmo/mfn_arrays"
# Registers a model that, once for each file that is missing, kills the process that trains it, or
# the one that started that.
MODULE = """
import os, pathlib, signal
import keras
from rmfn_tf.models import register_model

def body(inputs, mask, return_sequences):
    for name, process in (("worker", os.getpid()), ("driver", os.getppid())):
        marker = pathlib.Path(__file__).with_name(name)
        if not marker.exists():
            marker.touch()
            os.kill(process, signal.SIGKILL)
            signal.pause()  # until the end of the driver is noticed
    return keras.layers.GlobalAveragePooling1D()(next(iter(inputs.values())))

register_model("mine", body)
"""
UNGUARDED = """
from pathlib import Path
from types import SimpleNamespace
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.runs import train_many

train_many({Path("run"): RunConfig(data="made/up")}, SimpleNamespace(data_dir_root="data"))
"""


@pytest.fixture
def memory(memory_builder, three_splits, tmp_path, monkeypatch):
    """A built data set in memory, which is opened again as itself."""
    builder = memory_builder(three_splits)
    builder.data_dir_root = tmp_path / "data"
    monkeypatch.setattr("rmfn_tf.datasets.building.load_builder", lambda *name: builder)
    monkeypatch.setattr("keras.backend.clear_session", lambda: None)
    return builder


@pytest.fixture
def built(tmp_path):
    """A tiny built data set, which other processes can open."""
    sizes = {"train": 6, "validation": 4, "test": 3}
    copy = write_arrays(tmp_path / "copy", make_arrays(WIDTHS, 1, sizes))
    return rmfn_tf.datasets.build(DATA, manual_dir=copy, data_dir=tmp_path / "data")


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The folder of the module above, which other processes find, with none of its files missing;
    and the config of a model that it registers."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "killing.py").write_text(MODULE)
    for name in ("worker", "driver"):
        (folder / name).touch()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr("rmfn_tf.models.create._MODELS", dict(rmfn_tf.models.create._MODELS))
    sys.modules.pop("killing", None)
    small = {"model": "mine", "imports": ["killing"], "hyperparameters": {"head_units": 0}}
    return folder, RunConfig(data=DATA, epochs=2, batch_size=4, **small)


@pytest.mark.usefixtures("eager")
def test_only_what_is_missing_is_trained(tmp_path, memory, tiny_config):
    jobs = {tmp_path / f"run_{seed}": tiny_config(seed=seed) for seed in range(2)}
    seen = []
    train_many(
        dict([*jobs.items()][:1]), memory, workers=0, on_progress=lambda *now: seen.append(now)
    )
    assert seen == [(0, 1), (1, 1)]
    (first, second), before = jobs, {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    train_many(jobs, memory, workers=0, on_progress=lambda *now: seen.append(now))
    assert seen[2:] == [(1, 2), (2, 2)]
    assert Run(second).is_finished
    assert all(path.stat().st_mtime_ns == time for path, time in before.items() if path != tmp_path)
    train_many(jobs, memory, cluster="tcp://nowhere:1")  # nothing is left to do there
    with pytest.raises(ValueError, match=r"run_0 is of another config: there \{'epochs': 1\}"):
        train_many({first: tiny_config(epochs=2)}, memory, workers=0)


def test_the_progress_of_folds_counts_the_model_of_all_of_the_data(
    tmp_path, memory, tiny_config, monkeypatch
):
    out, config, seen = tmp_path / "run", tiny_config(folds=2, epochs=2), []
    for name, epochs in (("fold_01", 2), ("fold_02", 2), ("final", 1)):
        (out / name).mkdir(parents=True)
        write_rows(out / name / "history.csv", [{"epoch": n} for n in range(1, epochs + 1)])

    def train(run, config, builder, *, resume):
        config.write(out / "config.toml")
        (out / "metrics.json").write_text("{}")

    monkeypatch.setattr(Run, "train", train)
    train_many({out: config}, memory, workers=0, on_progress=lambda *now: seen.append(now))
    assert seen == [(5, 6), (6, 6)]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ValueError("no good"), ValueError, r"run: no good$"),
        (TypeError("no good"), ValueError, r"run: TypeError: no good$"),
        (OSError(28, "No space left on device"), OSError, "No space left"),
    ],
)
def test_a_run_that_fails_is_named(tmp_path, memory, tiny_config, monkeypatch, error, kind, said):
    def fail(run, *given, **options):
        raise error

    monkeypatch.setattr(Run, "train", fail)
    with pytest.raises(kind, match=said):
        train_many({tmp_path / "run": tiny_config()}, memory, workers=0)


def test_what_another_process_trains_is_waited_for_and_not_passed_off(
    tmp_path, memory, tiny_config, monkeypatch
):
    """The first try finds the folder in use; then the other process has finished its own run."""
    out, slept, train = tmp_path / "run", [], Run.train

    def train_second(run, config, builder, **how):
        if slept:
            return train(run, config, builder, **how)
        run.folder.mkdir()
        config.replace(epochs=7).write(out / "config.toml")
        (out / "metrics.json").write_text("{}")
        raise FolderInUse("in use")

    monkeypatch.setattr(Run, "train", train_second)
    monkeypatch.setattr(runs.time, "sleep", slept.append)
    with pytest.raises(ValueError, match=r"is of another config: there \{'epochs': 7\}"):
        train_many({out: tiny_config()}, memory, workers=0)
    assert len(slept) == 1


def test_a_lock_of_a_folder_that_is_gone_is_none(tmp_path, monkeypatch):
    """Its folder is removed and made again between the opening of the file and its locking."""
    import fcntl

    flock = fcntl.flock

    def replaced(*given):
        flock(*given)
        (tmp_path / ".lock").unlink()
        (tmp_path / ".lock").touch()

    monkeypatch.setattr(fcntl, "flock", replaced)
    with pytest.raises(FolderInUse), only_writer(tmp_path):
        pass


@pytest.mark.slow
def test_a_worker_is_killed_and_the_same_call_goes_on(tmp_path, built, mine):
    folder, config = mine
    (folder / "worker").unlink()
    jobs = {tmp_path / f"run_{seed}": config.replace(seed=seed) for seed in range(2)}
    with pytest.raises(
        ChildProcessError, match=r"A worker was killed from outside.* start the same"
    ):
        train_many(jobs, built)
    assert not any(Run(out).is_finished for out in jobs)
    train_many(jobs, built)
    assert all(Run(out).is_finished for out in jobs)


@pytest.mark.slow
def test_a_killed_search_ends_with_the_same_bytes(tmp_path, built, mine):
    """The search is killed by the first run of its worker, which must not outlive it."""
    folder, config = mine
    config.write(tmp_path / "config.toml")
    command = [sys.executable, "-c", "from rmfn_tf.cli import main; main()", "tune", DATA]
    command += ["--data-dir", tmp_path / "data", "--config", tmp_path / "config.toml"]
    command += ["--tuner", "random", "--tune", "learning_rate", "--trials", "1", "--seeds", "0"]
    command += ["--out", tmp_path / "out"]

    def tune():
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)

    done = tune()
    assert done.returncode == 0, done.stderr
    whole = (tmp_path / "out").rename(tmp_path / "whole")
    (folder / "driver").unlink()
    assert tune().returncode == -9
    done = tune()
    assert done.returncode == 0, done.stderr
    for name in ("tune.json", "search.json"):
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.slow
def test_a_script_without_a_main_guard_is_told_so(tmp_path):
    (tmp_path / "script.py").write_text(UNGUARDED)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ValueError: No worker process got through its start." in done.stderr.splitlines()[-1]
    assert 'if __name__ == "__main__":' in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="Dask is not installed: pip install 'rmfn-tf[cluster]'",
)
def test_a_cluster_of_two_workers(tmp_path, built, mine):
    """With a model of a module that only they have imported; the first of them is killed."""
    from distributed import LocalCluster

    folder, config = mine
    (folder / "worker").unlink()
    jobs = {tmp_path / f"run_{seed}": config.replace(seed=seed) for seed in range(2)}
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**settings) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(ChildProcessError, match="A Dask worker was killed"):
            train_many(jobs, built, cluster=address)
        train_many(jobs, built, cluster=address)
    assert all(Run(out).is_finished for out in jobs)
    alone = {out.with_name(f"alone_{config.seed}"): config for out, config in jobs.items()}
    train_many(alone, built, workers=2)  # of one thread each, as there
    for here, there in zip(alone, jobs, strict=True):
        assert Run(here).metrics == Run(there).metrics


def test_without_dask_a_cluster_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    job = {runs.Path("nowhere"): RunConfig(data="made/up")}
    with pytest.raises(ValueError, match=r"pip install 'rmfn-tf\[cluster\]'"):
        train_many(job, SimpleNamespace(data_dir_root=os.devnull), cluster="tcp://nowhere:1")
