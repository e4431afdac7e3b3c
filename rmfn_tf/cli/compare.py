"""`rmfn compare`: models beside each other. `rmfn reproduce`: beside a published table."""

from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli import options
from rmfn_tf.cli.show import show_report
from rmfn_tf.start import start_tensorflow


def compare(
    context: typer.Context,
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

    from rmfn_tf.cli.configs import config_entries, make_config, open_training
    from rmfn_tf.comparison.compare import compare_models
    from rmfn_tf.comparison.report import make_report
    from rmfn_tf.datasets.registry import choose

    data = ",".join(choose(each, manual_dir, data_dir).name for each in data.split(","))
    given = {**config_entries(context.params), "data": data.partition(",")[0]}
    configs = {
        name: make_config(given, Path(row))
        if row.endswith(".toml")
        else make_config({**given, "model": row})
        for name, row in rows.items()
    }
    with open_training(data, context.params) as (builder, how):
        result = compare_models(configs, range(seeds), builder, out, reference=reference, **how)
    show_report(make_report(result), out, as_json)


def reproduce(
    context: typer.Context,
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

    from rmfn_tf.cli.configs import config_entries, make_config, open_training
    from rmfn_tf.comparison.published import protocol_for
    from rmfn_tf.comparison.report import make_report
    from rmfn_tf.comparison.reproduce import reproduce
    from rmfn_tf.datasets.registry import choose

    protocol = protocol_for(name)
    data = choose(protocol.data, manual_dir, data_dir).name
    given = {**config_entries(context.params), "data": data}
    configs = {model: make_config({**given, "model": model}) for model in protocol.models}
    seeds = seeds or protocol.seeds
    with open_training(data, context.params) as (builder, how):
        result = reproduce(protocol, configs, builder, out, seeds=seeds, **how)
    counts = ", ".join(
        f"{split} {each['here']} (papers {each['published']})"
        for split, each in result["counts"].items()
    )
    lines = [f"\nExamples: {counts}.", "\nData and protocol differ from the papers':"]
    lines += [f"- {sentence}" for sentence in result["differences"]]
    show_report(make_report(result), out, as_json, lines)
