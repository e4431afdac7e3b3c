"""`rmfn train`: a run folder from a data set."""

import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from rmfn_tf.cli.options import MODELS, DataDir, Imports, Json, Labels, ManualDir, to_labels


def train(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(help="Data set: synthetic/sarcasm, ict_mmmo/trimodal, pom/mfn_arrays, ..."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder to make; it must not exist.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Take all settings from a TOML file, as RUN/config.toml of another run."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with an interrupted run; nothing else is needed."),
    ] = None,
    model: Annotated[str | None, typer.Option(help=f"\\[default: rmfn] {MODELS}.")] = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    epochs: Annotated[int | None, typer.Option(help="The largest number of epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences in a step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Learning rate of the first step; it falls to zero.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after this many epochs without a new best one; 0: never."),
    ] = None,
    select_by: Annotated[
        str | None,
        typer.Option(
            help="Which validation value makes an epoch better: loss \\[default], or a metric as "
            "the data set's table names it, such as mae, r or weighted_f1."
        ),
    ] = None,
    class_weight: Annotated[
        str | None,
        typer.Option(
            help="For a classification: balanced, or a weight for each class in order, as 1,2.5."
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="float32 \\[default], float64, mixed_bfloat16 or mixed_float16."),
    ] = None,
    jit: Annotated[
        bool | None,
        typer.Option(
            "--jit/--no-jit",
            help="Compile the training step by XLA. It can be faster, above all on a GPU; but op "
            "determinism is then off: the same command, or a run that was interrupted, need not "
            "end with the same bits again.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random seed for weights, batch order, dropout and folds.")
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Cross-validate over this many folds.")] = None,
    choose_epochs: Annotated[
        bool | None,
        typer.Option(
            "--choose-epochs/--last-epoch",
            help="With folds: choose the best epoch on 15 % of the training videos, or take the "
            "last epoch.",
        ),
    ] = None,
    labels: Labels = None,
    imports: Imports = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A hyperparameter of the model, as num_stages=2, or of the optimizer, as "
            "optimizer.weight_decay=0.1; repeatable.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a model; report it on the validation split (or out of fold) beside trivial floors.

    The test split is not read: `rmfn evaluate RUN --split test` opens it. An interrupted run goes
    on with --resume RUN from its last finished epoch, to the same bits as if it had not been.

    Example: rmfn train ict_mmmo/trimodal --manual-dir copies/mmmo --folds 10 --out runs/mmmo

    The same again: rmfn train --config runs/mmmo/config.toml --out runs/again
    """
    from rmfn_tf.training.config import RunConfig

    # Most options are called as the entries of a config.
    names = RunConfig.model_fields.keys() & context.params.keys() - {"data_dir"}
    settings = {name: context.params[name] for name in names}
    settings |= {"labels": to_labels(labels), "imports": imports or None}
    if class_weight is not None:
        weights = f"[{class_weight}]" if "," in class_weight else class_weight
        settings["class_weight"] = _to_value(weights)
    settings = {name: value for name, value in settings.items() if value is not None}
    settings |= parse_settings(set_ or [], learning_rate)
    if resume and (settings or config or out):
        raise ValueError("--resume takes everything from the run folder: give no other settings.")
    folder = resume or out
    if folder is None:
        raise ValueError("Name the run folder to make with --out.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow()

    from rmfn_tf.cli.show import build_data, show_metrics
    from rmfn_tf.cli.show_training import ShowTraining
    from rmfn_tf.datasets.registry import choose
    from rmfn_tf.training.run import Run

    run = Run(folder)
    if not resume:
        run.check_new()
    chosen = _config(settings, config, resume)
    title = f"{chosen.data}, {chosen.model}"
    if run.is_finished:
        print(f"rmfn: {folder} was finished already; this is its result.", file=sys.stderr)
        show_metrics(run.metrics, title, as_json)
        return
    data_dir = data_dir or (chosen.data_dir and Path(chosen.data_dir))
    if not resume:
        chosen = chosen.replace(data=choose(chosen.data, manual_dir, data_dir).name)
    builder = build_data(chosen.data, manual_dir, data_dir, quiet=as_json)
    start_tensorflow(deterministic=not chosen.jit)  # Keras does not use XLA with determinism
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


def _config(settings: dict[str, Any], path: Path | None, resume: Path | None) -> Any:
    """The config that a command asks for, with every mistake in it named at once."""
    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.training.run import Run

    if resume:
        return Run(resume).config
    if path:
        return make_config(settings, path)
    if "data" not in settings:
        raise ValueError("Name a data set, as `rmfn train synthetic/sarcasm`, or a --config.")
    return make_config({"model": "rmfn", **settings})


def parse_settings(settings: list[str], learning_rate: float | None) -> dict[str, Any]:
    """`["num_stages=2", "optimizer.name=sgd"]` -> `{"hyperparameters": {"num_stages": 2},
    "optimizer": {"name": "sgd"}}`; the values are TOML, or else plain words."""
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
    """A value as TOML has it, or else the words as they are."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
