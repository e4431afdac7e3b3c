"""`rmfn demo`: the whole way once, on data made from a seed."""

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo writes.")] = Path(
        "rmfn-demo"
    ),
    seed: Annotated[int, typer.Option(help="Of both models.")] = 0,
    epochs: Annotated[int | None, typer.Option(help="Fewer, for a quick look.")] = None,
) -> None:
    """Train RMFN and an early-fusion LSTM on synthetic data, compare, draw, export, reload.

    The task ("sarcasm"): does a word mean what it says, given what is seen and heard at it or
    after it? Everything lies in a new folder under --out afterwards.
    """
    from rich.console import Console

    console = Console()
    started = time.time()
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=out))

    from rmfn_tf.cli.show import build_data
    from rmfn_tf.start import start_tensorflow

    console.print("Starting TensorFlow, making the data ...")
    start_tensorflow()
    builder = build_data("synthetic/sarcasm", None, out / "data", quiet=False)
    for model in ("rmfn", "ef_lstm"):
        _train(model, builder, folder / model, seed, epochs, console)
    _print_table(folder, builder, console)
    _draw(folder, builder)
    difference, version = _export(folder, builder)
    console.print(
        f"\nExported RMFN to {version} and loaded it again: its predictions differ by at most "
        f"{difference:.1e}.\n\n"
        f"Everything lies in {folder} ({time.time() - started:.0f} s):\n"
        f"  rmfn/, ef_lstm/   the runs: config, history, best model, predictions\n"
        f"  attention.png     where RMFN looked in one sarcastic example\n"
        f"  export/           a model folder for TensorFlow Serving\n\n"
        "Next:\n"
        "  rmfn data build ict_mmmo/trimodal --manual-dir FOLDER_WITH_YOUR_COPY\n"
        "  rmfn train ict_mmmo/trimodal --manual-dir FOLDER --folds 10 --out runs/mmmo\n"
        f"  rmfn export {folder / 'rmfn'} --to served/rmfn",
        highlight=False,
    )


def _train(
    model: str, builder: Any, run: Path, seed: int, epochs: int | None, console: Any
) -> None:
    import keras
    from rich.progress import Progress, TextColumn

    from rmfn_tf.training.config import RunConfig
    from rmfn_tf.training.presets import preset
    from rmfn_tf.training.run import Run

    settings = preset("synthetic", model)
    if epochs is not None:
        settings = {**settings, "epochs": epochs}
    config = RunConfig(data="synthetic/sarcasm", model=model, seed=seed, **settings)
    note = ", highlight_projection=True" if model == "rmfn" else ""
    with Progress(
        *Progress.get_default_columns(), TextColumn("{task.fields[loss]}"), console=console
    ) as progress:
        bar = progress.add_task(f"Training {model}{note}", total=config.epochs, loss="")

        def on_epoch_end(epoch: int, logs: Any) -> None:
            accuracy = logs["val_accuracy"]
            progress.update(bar, completed=epoch + 1, loss=f"validation accuracy {accuracy:.3f}")

        callback = keras.callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
        Run(run).train(config, builder, callbacks=[callback])


def _print_table(folder: Path, builder: Any, console: Any) -> None:
    """Test accuracy by kind, beside what is possible and what is trivial."""
    from rich.table import Table

    metadata = builder.info.metadata
    kinds = [*metadata["kinds"], "all"]
    table = Table(title="Accuracy on the 2,000 test examples", title_justify="left")
    for column in ("", *kinds):
        table.add_column(column, justify="left" if not column else "right")
    spread = []
    for model in ("rmfn", "ef_lstm"):
        accuracy = accuracy_by_kind(folder / model, builder)
        # b3 is where models differ least surely: say how far chance alone moves it.
        share, count = accuracy["b3"], builder.info.splits["test"].num_examples / len(kinds[:-1])
        error = (share * (1 - share) / count) ** 0.5
        spread.append(f"{model} {share:.3f} ± {error:.3f}")
        table.add_row(model, *(f"{accuracy[kind]:.3f}" for kind in kinds))
    table.add_section()
    table.add_row("Bayes (best possible)", *(f"{metadata['bayes'][kind]:.3f}" for kind in kinds))
    for name, value in metadata["floors"].items():
        table.add_row(f"floor: {name.replace('_', ' ')}", *[""] * (len(kinds) - 1), f"{value:.3f}")
    console.print(table)
    console.print(
        "a: words alone; b, b3: face (and voice) at the word; c: face after it; d: face and voice "
        f"after it, at different words. b3 with its standard error: {', '.join(spread)}; "
        "it varies more between seeds (README.md).",
        highlight=False,
    )


def accuracy_by_kind(run: Path, builder: Any) -> dict[str, float]:
    """The run's test accuracy for each kind of synthetic example, and for `all`."""
    from rmfn_tf.training.predictions import predict
    from rmfn_tf.training.run import Run

    test = Run(run).open_examples(builder, "test")  # which records it
    right = predict(Run(run).model(), test).argmax(axis=1) == test.labels
    kinds = test.extra["kind"]
    by_kind = {kind: float(right[kinds == kind].mean()) for kind in builder.info.metadata["kinds"]}
    return {**by_kind, "all": float(right.mean())}


def _draw(folder: Path, builder: Any) -> None:
    """The attention of the first validation example of kind d, and its picture."""
    import numpy as np

    from rmfn_tf.data import epoch_batches, load_examples
    from rmfn_tf.models import attention_model
    from rmfn_tf.training.run import Run
    from rmfn_tf.visualization import plot_attention

    validation = load_examples(builder, "validation")
    example = validation.take([int(np.flatnonzero(validation.extra["kind"] == "d")[0])])
    model = Run(folder / "rmfn").model()
    inputs, _ = next(iter(epoch_batches(example, 1)))
    attention = attention_model(model)(inputs)["attention"][0]
    figure = plot_attention(
        attention[: example.lengths[0]],
        model.get_layer("rmfn").units,
        example.words[0],
        title=f"Attention of RMFN, validation example {example.ids[0]} (kind d)",
    )
    figure.savefig(folder / "attention.png", dpi=120)


def _export(folder: Path, builder: Any) -> tuple[float, Path]:
    """Exports the RMFN, loads it with plain TensorFlow, returns the largest difference."""
    import numpy as np
    import tensorflow as tf

    from rmfn_tf.cli.runs import about_run
    from rmfn_tf.data import epoch_batches, load_examples
    from rmfn_tf.export import export_model
    from rmfn_tf.training.run import Run

    run = Run(folder / "rmfn")
    model = run.model()
    version = export_model(model, folder / "export" / "rmfn", about=about_run(run))
    served = tf.saved_model.load(str(version)).signatures["serving_default"]
    examples = load_examples(builder, "validation[:256]")
    inputs, _ = next(iter(epoch_batches(examples, len(examples))))
    difference = np.abs(served(**inputs)["prediction"] - model(inputs, training=False)).max()
    return float(difference), version
