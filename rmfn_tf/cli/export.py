"""`rmfn export`: a run's model for TensorFlow Serving."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rmfn_tf.cli import options
from rmfn_tf.start import start_tensorflow

if TYPE_CHECKING:
    from rmfn_tf.training.run import Run


def export(
    run: Annotated[Path, typer.Argument(help="A run folder made by `rmfn train`.")],
    to: Annotated[Path, typer.Option(help="The model folder; a new version is made in it.")],
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="After the export, remove the oldest versions until this many are left, the new "
            "one counted [default: all are kept].",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a run's best model for TensorFlow Serving.

    The model folder gets a new version, a SavedModel in a folder of its own: 1, 2, ...

    Example: rmfn export runs/pom --to served/pom
    """
    for folder in (to.resolve(), *to.resolve().parents):
        if (folder / "run.json").is_file():
            raise ValueError(f"--to {to} is in the run folder {folder}: name a folder elsewhere.")
    start_tensorflow()

    from rmfn_tf.export import export_model
    from rmfn_tf.export.warmup import WARMUP
    from rmfn_tf.training.run import Run

    source = Run(run)
    version = export_model(source.model(), to, keep=keep, **run_facts(source))
    if not (version / WARMUP).exists():
        print(
            "rmfn: exported without warm-up requests, so the first answers will be slow. To have "
            "them, pip install 'rmfn-tf[serving]' and export again.",
            file=sys.stderr,
        )
    print(json.dumps({"version": str(version)}) if as_json else f"Exported {version}")


def run_facts(run: "Run") -> dict[str, Any]:
    """What `export_model` takes from a run: `about` (its data, task and validation scores, for the
    contract) and `lengths` (the numbers of steps that its training padded to)."""
    facts, task = run.facts, run.task
    about: dict[str, Any] = {
        "data": {"name": facts["data"], **{key: facts[key] for key in ("fingerprint", "sources")}},
        "task": {
            "kind": task.kind,
            "labels": list(task.labels),
            "ranges": {name: task.ranges[name] for name in task.labels if name in task.ranges},
            "output_names": task.output_names,
        },
    }
    if not run.is_finished:  # as when the loss became NaN: there is a model, but no scores
        return {"about": about}
    about["validation"] = {key: run.metrics[key] for key in ("split", "metrics")}
    return {"about": about, "lengths": facts["padded_to"]}
