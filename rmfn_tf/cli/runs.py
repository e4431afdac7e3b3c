"""`rmfn runs`: what lies in a folder of runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from rmfn_tf.cli import options
from rmfn_tf.comparison.table import Table
from rmfn_tf.start import start_tensorflow

if TYPE_CHECKING:
    from rmfn_tf.training.run import Run


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
    Console().print(table.to_rich())


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
