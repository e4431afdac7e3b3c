"""Settings known to suit a data set, used where a command gives no others.

`synthetic`: the sizes of the comparison in README.md; the projection before the softmax is on.
`ict_mmmo`, `pom`: small networks, strong dropout. Those of `ict_mmmo` were found on the same 120
videos that `ict_mmmo/trimodal` cross-validates, so its scores are optimistic.
`cmu_mosi`, `iemocap`: the same networks, untuned: nobody here had the data to try them on.
"""

from collections.abc import Mapping
from typing import Any

_SMALL_RMFN = {
    "units": {"language": 64, "acoustic": 16, "visual": 16},
    "num_stages": 3,
    "fusion_units": 32,
    "summary_units": 32,
    "dropout": 0.3,
    "head_dropout": 0.5,
}
_SMALL_EF_LSTM = {"units": 64, "dropout": 0.3, "head_dropout": 0.5}
_REAL_TRAINING = {"epochs": 40, "batch_size": 32}
_SYNTHETIC_TRAINING = {"epochs": 20, "batch_size": 64}

_PRESETS: dict[tuple[str, str], dict[str, Any]] = {
    ("synthetic", "rmfn"): {
        **_SYNTHETIC_TRAINING,
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.3},
        "hyperparameters": {
            "units": {"language": 12, "acoustic": 10, "visual": 10},
            "num_stages": 3,
            "fusion_units": 12,
            "summary_units": 12,
            "highlight_projection": True,
        },
    },
    ("synthetic", "ef_lstm"): {
        **_SYNTHETIC_TRAINING,
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 1.0},
        "hyperparameters": {"units": 60, "head_units": 0, "head_dropout": 0.2},
    },
    ("ict_mmmo", "rmfn"): {**_REAL_TRAINING, "batch_size": 16, "hyperparameters": _SMALL_RMFN},
    ("ict_mmmo", "ef_lstm"): {
        **_REAL_TRAINING,
        "batch_size": 16,
        "hyperparameters": _SMALL_EF_LSTM,
    },
    ("pom", "rmfn"): {**_REAL_TRAINING, "hyperparameters": _SMALL_RMFN},
    ("pom", "ef_lstm"): {**_REAL_TRAINING, "hyperparameters": _SMALL_EF_LSTM},
    ("cmu_mosi", "rmfn"): {**_REAL_TRAINING, "hyperparameters": _SMALL_RMFN},
    ("cmu_mosi", "ef_lstm"): {**_REAL_TRAINING, "hyperparameters": _SMALL_EF_LSTM},
    ("iemocap", "rmfn"): {**_REAL_TRAINING, "hyperparameters": _SMALL_RMFN},
    ("iemocap", "ef_lstm"): {**_REAL_TRAINING, "hyperparameters": _SMALL_EF_LSTM},
}


def preset(data: str, model: str) -> dict[str, Any]:
    """Arguments of `RunConfig` for a data set and model; empty where none are known."""
    return _PRESETS.get((data.partition("/")[0], model), {})


def merge(preset: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `RunConfig` with changes made to them; in tables, entry by entry."""
    merged = dict(preset)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged
