"""The Recurrent Multistage Fusion Network (RMFN) and its field for Keras 3 on TensorFlow.

Public names load on first use, so that `import rmfn_tf` (and `rmfn --help`) never pays for
TensorFlow. To load a saved `.keras` model, import `rmfn_tf.models` first: that registers every
layer with Keras.
"""

from rmfn_tf.lazy import lazy_names

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
    "Task": "rmfn_tf.task",
    "create_model": "rmfn_tf.models",
    "fit": "rmfn_tf.training.fit",
    "register_model": "rmfn_tf.models",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
