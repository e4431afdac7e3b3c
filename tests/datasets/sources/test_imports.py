"""Readers must not cost what importing TensorFlow costs (2.4 s and 670 MB)."""

import pkgutil
import subprocess
import sys

from rmfn_tf.datasets import sources


def test_no_reader_imports_tensorflow():
    names = [
        module.name for module in pkgutil.walk_packages(sources.__path__, f"{sources.__name__}.")
    ]
    assert f"{sources.__name__}.sequences.csd" in names
    code = f"import sys, {', '.join(names)}; print('tensorflow' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["False"]
