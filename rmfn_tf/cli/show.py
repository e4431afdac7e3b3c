"""How results and progress look."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rmfn_tf.training.run import RunProgress


@contextlib.contextmanager
def progress_bar(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where that is a terminal; gives its `on_progress(done, total)`."""
    from rich.progress import Progress

    console = Console(stderr=True)
    # Elsewhere a transient bar would leave an empty line in the log.
    quiet = quiet or not console.is_terminal
    with Progress(console=console, transient=True, disable=quiet) as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def build_data(
    name: str | None,
    manual_dir: Any,
    data_dir: Any,
    quiet: bool,
    options: Mapping[str, str] | None = None,
) -> Any:
    """Builds (or takes) a data set, with a progress bar, and says which where it was detected."""
    import rmfn_tf.datasets
    from rmfn_tf.datasets.registry import choose

    choice = choose(name, manual_dir, data_dir)
    if choice.why and not quiet:
        Console(stderr=True).print(f"Taken: {choice.why}.", highlight=False, soft_wrap=True)
    with progress_bar(f"Building {choice.name}", quiet) as on_progress:
        return rmfn_tf.datasets.build(
            choice.name,
            manual_dir=manual_dir,
            data_dir=data_dir,
            options=options,
            on_progress=on_progress,
        )


def epoch_printer(quiet: bool) -> Any:
    """An `on_epoch` of `train_run`: a line an epoch on stderr, with the metrics, the best so far
    and the time left; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    quiet = quiet or not console.is_terminal
    seconds: list[float] = []

    def on_epoch(progress: "RunProgress") -> None:
        if quiet:
            return
        last = progress.last
        seconds.append(last.seconds)
        epochs_left = last.epochs - last.epoch
        epochs_left += max(progress.folds - progress.fold, 0) * last.epochs
        left = epochs_left * sum(seconds) / len(seconds)
        fold = f"fold {progress.fold}/{progress.folds} " if progress.folds else ""
        values = "  ".join(f"{key} {value:.4f}" for key, value in last.logs.items())
        if last.best:
            values += f"  best {last.best['val_loss']:.4f} (epoch {last.best['epoch']})"
        where = f"{fold}epoch {last.epoch:3d}/{last.epochs}"
        console.print(f"{where}  {values}  {time_in_words(left)} left", highlight=False)

    return on_epoch


def time_in_words(seconds: float) -> str:
    """`"45 s"`, `"12 min"`, `"3 h 20 min"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


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


def show_dry_run(result: Mapping[str, Any], as_json: bool) -> None:
    """Prints what `rmfn_tf.training.dry_run` says, as lines and a table, or as JSON."""
    if as_json:
        print(json.dumps(result))
        return
    steps, parameters, seconds = result["steps"], result["parameters"], result["seconds"]
    examples = ", ".join(f"{count} {split}" for split, count in result["examples"].items())
    widths = ", ".join(
        f"{name} (batch, time, {each['width']}) in {each['present']} of "
        f"{result['examples']['train']}"
        for name, each in result["modalities"].items()
    )
    layers = ", ".join(f"{name} {count:,}" for name, count in parameters["by_layer"].items())
    lines = {
        "run": f"{result['model']} on {result['data']}: nothing is written",
        "examples": examples,
        "inputs": widths,
        "time": f"{steps['shortest']} to {steps['longest']} steps, median {steps['median']:g}; "
        f"padded to {', '.join(map(str, result['padded_to']))}",
        "batches": f"{result['batches']} of {result['batch_size']} an epoch",
        "parameters": f"{parameters['total']:,} trainable: {layers}",
        "an epoch": f"{seconds['epoch']:.2g} s; the whole run {time_in_words(seconds['run'])}",
    }
    for name, line in lines.items():
        print(f"{name:11} {line}")
    show_metrics(result["floors"], "Floors", as_json=False)
