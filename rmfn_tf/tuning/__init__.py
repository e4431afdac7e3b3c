"""Searches over hyperparameters with KerasTuner.

The class loads on first use: a command looks at the constant before it starts TensorFlow.
"""

from rmfn_tf.lazy import lazy_names

MOST_STAGES = 6  # as many as a sweep and a search may try; the paper's own searches did

_HOMES = {"RMFNHyperModel": "rmfn_tf.tuning.hypermodel"}

__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
