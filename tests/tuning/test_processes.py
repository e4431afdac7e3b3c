"""A search by several real processes: one may be killed, and no trial is lost or counted twice."""

import json
import threading
import time
from collections import Counter

import pytest

import rmfn_tf.datasets
from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning.search import Search
from rmfn_tf.tuning.supervisor import Supervisor
from rmfn_tf.tuning.trials import read_trials
from support.mfn_files import make_arrays, write_arrays
from support.small_ict_mmmo import WIDTHS

pytestmark = pytest.mark.slow

DATA, EPOCHS, TRIALS = "ict_mmmo/mfn_arrays", 40, 2
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


def began(out):
    """A trial, with its worker, of which an epoch is done but not the last."""
    for worker, trial_id in oracle_of(out)["ongoing_trials"].items():
        run = run_of(out, trial_id)
        if (run / "checkpoint.npz").exists() and not (run / "metrics.json").exists():
            return worker, trial_id
    return None


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
        worker, trial_id = wait_for(lambda: began(out))
        supervisor.processes[worker].kill()
        killed.append(trial_id)

    supervised(out, builder, kill)
    check_every_trial_ended_once(out, search)
    facts = json.loads((run_of(out, killed[0]) / "run.json").read_text())
    assert len(facts["sessions"]) == 2  # gone on with, by the one who came back
