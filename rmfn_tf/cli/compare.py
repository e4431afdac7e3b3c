"""`rmfn compare`: models beside each other over seeds."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import (
    Cluster,
    Data,
    DataDir,
    Epochs,
    Folds,
    Imports,
    Json,
    Labels,
    ManualDir,
    Workers,
    to_labels,
)


def compare(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the runs and tables; may be there.")],
    models: Annotated[
        str,
        typer.Option(help="Rows, with commas: models, or TOML files of configs named by the file."),
    ] = "rmfn,ef_lstm",
    seeds: Annotated[int, typer.Option(help="How many, from 0.")] = 5,
    folds: Folds = None,
    reference: Annotated[
        str | None,
        typer.Option(help="The row the others are tested against, as ef_lstm or ridge."),
    ] = None,
    labels: Labels = None,
    workers: Workers = 1,
    cluster: Cluster = "",
    import_: Imports = None,
    epochs: Epochs = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Train models over seeds and compare them: intervals, tests, floors, published rows.

    Start it again with the same --out, and only what is missing runs. With splits, the test split
    is opened once per run, after all are trained. Results: compare.md, .csv, .json, .png in --out.

    Example: rmfn compare ict_mmmo/trimodal --models rmfn,ef_lstm --folds 10 --out compared
    """
    for name, value in (("seeds", seeds), ("workers", workers)):
        if value < 1:
            raise ValueError(f"--{name} must be at least 1; got {value}.")
    given = [row.strip() for row in models.split(",") if row.strip()]
    rows = {Path(row).name.removesuffix(".toml"): row for row in given}
    if not rows or len(rows) < len(given):
        raise ValueError(f"--models takes different names with commas; got {models!r}.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rich.console import Console

    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.cli.show import build_data, progress_bar
    from rmfn_tf.comparison.compare import compare_models
    from rmfn_tf.comparison.report import explanations, to_table
    from rmfn_tf.datasets.registry import choose

    data = choose(data, manual_dir, data_dir).name
    settings = {
        "data": data,
        "folds": folds,
        "labels": to_labels(labels),
        "epochs": epochs,
        "imports": import_ or None,
    }
    configs = {
        name: make_config(settings, Path(row))
        if row.endswith(".toml")
        else make_config({**settings, "model": row})
        for name, row in rows.items()
    }
    builder = build_data(data, manual_dir, data_dir, quiet=as_json)
    with progress_bar("Training", quiet=as_json) as on_progress:
        result = compare_models(
            configs,
            range(seeds),
            builder,
            out,
            reference=reference,
            workers=workers,
            cluster=cluster,
            command=shlex.join(["rmfn", *sys.argv[1:]]),
            on_progress=on_progress,
        )
    if as_json:
        print(json.dumps(result))
        return
    console = Console()
    console.print(to_table(result).to_rich(f"{result['data']}: {result['split']}"))
    for line in explanations(result):
        console.print(line, highlight=False, markup=False)
    print(f"Tables, figure and runs: {out}")
