"""Searches over hyperparameters with KerasTuner.

The name loads on first use, so that a worker can silence TensorFlow before it starts.
"""

from rmfn_tf.lazy import lazy_names

_HOMES = {"RMFNHyperModel": "rmfn_tf.tuning.hypermodel"}

__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
