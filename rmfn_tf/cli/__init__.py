"""The command line: `rmfn <verb>`, a file a verb. Nothing here imports TensorFlow until it must."""

from rmfn_tf.cli.app import main

__all__ = ["main"]
