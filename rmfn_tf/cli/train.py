"""`rmfn train`: a run folder from a data set."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from rmfn_tf.cli.options import Data, DataDir, Json, ManualDir


def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="The run folder to make; it must not exist.")],
    model: Annotated[str, typer.Option(help="rmfn or ef_lstm.")] = "rmfn",
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs at most.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the first step.")] = None,
    seed: Annotated[int, typer.Option(help="Of weights, order, dropout and folds.")] = 0,
    folds: Annotated[int, typer.Option(help="Cross-validate over this many folds.")] = 0,
    choose_epochs: Annotated[
        bool, typer.Option(help="With folds: choose the epoch on an inner 15 %.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A hyperparameter of the model, as num_stages=2; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a model; report it on the validation split (or out of fold) beside trivial floors.

    The test split is not read: `rmfn evaluate RUN --split test` opens it.

    Example: rmfn train ict_mmmo/trimodal --manual-dir copies/mmmo --folds 10 --out runs/mmmo
    """
    from rmfn_tf.training.config import RunConfig
    from rmfn_tf.training.presets import preset

    settings: dict[str, Any] = {
        **preset(data, model),
        **{
            key: value
            for key, value in (
                ("epochs", epochs),
                ("batch_size", batch_size),
                ("learning_rate", learning_rate),
            )
            if value is not None
        },
    }
    settings["hyperparameters"] = {**settings.get("hyperparameters", {}), **_parse(set_ or [])}
    config = RunConfig(
        data=data, model=model, seed=seed, folds=folds, choose_epochs=choose_epochs, **settings
    )

    from rmfn_tf.cli.start import start_tensorflow

    start_tensorflow().config.experimental.enable_op_determinism()

    from rmfn_tf.cli.show import build_data, epoch_printer, show_metrics
    from rmfn_tf.models.registry import check_options
    from rmfn_tf.training.run import check_new, train_run

    check_new(out)
    check_options(model, config.hyperparameters)
    builder = build_data(data, manual_dir, data_dir, quiet=as_json)
    result = train_run(config, builder, out, on_epoch=epoch_printer(quiet=as_json))
    show_metrics(result, f"{data}, {model}", as_json)
    if not as_json:
        print(f"Run folder: {out}")


def _parse(settings: list[str]) -> dict[str, Any]:
    """`["num_stages=2"]` → `{"num_stages": 2}`; the values are TOML, or else plain words."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = setting.partition("=")
        if not sign or not name:
            raise ValueError(f"--set takes name=value, such as num_stages=2; got {setting!r}.")
        try:
            values[name] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[name] = text
    return values
