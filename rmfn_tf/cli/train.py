"""`rmfn train`: a run folder from a data set."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from rmfn_tf.cli.options import DataDir, Json, Labels, ManualDir, to_labels


def train(
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
    model: Annotated[str | None, typer.Option(help="rmfn \\[default] or ef_lstm.")] = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs at most.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the first step.")] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after this many epochs without a lower validation loss; 0: never."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order, dropout and folds.")] = None,
    folds: Annotated[int | None, typer.Option(help="Cross-validate over this many folds.")] = None,
    choose_epochs: Annotated[
        bool | None,
        typer.Option(
            "--choose-epochs/--last-epoch",
            help="With folds: choose the epoch on an inner 15 %, or take the last.",
        ),
    ] = None,
    labels: Labels = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A hyperparameter of the model, as num_stages=2, or of the optimizer, as "
            "optimizer.weight_decay=0.1; repeatable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show shapes, parameters, floors and the time of an epoch; write nothing.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a model; report it on the validation split (or out of fold) beside trivial floors.

    The test split is not read: `rmfn evaluate RUN --split test` opens it. An interrupted run goes
    on with --resume RUN from its last finished epoch, to the same bits as if it had not been.

    Example: rmfn train ict_mmmo/trimodal --manual-dir copies/mmmo --folds 10 --out runs/mmmo

    The same again: rmfn train --config runs/mmmo/config.toml --out runs/again
    """
    settings: dict[str, Any] = {
        "data": data,
        "model": model,
        "epochs": epochs,
        "batch_size": batch_size,
        "patience": patience,
        "seed": seed,
        "folds": folds,
        "choose_epochs": choose_epochs,
        "labels": to_labels(labels),
    }
    settings = {key: value for key, value in settings.items() if value is not None}
    settings |= parse_settings(set_ or [], learning_rate)
    if resume and (settings or config or out):
        raise ValueError("--resume takes everything from the run folder: give no other settings.")
    folder = resume or out
    if dry_run and resume:
        raise ValueError("--dry-run is for a new run: it takes no --resume.")
    if folder is None and not dry_run:
        raise ValueError("Name the run folder to make with --out.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rmfn_tf.cli.show import build_data, epoch_printer, show_metrics
    from rmfn_tf.datasets.registry import choose
    from rmfn_tf.training.run import check_new, train_run

    if folder and not resume:
        check_new(folder)
    chosen = _config(settings, config, resume)
    if not resume:
        chosen = replace(chosen, data=choose(chosen.data, manual_dir, data_dir).name)
    builder = build_data(chosen.data, manual_dir, data_dir, quiet=as_json)
    if folder is None or dry_run:
        from rmfn_tf.cli.show import show_dry_run
        from rmfn_tf.training.dry_run import dry_run as describe

        show_dry_run(describe(chosen, builder), as_json)
        return
    result = train_run(
        chosen, builder, folder, resume=bool(resume), on_epoch=epoch_printer(quiet=as_json)
    )
    show_metrics(result, f"{chosen.data}, {chosen.model}", as_json)
    if not as_json:
        print(f"Run folder: {folder}")


def _config(settings: dict[str, Any], path: Path | None, resume: Path | None) -> Any:
    """The config that a command asks for, with every mistake in it named at once."""
    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.training.evaluate import read_config

    if resume:
        return read_config(resume)
    if path:
        return make_config(settings, path)
    if "data" not in settings:
        raise ValueError("Name a data set, as `rmfn train synthetic/sarcasm`, or a --config.")
    return make_config({"model": "rmfn", **settings})


def parse_settings(settings: list[str], learning_rate: float | None) -> dict[str, Any]:
    """`["num_stages=2", "optimizer.name=sgd"]` → `{"hyperparameters": {"num_stages": 2},
    "optimizer": {"name": "sgd"}}`; the values are TOML, or else plain words."""
    tables: dict[str, dict[str, Any]] = {"hyperparameters": {}, "optimizer": {}}
    if learning_rate is not None:
        tables["optimizer"]["learning_rate"] = learning_rate
    for setting in settings:
        name, sign, text = setting.partition("=")
        if not sign or not name:
            raise ValueError(f"--set takes name=value, such as num_stages=2; got {setting!r}.")
        table = "optimizer" if name.startswith("optimizer.") else "hyperparameters"
        name = name.removeprefix("optimizer.")
        try:
            tables[table][name] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            tables[table][name] = text
    return {key: table for key, table in tables.items() if table}
