"""What the contract of an exported model says of its run."""

import json
from pathlib import Path
from typing import Any

from rmfn_tf.training.config import RunConfig

_TASK = ("kind", "labels", "ranges", "num_classes")  # what a client is told of a task


def about_run(run: Path, config: RunConfig) -> dict[str, Any]:
    """The data, the task and the validation of a run, for the contract of its exported model.

    Args:
        run: a run folder made by `train_run`.
        config: its config.
    """
    facts = json.loads((run / "run.json").read_text())
    task = {key: facts["task"][key] for key in _TASK if key in facts["task"]}
    task["labels"] = config.labels or task["labels"]
    if "ranges" in task:
        task["ranges"] = {
            name: each for name, each in task["ranges"].items() if name in task["labels"]
        }
    about = {
        "data": {"name": facts["data"], **{key: facts[key] for key in ("fingerprint", "sources")}},
        "task": task,
    }
    metrics = run / "metrics.json"
    if metrics.exists():  # a run whose loss left the numbers keeps its best model without
        result = json.loads(metrics.read_text())
        about["validation"] = {key: result[key] for key in ("split", "metrics")}
    return about
