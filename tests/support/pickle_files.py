"""Small pickles in the form of those that MMSA and MulT published."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from support.mfn_files import STEPS, make_features

SIZES = {"train": 4, "valid": 2, "test": 3}
WIDTHS = {"language": 4, "acoustic": 3, "visual": 2}
KEYS = {"language": "text", "acoustic": "audio", "visual": "vision"}


def _features(rows: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        KEYS[modality]: make_features(rows, width, rng).astype(np.float32)
        for modality, width in WIDTHS.items()
    }


def make_mmsa() -> dict[str, dict[str, Any]]:
    """As `aligned_50.pkl`: split -> key -> values. A video has two clips."""
    rng = np.random.default_rng(0)
    data = {}
    for split, rows in SIZES.items():
        scores = rng.uniform(-3, 3, rows).round(1)
        data[split] = {
            "raw_text": np.array([f"THE {row} WORDS" for row in range(rows)], object),
            **_features(rows, rng),
            "id": [f"{split}_-{row // 2}$_${row % 2}" for row in range(rows)],
            "text_bert": rng.integers(0, 30_000, (rows, 3, STEPS)).astype(np.float32),
            "annotations": ["Positive" if score > 0 else "Negative" for score in scores],
            "classification_labels": np.sign(scores),
            "regression_labels": scores.astype(np.float32),
        }
    return data


def make_mult(emotions: int = 0, ids: bool = True) -> dict[str, dict[str, Any]]:
    """As `mosi_data.pkl`, or with emotions as `iemocap_data.pkl`. A video has two segments."""
    rng = np.random.default_rng(0)
    data: dict[str, dict[str, Any]] = {}
    for split, rows in SIZES.items():
        data[split] = _features(rows, rng)
        if emotions:
            second = np.arange(emotions) == rng.integers(0, emotions, (rows, 1))
            labels = np.stack([~second, second], axis=2).astype(np.float32)
        else:
            labels = rng.uniform(-3, 3, (rows, 1, 1))
        data[split]["labels"] = labels
        if ids:
            data[split]["id"] = np.array(
                [[f"{split}-{row // 2}", f"{10.5 - row}", f"{11 - row}"] for row in range(rows)],
                "S",
            )
    return data


def write_pickle(path: Path, value: Any, protocol: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol))
    return path
