"""`rmfn tune`: how many stages the fusion needs, or a search over any hyperparameters."""

import re
from typing import Annotated

import typer

from rmfn_tf.cli import options
from rmfn_tf.cli.show import show_report
from rmfn_tf.start import start_tensorflow
from rmfn_tf.tuning import MOST_STAGES


def tune(
    context: typer.Context,
    data: options.Data,
    out: options.Out,
    stages: Annotated[
        str | None,
        typer.Option(
            help="The numbers of stages to train RMFN with, such as 1-3 or 1,3,5; the others are "
            f"compared with the smallest [default: 1-{MOST_STAGES}]."
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=0,
            help="How many random seeds to train each number of stages with, and how many fresh "
            "ones to train the best with again.",
        ),
    ] = 5,
    tuner: Annotated[
        str | None,
        typer.Option(
            help="Search with KerasTuner, instead of trying every number of stages: random, "
            "bayesian or hyperband."
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="The largest number of trials of a search; starting it again with more goes on "
            "[default: 20].",
        ),
    ] = None,
    tune_: Annotated[
        str | None,
        typer.Option(
            "--tune",
            help="The hyperparameters to search, separated by commas, such as "
            "num_stages,units,learning_rate [default: all].",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The model: rmfn, or with --tuner any model of Keras that `rmfn train` takes "
            "[default: rmfn]."
        ),
    ] = None,
    folds: options.Folds = None,
    config: options.Config = None,
    labels: options.Labels = None,
    workers: options.Workers = 1,
    cluster: options.Cluster = "",
    imports: options.Imports = None,
    epochs: options.Epochs = None,
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Find the best number of stages, or other hyperparameters.

    Without --tuner, RMFN is trained with each number of stages and the same seeds. With --tuner,
    KerasTuner searches the hyperparameters that --tune names. Only validation (or out-of-fold)
    scores are looked at: the test split is not read. Because the score by which the best was chosen
    is optimistic, it is trained again with fresh seeds, and so is what it is compared with: the
    smallest number of stages, or in a search the preset. Start the command again with the same
    --out, and only what is missing runs. Results: tune.md, .json and .png in --out.

    Example: rmfn tune synthetic --stages 1-6 --seeds 3 --out tuned

    Or: rmfn tune pom --tuner bayesian --trials 20 --workers 2 --out searched
    """
    numbers = to_numbers(f"1-{MOST_STAGES}" if stages is None else stages)
    if tuner is None and (trials or tune_ or seeds == 0):
        raise ValueError("--trials, --tune and --seeds 0 are for a search: name one with --tuner.")
    if tuner is not None and stages is not None:
        raise ValueError("--stages sweeps and --tuner searches: give one of them.")
    start_tensorflow(deterministic=True)

    from rmfn_tf.cli.configs import config_entries, make_config, open_training
    from rmfn_tf.datasets.registry import choose
    from rmfn_tf.tuning.oracles import check_tuner
    from rmfn_tf.tuning.search import run_search, search_report
    from rmfn_tf.tuning.stages import sweep_report, sweep_stages
    from rmfn_tf.visualization.tuning import plot_search, plot_stages

    if tuner is not None:
        check_tuner(tuner)
    data = choose(data, manual_dir, data_dir).name
    chosen = make_config({**config_entries(context.params), "data": data}, config)
    with open_training(data, context.params, "Training") as (builder, how):
        how["seeds"] = seeds
        if tuner is None:
            result = sweep_stages(chosen, builder, out, stages=numbers, **how)
            report, figure = sweep_report(result), plot_stages(result)
        else:
            how |= {"tuner": tuner, "trials": trials or 20, "tune": options.to_names(tune_)}
            result = run_search(chosen, builder, out, **how)
            report, figure = search_report(result), plot_search(result)
    report.write(out, "tune", figure)
    show_report(report, out, as_json, [f"\n{result['answer']}"])
    if not as_json:
        print(f"A run of the best: {out / result['best_run']}")


def to_numbers(text: str) -> list[int]:
    """`"1-3"`, `"1,3,5"` or both mixed -> ascending numbers from 1 to `MOST_STAGES`;
    ValueError for anything else."""
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
