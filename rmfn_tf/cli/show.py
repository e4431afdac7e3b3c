"""How results and progress look."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def build_data(name: str, manual_dir: Any, data_dir: Any, quiet: bool) -> Any:
    """Builds (or takes) a data set with a progress bar on stderr, where that is a terminal."""
    from rich.progress import Progress

    import rmfn_tf.datasets

    console = Console(stderr=True)
    # Elsewhere a transient bar would leave an empty line in the log.
    quiet = quiet or not console.is_terminal
    with Progress(console=console, transient=True, disable=quiet) as progress:
        bar = progress.add_task(f"Building {name}", total=None)
        return rmfn_tf.datasets.build(
            name,
            manual_dir=manual_dir,
            data_dir=data_dir,
            on_progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )


def epoch_printer(quiet: bool) -> Any:
    """An `on_epoch` that prints a line an epoch on stderr: the metrics and the best so far."""
    best: dict[str, float] = {}

    def on_epoch(epoch: int, epochs: int, logs: Mapping[str, float]) -> None:
        if quiet:
            return
        values = "  ".join(f"{key} {value:.4f}" for key, value in logs.items())
        if epoch == 1:
            best.clear()
        if "val_loss" in logs:
            best["val_loss"] = min(logs["val_loss"], best.get("val_loss", float("inf")))
            values += f"  (best {best['val_loss']:.4f})"
        Console(stderr=True).print(f"epoch {epoch:3d}/{epochs}  {values}", highlight=False)

    return on_epoch


def show_metrics(result: Mapping[str, Any], title: str, as_json: bool) -> None:
    """Prints `{"split": ..., "metrics": {row: {metric: value}}}` as a table or as JSON."""
    if as_json:
        print(json.dumps(result))
        return
    rows = result["metrics"]
    table = Table(title=f"{title}: {result['split']}", title_justify="left")
    table.add_column("")
    names = list(next(iter(rows.values())))
    for name in names:
        table.add_column(name, justify="right")
    for row, metrics in rows.items():
        table.add_row(row, *(f"{metrics[name]:.4f}" for name in names))
    console = Console()
    console.print(table)
    if result["constant_predictions"] and "r" in names:
        rows_said = ", ".join(result["constant_predictions"])
        console.print(f"The same prediction for every example, so r is 0: {rows_said}.")
