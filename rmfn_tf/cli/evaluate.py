"""`rmfn evaluate`: a finished run on a split."""

from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli import options
from rmfn_tf.start import start_tensorflow


def evaluate(
    run: Annotated[Path, typer.Argument(help="A run folder made by `rmfn train`.")],
    split: Annotated[
        str, typer.Option(help="The split: validation, test or train.")
    ] = "validation",
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Print a run's metrics on a split beside the trivial floors.

    Opening the test split is recorded in the run folder: do it once, at the end.
    """
    start_tensorflow()

    from rmfn_tf.cli.show import build_data, show_metrics
    from rmfn_tf.training.run import Run

    trained = Run(run)
    config = trained.config
    builder = build_data(config.data, manual_dir, data_dir or config.data_dir, quiet=as_json)
    result = trained.evaluate(builder, split)
    show_metrics(result, f"{config.data}, {config.model}", as_json)
