"""What `rmfn tune` does and shows: a sweep over stages, or a search."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from rmfn_tf.cli.show import progress_bar
from rmfn_tf.files import replace_file, write_json, write_text
from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning import run_search, stage_sweep
from rmfn_tf.tuning.hparams import write_hparams
from rmfn_tf.tuning.keep_run import keep_run
from rmfn_tf.tuning.search import Search
from rmfn_tf.tuning.search_report import best_trials, search_markdown
from rmfn_tf.tuning.sweep_report import sweep_markdown, sweep_table
from rmfn_tf.visualization.search import plot_search
from rmfn_tf.visualization.stages import plot_stages


def sweep(
    config: RunConfig,
    builder: Any,
    out: Path,
    stages: Sequence[int],
    seeds: int,
    workers: int,
    promote: Path | None,
    as_json: bool,
) -> None:
    """Every number of stages over the same seeds."""
    with progress_bar("Training", quiet=as_json) as on_progress:
        result = stage_sweep.sweep_stages(
            config,
            stages,
            seeds,
            builder,
            out,
            workers=workers,
            command=_command(),
            on_progress=on_progress,
        )
    _write(result, sweep_markdown(result), plot_stages(result), out)
    kept = None if promote is None else keep_run(stage_sweep.best_run(result, out), promote)
    _show(result, *sweep_table(result), out, kept, as_json)


def search(
    asked: Search,
    builder: Any,
    out: Path,
    seeds: int,
    workers: int,
    promote: Path | None,
    as_json: bool,
) -> None:
    """KerasTuner's trials; or this process's part in them, where it is a worker of a chief."""
    if run_search.is_worker():
        run_search.work(builder, out)
        return
    # Counts trials, then the epochs over fresh seeds.
    with progress_bar("Searching", quiet=as_json) as on_progress:
        result = run_search.run_search(
            asked,
            builder,
            out,
            workers=workers,
            seeds=seeds,
            command=_command(),
            on_trials=lambda done: on_progress(done, asked.trials),
            on_fresh=on_progress,
        )
    _write(result, search_markdown(result), plot_search(result), out)
    write_hparams(out / "tensorboard", result)
    kept = None if promote is None else keep_run(run_search.best_run(result, out), promote)
    _show(result, *best_trials(result), out, kept, as_json)


def _command() -> str:
    return shlex.join(["rmfn", *sys.argv[1:]])


def _write(result: Mapping[str, Any], report: str, figure: Figure, out: Path) -> None:
    write_json(out / "tune.json", result)
    write_text(out / "tune.md", report)
    replace_file(out / "tune.png", lambda partial: figure.savefig(partial, format="png", dpi=150))


def _show(
    result: Mapping[str, Any],
    header: Sequence[str],
    lines: Sequence[Sequence[str]],
    out: Path,
    kept: Path | None,
    as_json: bool,
) -> None:
    if as_json:
        print(json.dumps(result))
        return
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left")
    for line in lines:
        table.add_row(*line)
    Console().print(table)
    print(f"\n{result['answer']}\nTable, figure and runs: {out}")
    if kept is not None:
        print(f"A run of the best: {kept}")
