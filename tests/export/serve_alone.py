"""Run exports as a server would: with TensorFlow, without rmfn_tf and its classes.

    python -I serve_alone.py FOLDER

FOLDER/<name>/<version>/ are the exports; FOLDER/<name>/<case>.npz hold inputs by name. Writes
FOLDER/<name>/<case>.npy with the predictions.
"""

import importlib.abc
import sys
from pathlib import Path


class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "rmfn_tf":
            raise ImportError(f"{name} is not installed on the server")


sys.meta_path.insert(0, Blocker())

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

for model in Path(sys.argv[1]).iterdir():
    (version,) = (path for path in model.iterdir() if path.is_dir())
    predict = tf.saved_model.load(str(version)).signatures["serving_default"]
    for case in model.glob("*.npz"):
        inputs = {name: tf.constant(values) for name, values in np.load(case).items()}
        np.save(case.with_suffix(".npy"), predict(**inputs)["prediction"].numpy())

assert "rmfn_tf" not in sys.modules
print("served alone")
