"""Starting TensorFlow: without its notices, and so that runs repeat bit for bit."""

import os
from typing import Any


def start_tensorflow(deterministic: bool = False, threads: int = 0) -> Any:
    """Imports TensorFlow and returns it; what it prints while starting is dropped.

    Its C++ parts write to file descriptor 2 before they read any log level. An error in the import
    itself still comes as a Python exception.

    Args:
        deterministic: turns op determinism on.
        threads: of one op and between ops; 0 leaves the choice to TensorFlow.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    kept, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        import tensorflow as tf

        if threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        tf.config.list_physical_devices("GPU")  # makes CUDA speak now
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silence)
    tf.get_logger().setLevel("ERROR")
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    return tf
