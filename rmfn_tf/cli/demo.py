"""`rmfn demo`: the whole way once, on data made from a seed."""

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from rmfn_tf.comparison.table import Table
from rmfn_tf.start import start_tensorflow


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo writes.")] = Path(
        "rmfn-demo"
    ),
    seed: Annotated[
        int, typer.Option(help="Random seed for both models' weights, dropout and batch order.")
    ] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(help="Epochs of each model [default: the preset's]; fewer are a quick look."),
    ] = None,
) -> None:
    """Go the whole way once, with data that are made from a seed.

    Trains RMFN and an early-fusion LSTM, compares them, draws RMFN's attention, exports it and
    loads the export again. The task ("sarcasm"): does a word mean what it says, given what is seen
    and heard at it or after it? Afterwards everything lies in a new folder in --out.
    """
    console = Console()
    started = time.time()
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=out))

    console.print("Starting TensorFlow, making the data ...")
    start_tensorflow(deterministic=True)

    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.cli.show import build_data
    from rmfn_tf.cli.show_training import ShowTraining
    from rmfn_tf.training.run import Run

    builder = build_data("synthetic/sarcasm", None, out / "data", quiet=False)
    for model in ("rmfn", "ef_lstm"):
        given = {"data": "synthetic/sarcasm", "model": model, "seed": seed, "epochs": epochs}
        config = make_config(given)
        Run(folder / model).train(config, builder, callbacks=[ShowTraining(config)])
    _print_table(folder, builder, console)
    _draw(folder, builder)
    difference, version = _export(folder, builder)
    console.print(
        f"\nExported RMFN to {version} and loaded it again: its predictions differ by at most "
        f"{difference:.1e}.\n\n"
        f"Everything lies in {folder} (after {time.time() - started:.0f} s):\n"
        f"  rmfn/, ef_lstm/   the runs: config, history, best model, predictions\n"
        f"  attention.png     where RMFN looked in one example; in frames what decides\n"
        f"  export/           a model folder for TensorFlow Serving\n\n"
        "Next:\n"
        "  rmfn data build ict_mmmo/trimodal --manual-dir FOLDER_WITH_YOUR_COPY\n"
        "  rmfn train ict_mmmo/trimodal --manual-dir FOLDER --folds 10 --out runs/mmmo\n"
        f"  rmfn export {folder / 'rmfn'} --to served/rmfn",
        highlight=False,
    )


def _print_table(folder: Path, builder: Any, console: Any) -> None:
    """Prints the test accuracy by kind of example: of the models, of two floors, and the best
    possible one."""
    from rmfn_tf.comparison.compare import score_parts
    from rmfn_tf.training.run import Run

    metadata = builder.info.metadata
    kinds = [*metadata["kinds"], "all"]
    count = builder.info.splits["test"].num_examples
    rows: dict[str, dict[str, float]] = {}
    for model in ("rmfn", "ef_lstm"):
        run = Run(folder / model)
        scores = run.evaluate(builder, "test")["metrics"]
        items = run.predictions("test")
        of_runs = {row: [values] for row, values in items.by_row.items()}
        (parts,) = score_parts(run.task, items, of_runs).values()
        for row, by_kind in parts.items():
            rows[row] = {kind: accuracy for kind, (accuracy,) in by_kind.items()}
            rows[row]["all"] = scores[row]["accuracy"]
    lines = []
    for row, accuracy in sorted(rows.items(), key=lambda each: -each[1]["all"]):
        cells = []
        for kind in kinds:
            share, examples = accuracy[kind], count if kind == "all" else count / len(kinds[:-1])
            error = (share * (1 - share) / examples) ** 0.5
            cells.append(f"{share:.3f}\n±{error:.3f}")
        lines.append([row, *cells])
    lines.append(["best possible (theory)", *(f"{metadata['bayes'][kind]:.3f}" for kind in kinds)])
    title = f"\nAccuracy on the {count:,} test examples"
    console.print(Table(["", *kinds], lines).to_rich(title))
    words, bags = (metadata["floors"][name] for name in ("language", "bags"))
    console.print(
        "The kinds differ in what decides the label: a: the words alone; b: also the face at the "
        "word; b3: also the face and the voice at the word; c: also the face after the word; d: "
        "also the face and the voice after it, at different words.\n"
        "rmfn is trained with highlight_projection=True. A network must beat majority (the most "
        "frequent class) and logistic (regression on features averaged over time). In theory a "
        f"model that sees only the words has an accuracy of at most {words:.3f} on all examples, "
        f"one that sees every modality without the order of the steps {bags:.3f}.\n"
        "±: the standard error. Other seeds differ by more than this: see README.md.",
        highlight=False,
    )


def _draw(folder: Path, builder: Any) -> None:
    """Draws the attention to the first validation example of kind d."""
    import numpy as np

    from rmfn_tf.data import epoch_batches, load_examples
    from rmfn_tf.models import attention_model
    from rmfn_tf.training.run import Run
    from rmfn_tf.visualization import plot_attention

    validation = load_examples(builder, "validation")
    example = validation.take([int(np.flatnonzero(validation.extra["kind"] == "d")[0])])
    model = Run(folder / "rmfn").model()
    inputs, _ = next(iter(epoch_batches(example, 1)))
    outputs = attention_model(model)(inputs)
    classes = builder.info.features["label"].names
    probabilities = outputs["prediction"][0].numpy()
    figure = plot_attention(
        outputs["attention"][0, : example.lengths[0]],
        model.get_layer("rmfn").units,
        example.words[0],
        title=f"{example.ids[0]} (kind d): label {classes[example.labels[0]]}, RMFN says "
        f"{classes[probabilities.argmax()]} ({probabilities.max():.2f})",
        marks=_planted(builder, example.ids[0]),
    )
    figure.savefig(folder / "attention.png", dpi=120)


def _planted(builder: Any, name: str) -> dict[str, dict[int, str]]:
    """What decides an example's label and what distracts from it: modality → step → a text."""
    from rmfn_tf.datasets.synthetic.sarcasm import NOWHERE, make_splits

    split, _, number = name.rpartition("-")
    stories, _ = make_splits(builder.source.seed, builder.source.sizes)[split]
    row = int(number)
    said = f"{stories.sentiment[row]:+d}"
    planted = {"language": {int(stories.sentiment_at[row]): said}}
    for modality in stories.events:
        planted[modality] = {
            int(places[modality][row]): f"{what} {codes[modality][row]:+d}"
            for what, places, codes in (
                ("distracts", stories.distractors_at, stories.distractors),
                ("counts", stories.events_at, stories.events),
            )
            if places[modality][row] != NOWHERE
        }
    return planted


def _export(folder: Path, builder: Any) -> tuple[float, Path]:
    """Exports the RMFN and loads it with TensorFlow alone; gives the largest difference between
    their predictions, and the folder of the version."""
    import numpy as np
    import tensorflow as tf

    from rmfn_tf.cli.export import run_facts
    from rmfn_tf.data import epoch_batches, load_examples
    from rmfn_tf.export import export_model
    from rmfn_tf.training.run import Run

    run = Run(folder / "rmfn")
    model = run.model()
    version = export_model(model, folder / "export" / "rmfn", **run_facts(run))
    served = tf.saved_model.load(str(version)).signatures["serving_default"]
    examples = load_examples(builder, "validation[:256]")
    inputs, _ = next(iter(epoch_batches(examples, len(examples))))
    difference = np.abs(served(**inputs)["prediction"] - model(inputs, training=False)).max()
    return float(difference), version
