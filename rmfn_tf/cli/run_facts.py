"""What the contract of an exported model says of its run."""

import json
from pathlib import Path
from typing import Any

from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig


def about_run(run: Path, config: RunConfig) -> dict[str, Any]:
    """The data, the task and the validation of a run, for the contract of its exported model.

    Args:
        run: a run folder made by `train_run`.
        config: its config.
    """
    facts = json.loads((run / "run.json").read_text())
    task = Task.from_json(facts["task"]).select(config.labels)
    ranges = {name: list(task.ranges[name]) for name in task.labels if name in task.ranges}
    told: dict[str, Any] = {"kind": task.kind, "labels": list(task.labels)}
    told |= {"ranges": ranges} if ranges else {}
    told |= {"num_classes": task.num_classes} if task.num_classes else {}
    about = {
        "data": {"name": facts["data"], **{key: facts[key] for key in ("fingerprint", "sources")}},
        "task": told,  # what a client needs of it
    }
    metrics = run / "metrics.json"
    if metrics.exists():  # a run whose loss left the numbers keeps its best model without
        result = json.loads(metrics.read_text())
        about["validation"] = {key: result[key] for key in ("split", "metrics")}
    return about
