"""`rmfn compare`: models beside each other. `rmfn reproduce`: beside a published table."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import (
    MODELS,
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
    check_counts,
    to_labels,
)

Out = Annotated[Path, typer.Option(help="Folder for the runs and tables; it may exist.")]


def compare(
    data: Data,
    out: Out,
    models: Annotated[
        str,
        typer.Option(
            help="The rows, separated by commas: models, or TOML files of configs, whose rows have "
            f"the names of the files. A model is {MODELS}."
        ),
    ] = "rmfn,ef_lstm",
    seeds: Annotated[int, typer.Option(help="The number of seeds, from 0.")] = 5,
    folds: Folds = None,
    reference: Annotated[
        str | None,
        typer.Option(help="The row that the others are tested against, as ef_lstm or ridge."),
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

    Start it again with the same --out, and only what is missing runs. If the data set has splits,
    the test split is opened once per run, after all are trained. Results: compare.md, .csv, .json
    and .png in --out. Several forms of a data set, separated by a comma, are put together in one
    table: cmu_mosi/dialogue_clean_a,cmu_mosi/dialogue_clean_b.

    Example: rmfn compare ict_mmmo/trimodal --models rmfn,ef_lstm --folds 10 --out compared
    """
    check_counts(seeds=seeds, workers=workers)
    named = [row.strip() for row in models.split(",") if row.strip()]
    rows = {Path(row).name.removesuffix(".toml"): row for row in named}
    if not rows or len(rows) < len(named):
        raise ValueError(f"--models takes different names, separated by commas; got {models!r}.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rmfn_tf.cli.configs import make_config, open_training
    from rmfn_tf.comparison.compare import compare_models
    from rmfn_tf.datasets.registry import choose

    data = ",".join(choose(each, manual_dir, data_dir).name for each in data.split(","))
    given = {
        "data": data.partition(",")[0],
        "folds": folds,
        "epochs": epochs,
        "imports": import_ or None,
    }
    given["labels"] = to_labels(labels)
    configs = {}
    for name, row in rows.items():
        is_file = row.endswith(".toml")
        model = {} if is_file else {"model": row}
        configs[name] = make_config({**given, **model}, Path(row) if is_file else None)
    with open_training(data, manual_dir, data_dir, workers, cluster, as_json) as (builder, how):
        result = compare_models(configs, range(seeds), builder, out, reference=reference, **how)
    if as_json:
        print(json.dumps(result))
    else:
        _print_table(result)
        print(f"Tables, figure and runs: {out}")


def reproduce(
    name: Annotated[str, typer.Argument(help="The data set: cmu_mosi, iemocap, pom.")],
    out: Out,
    seeds: Annotated[
        int | None, typer.Option(help="Runs of each model \\[default: the protocol's].")
    ] = None,
    workers: Workers = 1,
    cluster: Cluster = "",
    epochs: Epochs = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Check a copy of the data, run the published protocol, name every difference.

    Any copy of the data set can be used: the files in --manual-dir say which it is.

    The test split is opened once per run, after all are trained. Start it again with the same
    --out, and only what is missing runs. Results: reproduce.md and .json in --out, beside the
    files of `rmfn compare`.

    Example: rmfn reproduce pom --manual-dir copies/pom --out reproduced/pom
    """
    check_counts(seeds=seeds, workers=workers)

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rich.console import Console

    from rmfn_tf.cli.configs import make_config, open_training
    from rmfn_tf.comparison.published import protocol_for
    from rmfn_tf.comparison.reproduce import reproduce
    from rmfn_tf.datasets.registry import choose

    protocol = protocol_for(name)
    data = choose(protocol.data, manual_dir, data_dir).name
    configs = {
        model: make_config({"data": data, "model": model, "epochs": epochs})
        for model in protocol.models
    }
    seeds = seeds or protocol.seeds
    with open_training(data, manual_dir, data_dir, workers, cluster, as_json) as (builder, how):
        result = reproduce(protocol, configs, builder, out, seeds=seeds, **how)
    if as_json:
        print(json.dumps(result))
        return
    console = Console(highlight=False)
    _print_table(result)
    counts = ", ".join(
        f"{split} {each['here']} (papers {each['published']})"
        for split, each in result["counts"].items()
    )
    console.print(f"\nExamples: {counts}.\n\nData and protocol differ from the papers':")
    for sentence in result["differences"]:
        console.print(f"- {sentence}", markup=False)
    print(f"Tables, figure and runs: {out}")


def _print_table(result: dict) -> None:
    from rich.console import Console

    from rmfn_tf.comparison.report import make_report

    console, report = Console(), make_report(result)
    console.print(report.table.to_rich(report.title))
    for line in report.notes:
        console.print(line, highlight=False, markup=False)
    for title, table in report.more.items():
        console.print(table.to_rich(f"\n{title}"))
