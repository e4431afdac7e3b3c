"""Data sets of sentiment and emotion as TensorFlow Datasets builders, from the files users hold.

    import rmfn_tf.datasets

    builder = rmfn_tf.datasets.build("ict_mmmo/trimodal", manual_dir="copies/mmmo")
    builder = rmfn_tf.datasets.load_builder("ict_mmmo/trimodal")     # later

Importing this package also lets `tfds.load("pom/mfn_arrays")` and `tfds.builder("pom")` find its
data sets. TensorFlow itself is imported when something is built or read, not before.
"""

from rmfn_tf.datasets.building import build, load_builder
from rmfn_tf.datasets.custom.writing import write_custom
from rmfn_tf.datasets.registry import list_names

__all__ = ["build", "list_names", "load_builder", "write_custom"]
