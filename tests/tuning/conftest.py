"""Searches and sweeps whose runs take no time: a run is written down, not trained."""

import json
from types import SimpleNamespace

import pytest

from rmfn_tf.training import runs
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run

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
    return RunConfig(data="made/up", hyperparameters=SMALL, epochs=2)


@pytest.fixture
def written(monkeypatch, builder):
    """Writes down what `written.score(config)` gives instead of training, in this process, however
    many workers are asked for; `written.configs` lists what was trained."""
    state = SimpleNamespace(
        configs=[], score=lambda config: abs(config.hyperparameters.get("num_stages", 3) - 3.0)
    )

    def train(run, config, builder, *, resume):
        if run.is_finished:
            return
        state.configs.append(config)
        run.folder.mkdir(parents=True, exist_ok=True)
        config.write(run.folder / "config.toml")
        score = state.score(config)
        rows = "".join(f"{n},1\n" for n in range(1, config.epochs + 1))
        (run.folder / "history.csv").write_text("epoch,loss\n" + rows)
        facts = {"parameters": 10, "fingerprint": "f" * 64, "sources": {}}
        (run.folder / "run.json").write_text(json.dumps(facts))
        metrics = {"metrics": {config.model: {"mae": score}}}
        (run.folder / "metrics.json").write_text(json.dumps(metrics))

    monkeypatch.setattr(Run, "train", train)
    monkeypatch.setattr(runs, "_in_processes", lambda workers: runs._here())
    monkeypatch.setattr("keras.backend.clear_session", lambda: None)
    monkeypatch.setattr("rmfn_tf.datasets.building.load_builder", lambda name, data_dir: builder)
    return state
