"""With which code, when and on what a run is trained."""

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tensorflow as tf

import rmfn_tf


def session_facts() -> dict[str, Any]:
    """When, with which code and on what a process works on a run."""
    packages = ("rmfn-tf", "tensorflow", "keras", "numpy")
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    cpus = Path("/proc/cpuinfo")  # Python itself does not know the processor's name on Linux
    model = re.search(r"model name\s*: (.*)", cpus.read_text()) if cpus.exists() else None
    versions = {name: version(name) for name in packages}
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {"python": platform.python_version(), **versions},
        "commit": _commit(),
        "platform": platform.platform(),
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "gpus": gpus,
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or "TensorFlow's choice",
    }


def _commit() -> str | None:
    """The commit of this package where it runs from its repository, with `-dirty` where files of it
    have changed since."""
    git = ["git", "-C", str(Path(rmfn_tf.__file__).parent)]
    how: dict[str, Any] = {"capture_output": True, "text": True, "check": True, "timeout": 10}
    try:
        # The package may also lie in the repository of something else.
        subprocess.run([*git, "ls-files", "--error-unmatch", "__init__.py"], **how)
        described = [*git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(described, **how).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
