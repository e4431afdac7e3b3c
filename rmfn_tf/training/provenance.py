"""Where the numbers of a run come from."""

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tensorflow as tf

import rmfn_tf
from rmfn_tf.task import Task


def data_facts(data: str, metadata: Any) -> dict[str, Any]:
    """Which data a run learned from: name, source files' SHA-256, fingerprint of ids and labels."""
    return {
        "data": data,
        "fingerprint": metadata["fingerprint"],
        "sources": dict(metadata["sources"]),
        "task": Task.from_json(metadata["task"]).to_json(),
    }


def check_trained_on(run: Path, facts: Mapping[str, Any], data: str, metadata: Any) -> None:
    """ValueError where a data set is not the one that a run learned from, as its facts say."""
    differs = ""
    if metadata["fingerprint"] != facts["fingerprint"]:
        differs = (
            f"is not what {run} was trained on (fingerprint {metadata['fingerprint'][:12]}, the "
            f"run has {facts['fingerprint'][:12]})"
        )
    elif (sources := dict(metadata["sources"])) != facts["sources"]:
        # The same ids and labels may come with other features.
        both = sorted(sources.keys() | facts["sources"].keys())
        other = [name for name in both if sources.get(name) != facts["sources"].get(name)]
        named = ", ".join(other[:5]) + (", ..." if len(other) > 5 else "")
        differs = f"was read from other files than what {run} was trained on ({named})"
    if differs:
        raise ValueError(
            f"The data set built as {data} {differs}. Name the data of the run with --manual-dir "
            "or --data-dir."
        )


def session_facts() -> dict[str, Any]:
    """When, with which code and on what a process works on a run."""
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {
            "python": platform.python_version(),
            **{each: version(each) for each in ("rmfn-tf", "tensorflow", "keras", "numpy")},
        },
        "git": _git(),
        "hardware": {
            "machine": platform.machine(),
            "system": platform.system(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "gpus": [
                tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
                for gpu in tf.config.list_physical_devices("GPU")
            ],
        },
        "threads": tf.config.threading.get_intra_op_parallelism_threads() or "TensorFlow's choice",
    }


def _git() -> dict[str, Any] | None:
    """The commit of this package where it runs from its repository."""
    package = Path(rmfn_tf.__file__).parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(package), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "__init__.py")
        return {"commit": git("rev-parse", "HEAD"), "changed": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _processor() -> str:
    """The processor's name, which Python itself does not know on Linux."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
