"""`rmfn train`: a run folder from a data set."""

import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from rmfn_tf.cli import options
from rmfn_tf.cli.show import build_data, show_metrics
from rmfn_tf.start import start_tensorflow


def train(
    context: typer.Context,
    data: Annotated[str | None, options.DATA] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder to make; it must not exist.")
    ] = None,
    config: options.Config = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help=f"The model: {options.MODELS} [default: rmfn].")
    ] = None,
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    epochs: options.Epochs = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences in a training step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Learning rate of the first step; it falls to zero.")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop after this many epochs without a new best one.")
    ] = None,
    select_by: Annotated[
        str | None,
        typer.Option(
            help="The validation score by which the best epoch is chosen: loss, or a metric that "
            "`rmfn evaluate` prints, such as mae, r or weighted_f1 [default: loss]."
        ),
    ] = None,
    class_weight: Annotated[
        str | None, typer.Option(help="balanced, or a weight for each class, such as 1,2.5.")
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="float32, float64, mixed_bfloat16 or mixed_float16 [default: float32]."),
    ] = None,
    jit: Annotated[
        bool | None,
        typer.Option(
            "--jit/--no-jit",
            help="Compile the training step with XLA. This can be faster, above all on a GPU, but "
            "the same command again, or a resumed run, may then give other bits.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random seed for weights, batch order, dropout and folds.")
    ] = None,
    folds: options.Folds = None,
    choose_epochs: Annotated[
        bool | None,
        typer.Option(
            "--choose-epochs/--last-epoch",
            help="With folds: choose the best epoch on 15 % of the training videos, or the last.",
        ),
    ] = None,
    labels: options.Labels = None,
    imports: options.Imports = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A hyperparameter of the model, such as num_stages=2, or of the optimizer, such "
            "as optimizer.weight_decay=0.1. Repeatable.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train a model and print its scores beside trivial floors.

    They are scores on the validation split, or with --folds on the examples that each fold held
    out. The test split is not read: `rmfn evaluate RUN --split test` opens it. An interrupted run
    goes on with --resume RUN from its last finished epoch, and ends with the same bits as if it had
    not been interrupted.

    Example: rmfn train ict_mmmo/trimodal --manual-dir copies/mmmo --folds 10 --out runs/mmmo

    The same again: rmfn train --config runs/mmmo/config.toml --out runs/again
    """
    from rmfn_tf.cli.configs import config_entries, make_config

    settings = config_entries(context.params)
    if class_weight is not None and "," in class_weight:
        settings["class_weight"] = _to_value(f"[{class_weight}]")
    settings |= parse_settings(set_ or [], learning_rate)
    if resume and (settings or config or out):
        raise ValueError("--resume takes everything from the run folder: give no other settings.")
    folder = resume or out
    if folder is None:
        raise ValueError("Name the run folder to make with --out.")
    start_tensorflow()

    from rmfn_tf.cli.show_training import ShowTraining
    from rmfn_tf.datasets.registry import choose
    from rmfn_tf.training.run import Run

    run = Run(folder)
    if not resume:
        run.check_new()
    chosen = run.config if resume else make_config(settings, config)
    where = data_dir or chosen.data_dir
    chosen = chosen.replace(data=choose(chosen.data, manual_dir, where).name)
    title = f"{chosen.data}, {chosen.model}"
    if run.is_finished:
        print(f"rmfn: {folder} was finished already; this is its result.", file=sys.stderr)
        show_metrics(run.metrics, title, as_json)
        return
    builder = build_data(chosen.data, manual_dir, where, quiet=as_json)
    start_tensorflow(deterministic=not chosen.jit)  # with determinism Keras does not use XLA
    callbacks = [] if as_json else [ShowTraining(chosen)]
    try:
        result = run.train(chosen, builder, resume=bool(resume), callbacks=callbacks)
    except KeyboardInterrupt:
        how = "No epoch was finished, so nothing is kept: start the same command again."
        if folder.exists():
            how = f"What was finished is kept: go on with `rmfn train --resume {folder}`."
        print(f"rmfn: interrupted. {how}", file=sys.stderr)
        raise typer.Exit(130) from None
    show_metrics(result, title, as_json)
    if not as_json:
        print(f"Run folder: {folder}")


def parse_settings(settings: list[str], learning_rate: float | None) -> dict[str, Any]:
    """`["num_stages=2", "optimizer.name=sgd"]` -> `{"hyperparameters": {"num_stages": 2},
    "optimizer": {"name": "sgd"}}`. The values are TOML, or else plain words."""
    tables: dict[str, dict[str, Any]] = {"hyperparameters": {}, "optimizer": {}}
    if learning_rate is not None:
        tables["optimizer"]["learning_rate"] = learning_rate
    for setting in settings:
        name, sign, text = setting.partition("=")
        if not sign or not name:
            raise ValueError(f"--set takes name=value, such as num_stages=2; got {setting!r}.")
        table = "optimizer" if name.startswith("optimizer.") else "hyperparameters"
        tables[table][name.removeprefix("optimizer.")] = _to_value(text)
    return {key: table for key, table in tables.items() if table}


def _to_value(text: str) -> Any:
    """A value in the syntax of TOML; what is none is taken as plain words."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
