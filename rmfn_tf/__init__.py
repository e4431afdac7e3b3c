"""The Recurrent Multistage Fusion Network (RMFN) and its field for Keras 3 on TensorFlow.

Public names load on first use, so that `import rmfn_tf` (and `rmfn --help`) never pays for
TensorFlow. To load a saved `.keras` model, import `rmfn_tf.models` first: that registers every
layer with Keras.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "FeatureScaling": "rmfn_tf.layers",
    "Fuse": "rmfn_tf.layers",
    "Highlight": "rmfn_tf.layers",
    "LSTHMCell": "rmfn_tf.layers",
    "MultistageFusion": "rmfn_tf.layers",
    "RMFN": "rmfn_tf.layers",
    "RMFNCell": "rmfn_tf.layers",
    "Summarize": "rmfn_tf.layers",
    "create_model": "rmfn_tf.models",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
