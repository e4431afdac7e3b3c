"""From a trained Keras model to a folder of versions that TensorFlow Serving loads as they are.

Names load on first use: what only publishes or asks must not import TensorFlow.
"""

from rmfn_tf.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, {"export_model": "rmfn_tf.export.saved_model"})
