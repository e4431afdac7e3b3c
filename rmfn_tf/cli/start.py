"""Starting TensorFlow without its notices."""

import os
from typing import Any


def start_tensorflow() -> Any:
    """Imports TensorFlow and returns it; what it prints while starting is dropped.

    Its C++ parts write to file descriptor 2 before they read any log level. An error in the import
    itself still comes as a Python exception.
    """
    kept, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices("GPU")  # makes CUDA speak now
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silence)
    tf.get_logger().setLevel("ERROR")
    return tf
