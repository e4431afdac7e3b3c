"""A search by several real processes: any of them may be killed, and no trial is lost or counted
twice."""

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

import rmfn_tf.datasets
from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning.process import CHIEF
from rmfn_tf.tuning.search import Search
from rmfn_tf.tuning.supervisor import Supervisor, _free_port
from rmfn_tf.tuning.trials import read_trials
from support.mfn_files import make_arrays, write_arrays
from support.small_ict_mmmo import WIDTHS

pytestmark = pytest.mark.slow

DATA, EPOCHS, TRIALS = "ict_mmmo/mfn_arrays", 12, 4
PATIENCE = 240  # seconds; a process takes some 10 to start


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    sizes = {"train": 6, "validation": 4, "test": 3}
    folder = tmp_path_factory.mktemp("built")
    copy = write_arrays(folder / "copy", make_arrays(WIDTHS, 1, sizes))
    return rmfn_tf.datasets.build(DATA, manual_dir=copy, data_dir=folder / "data")


@pytest.fixture
def started(tmp_path, builder):
    """The folder of a search that was started, and the search."""
    small = {"units": 2, "head_units": 0}
    config = RunConfig(DATA, model="ef_lstm", hyperparameters=small, epochs=EPOCHS)
    search = Search.of(config, builder, "random", TRIALS, ["learning_rate", "dropout"])
    search.start(tmp_path / "out", builder)
    return tmp_path / "out", search


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
    return found


def oracle_of(out):
    path = out / "trials" / "oracle.json"
    return json.loads(path.read_text()) if path.exists() else {"ongoing_trials": {}}


def run_of(out, trial_id):
    return out / "trials" / f"trial_{trial_id}" / "run"


def began(out, worker):
    """The trial that a worker has finished an epoch of, but not the last."""
    trial_id = oracle_of(out)["ongoing_trials"].get(worker)
    if trial_id is None or not (run_of(out, trial_id) / "checkpoint.npz").exists():
        return None
    return None if (run_of(out, trial_id) / "metrics.json").exists() else trial_id


def check_every_trial_ended_once(out, search):
    trials = read_trials(out, search)
    assert [each["status"] for each in trials] == ["COMPLETED"] * TRIALS
    assert len({json.dumps(each["values"]) for each in trials}) == TRIALS
    assert Counter(oracle_of(out)["end_order"]) == Counter(each["id"] for each in trials)
    for each in trials:
        assert each["epochs"] == EPOCHS
        assert (
            each["score"]
            == json.loads((run_of(out, each["id"]) / "metrics.json").read_text())["metrics"][
                "ef_lstm"
            ]["mae"]
        )


def supervised(out, builder, kill):
    """Two workers and their chief; `kill(supervisor)` is called once they are started."""
    supervisor = Supervisor(out, str(builder.data_dir_root), workers=2)
    failed = []

    def run():
        try:
            supervisor.run()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    kill(supervisor)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert failed == []
    assert not any(process.is_alive() for process in supervisor.processes.values())


def test_a_worker_is_killed_in_mid_trial(started, builder):
    out, search = started
    killed = []

    def kill(supervisor):
        killed.append(wait_for(lambda: began(out, "worker-0")))
        supervisor.processes["worker-0"].kill()

    supervised(out, builder, kill)
    check_every_trial_ended_once(out, search)
    facts = json.loads((run_of(out, killed[0]) / "run.json").read_text())
    assert len(facts["sessions"]) == 2  # gone on with, by the one who came back


def test_the_chief_is_killed(started, builder):
    out, search = started

    def kill(supervisor):
        wait_for(lambda: began(out, "worker-0") and oracle_of(out)["end_order"])
        supervisor.processes[CHIEF].kill()

    supervised(out, builder, kill)
    check_every_trial_ended_once(out, search)


def test_a_worker_joins_late(tmp_path, builder):
    """As on a cluster, by the command line: each is told who it is, and ends by itself."""
    out, port = tmp_path / "out", _free_port()
    command = [Path(sys.executable).with_name("rmfn"), "tune", DATA, "--model", "ef_lstm"]
    command += ["--tuner", "random", "--tune", "learning_rate,dropout", "--trials", str(TRIALS)]
    command += ["--epochs", str(EPOCHS), "--seeds", "0", "--out", out]
    command += ["--data-dir", builder.data_dir_root]

    def start(role):
        told = {"TUNER_ID": role, "ORACLE_IP": "127.0.0.1", "ORACLE_PORT": str(port)}
        told = {f"KERASTUNER_{name}": value for name, value in told.items()}
        with (tmp_path / f"{role}.log").open("w") as log:
            return subprocess.Popen(command, env=os.environ | told, stdout=log, stderr=log)

    processes = [start(CHIEF), start("worker-0")]
    wait_for(lambda: began(out, "worker-0"))
    processes.append(start("worker-1"))
    wait_for(lambda: "worker-1" in oracle_of(out)["ongoing_trials"])
    for process in processes:
        assert process.wait(PATIENCE) == 0
    check_every_trial_ended_once(out, Search.read(out))
    assert "no fresh seeds were run" in (tmp_path / "chief.log").read_text()


def test_processes_that_cannot_work_end_the_search(started, builder):
    out, _ = started
    with pytest.raises(ValueError, match=r"end before they get on.*\(exit code 1\)(?s:.*)nowhere"):
        Supervisor(out, str(out / "nowhere"), workers=1).run()
