"""A search whose trials take no time: a run is written down, not trained."""

import json
from types import SimpleNamespace

import pytest

from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning import over_seeds, process, run_search, trial_tuner
from rmfn_tf.tuning.search import Search

TASK = {"kind": "regression", "columns": ["s"]}
SMALL = {"units": {"language": 2}, "fusion_units": 2, "summary_units": 2, "head_units": 0}


@pytest.fixture
def builder(tmp_path):
    """All that a search looks at of a built data set."""
    return SimpleNamespace(
        data_dir_root=tmp_path / "data",
        info=SimpleNamespace(
            splits=dict.fromkeys(("train", "validation", "test")),
            metadata={
                "task": TASK,
                "modalities": {"language": 3},
                "fingerprint": "f" * 64,
                "sources": {},
            },
        ),
    )


@pytest.fixture
def config():
    return RunConfig("made/up", hyperparameters=SMALL, epochs=2)


@pytest.fixture
def make_search(builder, config):
    """Makes a search over stages and the learning rate; keywords change it."""

    def make(**changes):
        settings = {"tuner": "random", "trials": 4, "tune": ["num_stages", "learning_rate"]}
        return Search.of(config, builder, **{**settings, **changes})

    return make


@pytest.fixture
def written(monkeypatch, builder):
    """Writes down what `written.score(config)` gives instead of training; `written.runs` lists the
    folders that were trained. All in this process: no worker is started."""
    state = SimpleNamespace(
        runs=[], score=lambda config: abs(config.hyperparameters.get("num_stages", 3) - 3.0)
    )

    def train(config, folder):
        if (folder / "metrics.json").exists():
            return json.loads((folder / "metrics.json").read_text())
        state.runs.append(folder)
        folder.mkdir(parents=True, exist_ok=True)
        config.write(folder / "config.toml")
        score = state.score(config)
        rows = "".join(f"{n},1\n" for n in range(1, config.epochs + 1))
        (folder / "history.csv").write_text("epoch,loss\n" + rows)
        (folder / "run.json").write_text(
            json.dumps({"seconds": 1.0, "parameters": 10, "fingerprint": "f" * 64, "sources": {}})
        )
        metrics = {"metrics": {config.model: {"mae": score}}}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        return metrics

    class InThisProcess:
        def __init__(self, out, data_dir, workers):
            self.out, self.data_dir = out, data_dir

        def run(self, on_progress=None):
            while process.run_share(self.out, self.data_dir, ["tuner0"], 3) == process.MORE:
                pass

    monkeypatch.setattr(
        trial_tuner, "train_run", lambda config, builder, out, **given: train(config, out)
    )
    monkeypatch.setattr(
        over_seeds,
        "train_all",
        lambda jobs, *given: [train(config, folder) for folder, config in jobs.items()],
    )
    monkeypatch.setattr(run_search, "Supervisor", InThisProcess)
    # There is nothing to collect, and it takes its time in a large process.
    monkeypatch.setattr(trial_tuner.gc, "collect", lambda: None)
    monkeypatch.setattr(trial_tuner.keras.backend, "clear_session", lambda: None)
    monkeypatch.setattr("rmfn_tf.datasets.building.load_builder", lambda name, data_dir: builder)
    return state
