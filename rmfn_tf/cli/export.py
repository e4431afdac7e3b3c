"""`rmfn export`: a run's model for TensorFlow Serving."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rmfn_tf.cli.options import Json

if TYPE_CHECKING:
    from rmfn_tf.training.run import Run


def export(
    run: Annotated[Path, typer.Argument(help="A run folder made by `rmfn train`.")],
    to: Annotated[Path, typer.Option(help="The model folder; a new version is made in it.")],
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Once exported, remove the oldest versions until so many are left, the new one "
            "counted \\[default: all are kept].",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a run's best model as DIR/<version>/, a SavedModel that TensorFlow Serving loads."""
    for folder in (to.resolve(), *to.resolve().parents):
        if (folder / "config.toml").is_file() and (folder / "run.json").is_file():
            raise ValueError(
                f"--to {to} is in the run folder {folder}, which holds no exports: name another "
                "folder, such as served/rmfn."
            )
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.export import export_model
    from rmfn_tf.export.warmup import WARMUP
    from rmfn_tf.training.run import Run

    source = Run(run)
    facts = run_facts(source)
    version = export_model(source.model(), to, keep=keep, **facts)
    if not (version / WARMUP).exists():
        print(
            "rmfn: exported without warm-up requests, so the first answers will be slow; for them, "
            "pip install 'rmfn-tf[serving]' and export again",
            file=sys.stderr,
        )
    print(json.dumps({"version": str(version)}) if as_json else f"Exported {version}")


def run_facts(run: "Run") -> dict[str, Any]:
    """What `export_model` can be told of a run: its data, task and validation for the contract, and
    the lengths that its training padded to."""
    facts, task = run.facts, run.task
    ranges = {name: list(task.ranges[name]) for name in task.labels if name in task.ranges}
    told = {"kind": task.kind, "labels": list(task.labels), "ranges": ranges}
    told["output_names"] = task.output_names
    about = {
        "data": {"name": facts["data"], **{key: facts[key] for key in ("fingerprint", "sources")}},
        "task": told,
    }
    if run.is_finished:  # a run whose loss left the numbers keeps its best model without
        about["validation"] = {key: run.metrics[key] for key in ("split", "metrics")}
    return {"about": about, **({"lengths": facts["padded_to"]} if "padded_to" in facts else {})}
