"""`rmfn evaluate`: a finished run on a split. `rmfn runs`: all that lie in a folder."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from rmfn_tf.cli import options
from rmfn_tf.cli.show import build_data, fitted, show_metrics
from rmfn_tf.comparison.table import Table
from rmfn_tf.start import start_tensorflow

if TYPE_CHECKING:
    from rmfn_tf.training.run import Run


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

    from rmfn_tf.training.run import Run

    trained = Run(run)
    config = trained.config
    builder = build_data(config.data, manual_dir, data_dir or config.data_dir, quiet=as_json)
    result = trained.evaluate(builder, split)
    show_metrics(result, f"{config.data}, {config.model}", as_json)


def runs(
    folder: Annotated[Path, typer.Argument(help="A folder that holds run folders, at any depth.")],
    as_json: options.Json = False,
) -> None:
    """List the runs in a folder with their validation scores."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    start_tensorflow()

    from rmfn_tf.training.run import Run

    found = sorted(path.parent for path in folder.rglob("config.toml"))
    rows = [{"run": str(each.relative_to(folder)), **_columns(Run(each))} for each in found]
    if as_json:
        print(json.dumps(rows))
        return
    if not rows:
        print(f"There are no runs in {folder}.")
        return
    lines = [["" if value is None else str(value) for value in row.values()] for row in rows]
    table = Table(list(rows[0]), lines, left=("data", "model", "state", "split", "metric"))
    console = Console()
    console.print(fitted(table, console))


def _columns(run: "Run") -> dict[str, Any]:
    """The columns of a run; of a damaged one the state says why, and what is not known is None."""
    names = ("data", "model", "seed", "epochs", "state", "split", "metric", "score")
    about: dict[str, Any] = dict.fromkeys(names)
    try:
        config = run.config
        about |= {"data": config.data, "model": config.model, "seed": config.seed}
        about |= {"epochs": len(run.history), "state": "not finished"}
        if run.is_finished:
            metric, _ = run.task.of_kind.selection
            score = run.metrics["metrics"][config.model][metric]
            about |= {"state": "finished", "split": run.metrics["split"], "metric": metric}
            about |= {"score": round(score, 4)}
    except (ValueError, KeyError, OSError) as error:
        about["state"] = f"damaged: {' '.join(str(error).split())}"
    return about
