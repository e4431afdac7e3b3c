"""Models by name: functions that return a functional `keras.Model` with dict inputs.

Importing this package registers every layer with Keras, so that `keras.models.load_model` finds
them.
"""

import rmfn_tf.layers
import rmfn_tf.metrics  # noqa: F401  (and the metrics)
from rmfn_tf.models.attention import attention_model
from rmfn_tf.models.create import (
    create_model,
    list_models,
    model_options,
    register_model,
    sees_future,
)

__all__ = [
    "attention_model",
    "create_model",
    "list_models",
    "model_options",
    "register_model",
    "sees_future",
]
