"""How results and progress look."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import rich.table
from rich.console import Console

from rmfn_tf.comparison.table import Report, Table
from rmfn_tf.names import shorten

SECONDS_OF_SILENCE = 60  # in a log, which must not look as if the command hung


@contextlib.contextmanager
def progress_bar(title: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr where that is a terminal, and elsewhere a line a minute; gives its
    `on_progress(done, total)`."""
    from rich.progress import Progress

    console, spoken = Console(stderr=True), time.monotonic()

    def speak(done: int, total: int) -> None:
        nonlocal spoken
        if not quiet and time.monotonic() - spoken >= SECONDS_OF_SILENCE:
            spoken = time.monotonic()
            console.print(f"{title}: {done:,} of {total:,}", highlight=False)

    if quiet or not console.is_terminal:
        yield speak
        return
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def fitted(table: Table, console: Console) -> rich.table.Table:
    """A table for a terminal; one that is too wide has only one space between its columns."""
    shown = table.to_rich()
    if console.measure(shown, options=console.options.update(width=1_000)).maximum > console.width:
        shown.collapse_padding, shown.pad_edge = True, False
    return shown


def build_data(
    name: str | None,
    manual_dir: Any,
    data_dir: Any,
    quiet: bool,
    options: Mapping[str, str] | None = None,
) -> Any:
    """Builds a data set, unless it is built already, with a progress bar. Where the files decided
    which one it is, says so on stderr."""
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


def show_metrics(result: Mapping[str, Any], title: str, as_json: bool) -> None:
    """Prints `{"split": ..., "metrics": {row: {metric: value}}}` as a table or as JSON."""
    if as_json:
        print(json.dumps(result))
        return
    rows = result["metrics"]
    names = list(next(iter(rows.values())))
    lines = [[row, *(f"{metrics[name]:.4f}" for name in names)] for row, metrics in rows.items()]
    console = Console()
    console.print(Table(["", *names], lines).below(f"{title}: {result['split']}"))
    if result["constant_predictions"] and "r" in names:
        rows_said = ", ".join(result["constant_predictions"])
        console.print(f"The same prediction for every example, so r is 0: {rows_said}.")


def show_report(report: Report, out: Path, as_json: bool, lines: Sequence[str] = ()) -> None:
    """Prints a report and further lines, or as JSON its result; `out` is where the runs are."""
    if as_json:
        print(json.dumps(report.result))
        return
    console = Console(highlight=False)
    console.print(report.table.below(report.title))
    for line in report.notes:
        console.print(line, markup=False)
    for title, table in report.more.items():
        console.print(table.below(f"\n{title}"))
    for line in lines:
        console.print(line, markup=False)
    print(f"Tables, figure and runs: {out}")  # a path is not wrapped


def dropped_lines(dropped: Sequence[Mapping[str, str]]) -> list[str]:
    """A line for each reason, with the number of examples and the first ids."""
    by_reason: dict[str, list[str]] = {}
    for each in dropped:
        by_reason.setdefault(each["reason"], []).append(each["id"])
    return [f"Dropped, {reason}: {first_of(ids)}." for reason, ids in by_reason.items()]


def first_of(names: Sequence[str]) -> str:
    """`"12 (a, b, c, d, ...)"`: how many there are, and the first four."""
    return f"{len(names)} ({shorten(names, 4)})"
