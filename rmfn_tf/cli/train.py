"""`rmfn train`: a run folder from a data set."""

import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from rmfn_tf.cli.options import DataDir, Json, Labels, ManualDir, to_labels

if TYPE_CHECKING:
    from rmfn_tf.training.fit import EpochReport

_SECONDS_OF_SILENCE = 60


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
        typer.Option(help="Stop after this many epochs that are not better; 0: never."),
    ] = None,
    select_by: Annotated[
        str | None,
        typer.Option(
            help="What makes an epoch better, on validation: loss \\[default], or a metric of the "
            "data set as its table names it, such as mae, r or weighted_f1."
        ),
    ] = None,
    class_weight: Annotated[
        str | None,
        typer.Option(
            help="Of a classification: balanced, or a weight for each class in order, as 1,2.5."
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="float32 \\[default], mixed_bfloat16 or mixed_float16."),
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
    import_: Annotated[
        list[str] | None,
        typer.Option(
            "--import", help="A module of yours that registers models, as my_package.models."
        ),
    ] = None,
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
    settings: dict[str, Any] = {
        "data": data,
        "model": model,
        "epochs": epochs,
        "batch_size": batch_size,
        "patience": patience,
        "select_by": select_by,
        "class_weight": None if class_weight is None else _to_weights(class_weight),
        "precision": precision,
        "jit": jit,
        "seed": seed,
        "folds": folds,
        "choose_epochs": choose_epochs,
        "labels": to_labels(labels),
        "imports": import_ or None,
    }
    settings = {key: value for key, value in settings.items() if value is not None}
    settings |= parse_settings(set_ or [], learning_rate)
    if resume and (settings or config or out):
        raise ValueError("--resume takes everything from the run folder: give no other settings.")
    folder = resume or out
    if folder is None:
        raise ValueError("Name the run folder to make with --out.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow()

    from rmfn_tf.cli.show import build_data, show_metrics
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
    try:
        result = run.train(
            chosen,
            builder,
            resume=bool(resume),
            on_start=None if as_json else print_start,
            on_epoch=None if as_json else epoch_printer(),
        )
    except KeyboardInterrupt:
        print(f"rmfn: interrupted. {_how_to_go_on(folder)}", file=sys.stderr)
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


def _how_to_go_on(folder: Path) -> str:
    if folder.exists():
        return f"What was finished is kept: go on with `rmfn train --resume {folder}`."
    return "No epoch was finished, so nothing is kept: start the same command again."


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
        tables[table][name.removeprefix("optimizer.")] = _to_value(text)
    return {key: table for key, table in tables.items() if table}


def _to_value(text: str) -> Any:
    """A value as TOML has it, or else the words as they are."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _to_weights(text: str) -> Any:
    """`"1,2.5"` → `[1, 2.5]`; a word as it is."""
    return [_to_value(each.strip()) for each in text.split(",")] if "," in text else text


def print_start(told: Mapping[str, Any]) -> None:
    """Prints what `rmfn_tf.training.run.describe` says, on stderr."""
    steps, parameters = told["steps"], told["parameters"]
    count = told["examples"]["train"]
    widths = ", ".join(
        f"{name} (batch, time, {each['width']}) in {each['present']:,} of {count:,}"
        for name, each in told["modalities"].items()
    )
    layers = ", ".join(f"{name} {count:,}" for name, count in parameters["by_layer"].items())
    examples = ", ".join(f"{number:,} {split}" for split, number in told["examples"].items())
    lines = {
        "training": f"{told['model']} on {told['data']}",
        "examples": f"{examples} (fold 1 of {told['folds']})" if told["folds"] else examples,
        "inputs": widths,
        "time": f"{steps['shortest']} to {steps['longest']} steps, median {steps['median']:g}; "
        f"padded to {', '.join(map(str, told['padded_to']))}",
        "batches": f"{told['batches']:,} of {told['batch_size']} an epoch",
        "parameters": f"{parameters['total']:,} trainable: {layers}",
    }
    if told["jit"]:
        lines["XLA"] = "compiles the training step, without op determinism: other bits each time"
    for row, metrics in told["floors"]["metrics"].items():
        values = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
        lines[row] = f"{values}  (needs no training)"
    for name, line in lines.items():
        print(f"{name:11} {line}", file=sys.stderr)


def epoch_printer() -> Callable[["EpochReport"], None]:
    """An `on_epoch` of `Run.train`: a line on stderr with the metrics, the best so far and the time
    left; for each epoch, or where stderr is no terminal for the first and the last, and for one a
    minute between them."""
    console = Console(stderr=True)
    seconds: list[float] = []
    spoken = -float("inf")

    def on_epoch(last: "EpochReport") -> None:
        nonlocal spoken
        seconds.append(last.seconds)
        silence = time.monotonic() - spoken
        at_the_end = last.epoch == last.epochs
        if not (console.is_terminal or at_the_end or silence >= _SECONDS_OF_SILENCE):
            return
        spoken = time.monotonic()
        # After the folds comes the model of all of the data.
        trainings_left = last.folds - last.fold + 1 if last.fold else 0
        epochs_left = last.epochs * (1 + trainings_left) - last.epoch
        left = time_in_words(epochs_left * sum(seconds) / len(seconds))
        values = "  ".join(
            f"{key} {value:.4f}" for key, value in last.logs.items() if key != "epoch"
        )
        if last.best:
            best, epoch = last.best[last.monitor], last.best["epoch"]
            values += f"  best {last.monitor} {best:.4f} (epoch {epoch:.0f})"
        of_all = "all data " if last.folds else ""
        part = f"fold {last.fold}/{last.folds} " if last.fold else of_all
        where = f"{part}epoch {last.epoch:3d}/{last.epochs}"
        console.print(f"{where}  {values}  {left} left", highlight=False, soft_wrap=True)

    return on_epoch


def time_in_words(seconds: float) -> str:
    """`"45 s"`, `"12 min"`, `"3 h 20 min"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
