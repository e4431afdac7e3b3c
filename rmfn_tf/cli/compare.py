"""`rmfn compare`: models beside each other. `rmfn reproduce`: beside a published table."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rmfn_tf.cli import options
from rmfn_tf.start import start_tensorflow


def compare(
    data: options.Data,
    out: options.Out,
    models: Annotated[
        str,
        typer.Option(
            help="The rows of the table, separated by commas: models, or TOML files of configs, "
            f"whose names the rows then have. The models: {options.MODELS}."
        ),
    ] = "rmfn,ef_lstm",
    seeds: Annotated[
        int, typer.Option(min=1, help="Runs of each row, with the random seeds 0, 1, ...")
    ] = 5,
    folds: options.Folds = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="The row that the others are tested against, such as ridge [default: ef_lstm, or "
            "else the last model]."
        ),
    ] = None,
    labels: options.Labels = None,
    workers: options.Workers = 1,
    cluster: options.Cluster = "",
    imports: options.Imports = None,
    epochs: options.Epochs = None,
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Train models with several seeds and compare them.

    The table has confidence intervals, significance tests, trivial floors and published results.
    Start the command again with the same --out, and only what is missing runs. If the data set has
    splits, the test split is opened once per run, after all are trained. Results: compare.md, .csv,
    .json and .png in --out. Several forms of a data set, separated by commas, are scored together:
    cmu_mosi/dialogue_clean_a,cmu_mosi/dialogue_clean_b.

    Example: rmfn compare ict_mmmo/trimodal --models rmfn,ef_lstm --folds 10 --out compared
    """
    named = options.to_names(models) or []
    rows = {Path(row).name.removesuffix(".toml"): row for row in named}
    if not rows or len(rows) < len(named):
        raise ValueError(f"--models takes different names, separated by commas; got {models!r}.")
    start_tensorflow(deterministic=True)

    from rmfn_tf.cli.configs import make_config, open_training
    from rmfn_tf.comparison.compare import compare_models
    from rmfn_tf.datasets.registry import choose

    data = ",".join(choose(each, manual_dir, data_dir).name for each in data.split(","))
    given = {"data": data.partition(",")[0], "folds": folds, "epochs": epochs}
    names = {"imports": imports or None, "labels": options.to_names(labels)}
    configs = {}
    for name, row in rows.items():
        is_file = row.endswith(".toml")
        asked = {**given, **names, "model": None if is_file else row}
        configs[name] = make_config(asked, Path(row) if is_file else None)
    with open_training(data, manual_dir, data_dir, workers, cluster, as_json) as (builder, how):
        result = compare_models(configs, range(seeds), builder, out, reference=reference, **how)
    if as_json:
        print(json.dumps(result))
    else:
        _print_table(result)
        print(f"Tables, figure and runs: {out}")


def reproduce(
    name: Annotated[str, typer.Argument(help="The data set: cmu_mosi, iemocap or pom.")],
    out: options.Out,
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="Runs of each model [default: as many as in the protocol]."),
    ] = None,
    workers: options.Workers = 1,
    cluster: options.Cluster = "",
    epochs: options.Epochs = None,
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Repeat the published experiment on your copy of a data set.

    Checks the copy, runs the published protocol, and names every difference from it. Any copy of
    the data set can be used: the files in --manual-dir say which it is.

    The test split is opened once per run, after all are trained. Start the command again with the
    same --out, and only what is missing runs. Results: reproduce.md and .json in --out, beside the
    files of `rmfn compare`.

    Example: rmfn reproduce pom --manual-dir copies/pom --out reproduced/pom
    """
    start_tensorflow(deterministic=True)

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
    from rmfn_tf.comparison.report import make_report

    console, report = Console(), make_report(result)
    console.print(report.table.to_rich(report.title))
    for line in report.notes:
        console.print(line, highlight=False, markup=False)
    for title, table in report.more.items():
        console.print(table.to_rich(f"\n{title}"))
