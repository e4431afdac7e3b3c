"""What the contract of an exported model says of its run."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmfn_tf.training.run import Run


def about_run(run: "Run") -> dict[str, Any]:
    """The data, the task and the validation of a run, for the contract of its exported model."""
    facts, task = run.facts, run.task
    ranges = {name: list(task.ranges[name]) for name in task.labels if name in task.ranges}
    told: dict[str, Any] = {"kind": task.kind, "labels": list(task.labels)}
    told |= {"ranges": ranges} if ranges else {}
    told |= {"num_classes": task.num_classes} if task.num_classes else {}
    about = {
        "data": {"name": facts["data"], **{key: facts[key] for key in ("fingerprint", "sources")}},
        "task": told,  # what a client needs of it
    }
    if run.is_finished:  # a run whose loss left the numbers keeps its best model without
        about["validation"] = {key: run.metrics[key] for key in ("split", "metrics")}
    return about
