"""`rmfn tune`: how many stages fusion needs."""

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import (
    Data,
    DataDir,
    Epochs,
    Folds,
    Json,
    Labels,
    ManualDir,
    Workers,
    to_labels,
)


def tune(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the runs and tables; may be there.")],
    stages: Annotated[
        str, typer.Option(help="Numbers of stages: 1-6, or 1,3,5; the first is compared with.")
    ] = "1-6",
    seeds: Annotated[int, typer.Option(help="Of each number, and as many fresh ones.")] = 5,
    folds: Folds = None,
    config: Annotated[
        Path | None, typer.Option(help="A run's config.toml to vary, in place of the preset.")
    ] = None,
    promote: Annotated[
        Path | None, typer.Option(help="Also keep a run of the best number in this new folder.")
    ] = None,
    labels: Labels = None,
    workers: Workers = 1,
    epochs: Epochs = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Train RMFN with each number of stages over the same seeds, and say what the data support.

    Only validation (or out-of-fold) scores are looked at: the test split stays closed. The best
    number is trained again over fresh seeds beside the smallest, since the score that it was chosen
    by flatters it. Start it again with the same --out, and only what is missing runs. Results:
    tune.md, .json and .png in --out.

    Example: rmfn tune synthetic --stages 1-6 --seeds 3 --out tuned
    """
    numbers = to_numbers(stages)
    for name, value in (("seeds", seeds), ("workers", workers)):
        if value < 1:
            raise ValueError(f"--{name} must be at least 1; got {value}.")
    if promote is not None and promote.exists():
        raise ValueError(f"{promote} exists already; name a new folder with --promote.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rich.console import Console
    from rich.table import Table

    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.cli.show import build_data, progress_bar
    from rmfn_tf.datasets.choosing import choose
    from rmfn_tf.files import replace_file, write_json, write_text
    from rmfn_tf.tuning.stage_sweep import sweep_stages
    from rmfn_tf.tuning.sweep_report import promote as keep
    from rmfn_tf.tuning.sweep_report import sweep_markdown, sweep_table
    from rmfn_tf.visualization.stages import plot_stages

    data = choose(data, manual_dir, data_dir).name
    settings = {"data": data, "folds": folds, "labels": to_labels(labels), "epochs": epochs}
    chosen = make_config({**settings, "model": "rmfn"} if config is None else settings, config)
    builder = build_data(data, manual_dir, data_dir, quiet=as_json)
    with progress_bar("Training", quiet=as_json) as on_progress:
        result = sweep_stages(
            chosen,
            numbers,
            seeds,
            builder,
            out,
            workers=workers,
            command=shlex.join(["rmfn", *sys.argv[1:]]),
            on_progress=on_progress,
        )
    write_json(out / "tune.json", result)
    write_text(out / "tune.md", sweep_markdown(result))
    figure = plot_stages(result)
    replace_file(out / "tune.png", lambda partial: figure.savefig(partial, format="png", dpi=150))
    kept = None if promote is None else keep(result, out, promote)
    if as_json:
        print(json.dumps(result))
        return
    header, lines = sweep_table(result)
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left")
    for line in lines:
        table.add_row(*line)
    Console().print(table)
    print(f"\n{result['answer']}\nTable, figure and runs: {out}")
    if kept is not None:
        print(f"A run of K={result['best']}: {kept}")


def to_numbers(text: str) -> list[int]:
    """`"1-6"`, `"1,3,5"` or both mixed -> ascending numbers from 1 to 20.

    Raises:
        ValueError: anything else.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= 20:
            raise ValueError(f"--stages takes numbers from 1 to 20, as 1-6 or 1,3,5; got {text!r}.")
        numbers.update(range(first, last + 1))
    return sorted(numbers)
