"""A data set in memory, small enough to train on in a second."""

from types import SimpleNamespace

import pytest

from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from support.random_examples import WIDTHS, make_examples

TASKS = {
    "regression": Task("regression", ("sentiment",), ranges={"sentiment": (1, 5)}),
    "classification": Task("classification", ("positive",), num_classes=2),
    "multilabel": Task("multilabel", ("a", "b", "c", "d")),
}


@pytest.fixture(scope="session")
def tasks():
    return TASKS


@pytest.fixture
def tiny_config():
    """Makes the config of a run that takes a second; keywords change it."""

    def make(**changes) -> RunConfig:
        settings = {
            "data": "made/up",
            "model": "ef_lstm",
            "hyperparameters": {"units": 2, "head_units": 0},
            "epochs": 1,
            "batch_size": 4,
        }
        return RunConfig(**{**settings, **changes})

    return make


@pytest.fixture
def memory_builder(monkeypatch):
    """Makes a builder whose splits lie in memory; `builder.opened` lists what was read."""

    def make(splits, task=TASKS["regression"], fingerprint="0123456789abcdef"):
        builder = SimpleNamespace(
            splits=splits,
            opened=[],
            data_dir_root="/made/up",
            info=SimpleNamespace(
                splits=dict.fromkeys(splits),
                full_name="made/up/1.0.0",
                metadata={
                    "task": task.to_json(),
                    "modalities": WIDTHS,
                    "fingerprint": fingerprint,
                    "sources": {"a.h5": "00"},
                },
            ),
        )

        def load(given, split, record=None):
            assert given is builder
            if split == "test":  # as the real one, whose lock tests/data/test_test_split.py tests
                record({"split": split})
            builder.opened.append(split)
            return splits[split]

        monkeypatch.setattr("rmfn_tf.training.splits.load_examples", load)
        return builder

    return make


@pytest.fixture
def three_splits():
    """Regression examples for train, validation and test."""
    return {
        split: make_examples(lengths, seed=seed)
        for seed, (split, lengths) in enumerate(
            {"train": [3, 5, 4, 2, 3, 4], "validation": [4, 2, 3, 5], "test": [2, 3, 3]}.items()
        )
    }
