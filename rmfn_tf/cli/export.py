"""`rmfn export`: a run's model for TensorFlow Serving."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import Json


def export(
    run: Annotated[Path, typer.Argument(help="A run folder made by `rmfn train`.")],
    to: Annotated[Path, typer.Option(help="The model folder; a new version is made in it.")],
    keep: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Once exported, remove older versions until so many are left, the new one "
            "counted \\[default: all are kept].",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a run's best model as DIR/<version>/, a SavedModel that TensorFlow Serving loads."""
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.cli.runs import about_run
    from rmfn_tf.export import export_model
    from rmfn_tf.export.warmup import WARMUP
    from rmfn_tf.training.run import Run

    about = about_run(Run(run))
    version = export_model(Run(run).model(), to, about=about, keep=keep)
    if not (version / WARMUP).exists():
        print(
            "rmfn: exported without warm-up requests, so the first answers will be slow; for them, "
            "pip install 'rmfn-tf[serving]' and export again",
            file=sys.stderr,
        )
    print(json.dumps({"version": str(version)}) if as_json else f"Exported {version}")
