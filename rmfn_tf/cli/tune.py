"""`rmfn tune`: how many stages fusion needs, and every other hyperparameter."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

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
    check_counts,
    to_labels,
)
from rmfn_tf.tuning import MOST_STAGES


def tune(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the runs and tables; it may exist.")],
    stages: Annotated[
        str | None,
        typer.Option(
            help=f"Sweep over these numbers of stages: 1-{MOST_STAGES} \\[default], or 1,3,5; the "
            "others are compared with the first."
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(help="Seeds of each number of stages, and as many fresh ones for the best."),
    ] = 5,
    tuner: Annotated[
        str | None,
        typer.Option(
            help="Search with KerasTuner, instead of sweeping over stages: random, bayesian or "
            "hyperband."
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            help="The most trials of a search; a later start may ask for more \\[default: 20]."
        ),
    ] = None,
    tune_: Annotated[
        str | None,
        typer.Option(
            "--tune",
            help="What a search is over, separated by commas, as num_stages,units,learning_rate "
            "\\[default: all].",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="rmfn \\[default] or ef_lstm.")] = None,
    folds: Folds = None,
    config: Annotated[
        Path | None, typer.Option(help="A run's config.toml to vary, in place of the preset.")
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
    """Find the number of stages, or any hyperparameters, and say what the data support.

    Without --tuner, RMFN is trained with each number of stages over the same seeds. With it,
    KerasTuner searches what --tune names. Only validation (or out-of-fold) scores are looked at:
    the test split stays closed. The best is trained again over fresh seeds beside the smallest
    number of stages, or the preset, since picking the best score inflates it. Start the command
    again with the same --out, and only what is missing runs. Results: tune.md, .json and .png in
    --out.

    Example: rmfn tune synthetic --stages 1-6 --seeds 3 --out tuned

    Or: rmfn tune pom --tuner bayesian --trials 20 --workers 2 --out searched
    """
    numbers = to_numbers(f"1-{MOST_STAGES}" if stages is None else stages)
    if tuner is None and (trials is not None or tune_ is not None):
        raise ValueError("--trials and --tune are for a search: name one with --tuner.")
    if tuner is not None and stages is not None:
        raise ValueError("--stages sweeps and --tuner searches: give one of them.")
    check_counts(workers=workers, trials=trials)
    check_counts(1 if tuner is None else 0, seeds=seeds)

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rich.console import Console

    from rmfn_tf.cli.configs import make_config, open_training
    from rmfn_tf.datasets.registry import choose
    from rmfn_tf.tuning.oracles import check_tuner
    from rmfn_tf.tuning.search import run_search, search_report
    from rmfn_tf.tuning.stages import sweep_report, sweep_stages
    from rmfn_tf.visualization.tuning import plot_search, plot_stages

    if tuner is not None:
        check_tuner(tuner)
    data = choose(data, manual_dir, data_dir).name
    given: dict[str, Any] = {"data": data, "model": model or (None if config else "rmfn")}
    given |= {"folds": folds, "epochs": epochs, "imports": import_ or None}
    chosen = make_config({**given, "labels": to_labels(labels)}, config)
    with open_training(data, manual_dir, data_dir, workers, cluster, as_json) as (builder, how):
        how["seeds"] = seeds
        if tuner is None:
            result = sweep_stages(chosen, builder, out, stages=numbers, **how)
            report, figure = sweep_report(result), plot_stages(result)
        else:
            names = None if tune_ is None else [name.strip() for name in tune_.split(",")]
            how |= {"tuner": tuner, "trials": trials or 20, "tune": names}
            result = run_search(chosen, builder, out, **how)
            report, figure = search_report(result), plot_search(result)
    report.write(out, "tune", figure)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(report.table.to_rich())
        print(f"\n{result['answer']}\nTable, figure and runs: {out}")
        print(f"A run of the best: {out / result['best_run']}")


def to_numbers(text: str) -> list[int]:
    """`"1-6"`, `"1,3,5"` or both mixed -> ascending numbers from 1 to `MOST_STAGES`.

    Raises:
        ValueError: anything else.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,2})\s*(?:-\s*(\d{1,2})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= MOST_STAGES:
            raise ValueError(
                f"--stages takes numbers from 1 to {MOST_STAGES}, as 1-{MOST_STAGES} or 1,3,5; "
                f"got {text!r}."
            )
        numbers.update(range(first, last + 1))
    return sorted(numbers)
