"""Settings known to suit a data set, used where a command gives no others.

`synthetic`: the sizes of the comparison in README.md, with the projection before the softmax.
`ict_mmmo`, `pom`: small networks with strong dropout. Those of `ict_mmmo` were found on the same
120 videos that `ict_mmmo/trimodal` cross-validates, so its scores are optimistic.
`cmu_mosi`, `iemocap`: the same networks, untuned: nobody here had the data to try them on.
"""

from collections.abc import Mapping
from typing import Any

# The epochs and the batch size of real data are the defaults of `RunConfig`.
_REAL: dict[str, dict[str, Any]] = {
    "rmfn": {
        "hyperparameters": {
            "units": {"language": 64, "acoustic": 16, "visual": 16},
            "num_stages": 3,
            "fusion_units": 32,
            "summary_units": 32,
            "dropout": 0.3,
            "head_dropout": 0.5,
        },
    },
    "ef_lstm": {"hyperparameters": {"units": 64, "dropout": 0.3, "head_dropout": 0.5}},
}
_SYNTHETIC: dict[str, dict[str, Any]] = {
    "rmfn": {
        "epochs": 20,
        "batch_size": 64,
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.3},
        "hyperparameters": {
            "units": {"language": 12, "acoustic": 10, "visual": 10},
            "num_stages": 3,
            "fusion_units": 12,
            "summary_units": 12,
            "highlight_projection": True,
        },
    },
    "ef_lstm": {
        "epochs": 20,
        "batch_size": 64,
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 1.0},
        "hyperparameters": {"units": 60, "head_units": 0, "head_dropout": 0.2},
    },
}
_PRESETS = {
    "synthetic": _SYNTHETIC,
    "ict_mmmo": {model: {**settings, "batch_size": 16} for model, settings in _REAL.items()},
    **dict.fromkeys(("pom", "cmu_mosi", "iemocap"), _REAL),
}


def preset(data: str, model: str) -> dict[str, Any]:
    """Arguments of `RunConfig` for a data set and model; empty where none are known."""
    return _PRESETS.get(data.partition("/")[0], {}).get(model, {})


def merge(preset: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `RunConfig` with changes made to them; in tables, entry by entry."""
    merged = dict(preset)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged
