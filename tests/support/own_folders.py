"""Small folders of a user's own data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

NAME = "my_data"
WIDTHS = {"language": 3, "motion": 2}
SIZES = {"train": 3, "validation": 1, "test": 2}  # of `two_files` together
TASKS: dict[str, dict[str, Any]] = {
    "regression": {
        "kind": "regression",
        "columns": ["joy", "calm"],
        "ranges": {"joy": [-3, 3], "calm": [0.1, 1.5]},
    },
    "classification": {"kind": "classification", "columns": ["mood"], "num_classes": 3},
    "multilabel": {"kind": "multilabel", "columns": ["happy", "sad"]},
}
LABELS = {
    "regression": ([[0.5, 0.1], [-3, 1], [3, 1.5], [1, 1]], [[0, 1], [2.5, 1]]),
    "classification": ([0, 2, 1, 1], [2, 0]),
    "multilabel": ([[0, 1], [1, 1], [0, 0], [1, 0]], [[0, 1], [1, 0]]),
}


def description(kind: str = "regression", **changes: Any) -> dict[str, Any]:
    """The content of a data.toml."""
    values = {"name": NAME, "modalities": list(WIDTHS), "task": TASKS[kind]}
    return {**values, **changes}


def two_files(kind: str = "regression") -> dict[str, dict[str, np.ndarray]]:
    """file name -> arrays; one file with everything that may be left out, one without."""
    rng = np.random.default_rng(0)
    steps = [2, 1, 3, 1]
    first = {
        "id": np.array(["a0", "a1", "b0", "c0"]),
        "split": np.array(["test", "test", "train", "train"]),
        "label": np.array(LABELS[kind][0]),
        "num_steps": np.array(steps),
        "video": np.array(["a", "a", "b", "c"]),
        "words": np.array(["so", "it", "", "goes", "on", "and", "on"]),
        "intervals": np.stack([np.arange(7.0), np.arange(7.0) + 0.5], axis=1),
        **{name: rng.normal(size=(7, width)) for name, width in WIDTHS.items()},
    }
    second = {
        "id": np.array([b"d", b"e"]),
        "split": np.array(["validation", "train"]),
        "label": np.array(LABELS[kind][1]),
        "num_steps": np.array([1, 1], np.int32),
        **{name: np.ones((2, width), np.int64) for name, width in WIDTHS.items()},
    }
    return {"part_1.npz": first, "part_2.npz": second}


def write_own(
    folder: Path,
    files: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    toml: Mapping[str, Any] | None = None,
) -> Path:
    """A folder of these files; of `two_files` and `description` where none are given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.toml").write_text(tomli_w.dumps(toml or description()), encoding="utf-8")
    for name, arrays in (files or two_files()).items():
        np.savez(folder / name, **arrays)
    return folder
