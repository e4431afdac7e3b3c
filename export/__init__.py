"""From a trained Keras model to a folder of versions that TensorFlow Serving loads as they are.

Names load on first use: what only moves versions (`rmfn_tf.export.publish`) must not pay for
TensorFlow.
"""

import importlib
from typing import Any

_HOMES = {
    "export_model": "rmfn_tf.export.saved_model",
}

__all__ = ["export_model"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
