"""`rmfn export`: a run's model for TensorFlow Serving."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import Json


def export(
    run: Annotated[Path, typer.Argument(help="A run folder made by `rmfn train`.")],
    to: Annotated[Path, typer.Option(help="The model folder; a new version is made in it.")],
    as_json: Json = False,
) -> None:
    """Write a run's best model as DIR/<version>/, a SavedModel that TensorFlow Serving loads."""
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.export import export_model
    from rmfn_tf.training.evaluate import load_run

    _, model = load_run(run)
    version = export_model(model, to)
    print(json.dumps({"version": str(version)}) if as_json else f"Exported {version}")
