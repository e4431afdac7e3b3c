"""`rmfn demo`: the whole way once, on data made from a seed."""

import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from rmfn_tf.cli.show import build_data
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
        typer.Option(
            min=1, help="Epochs of each model [default: the preset's]; fewer are a quick look."
        ),
    ] = None,
) -> None:
    """Go the whole way once, with data that are made from a seed.

    Trains RMFN and an early-fusion LSTM, compares them, draws RMFN's attention, exports it and
    loads the export again. The task ("sarcasm"): does a word mean what it says, given what is seen
    and heard at it or after it? Afterwards everything lies in a new folder in --out.
    """
    console = Console(highlight=False)
    started = time.time()
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=out))

    console.print("Starting TensorFlow, making the data ...")
    start_tensorflow(deterministic=True)

    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.cli.export import run_facts
    from rmfn_tf.cli.show_training import ShowTraining
    from rmfn_tf.data import load_examples
    from rmfn_tf.export import export_model
    from rmfn_tf.export.client import Client
    from rmfn_tf.training.run import Run

    builder = build_data("synthetic/sarcasm", None, out / "data", quiet=False)
    runs = {model: Run(folder / model) for model in ("rmfn", "ef_lstm")}
    for model, run in runs.items():
        config = make_config({"data": "synthetic/sarcasm", "model": model, "seed": seed})
        config = config.replace(epochs=epochs or config.epochs)
        run.train(config, builder, callbacks=[ShowTraining(config)])
    console.print(_table(runs, builder))
    words, bags = (builder.info.metadata["floors"][name] for name in ("language", "bags"))
    console.print(
        "The kinds differ in what decides the label: a: the words alone; b: also the face at the "
        "word; b3: also the face and the voice at the word; c: also the face after the word; d: "
        "also the face and the voice after it, at different words.\n"
        "rmfn is trained with highlight_projection=True. A network must beat majority (the most "
        "frequent class) and logistic (regression on features averaged over time). In theory a "
        f"model that sees only the words has an accuracy of at most {words:.3f} on all examples, "
        f"one that sees every modality without the order of the steps {bags:.3f}.\n"
        "The standard error comes from the choice of test examples alone. Other seeds differ by "
        "more: see README.md."
    )
    validation, model = load_examples(builder, "validation"), runs["rmfn"].model()
    _draw(model, validation, builder).savefig(folder / "attention.png", dpi=120)
    version = export_model(model, folder / "export" / "rmfn", **run_facts(runs["rmfn"]))
    with Client.connect(version) as client:
        served = client.predict(validation)
    difference = abs(served - runs["rmfn"].predictions("validation").by_row["rmfn"]).max()
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
        f"  rmfn export {folder / 'rmfn'} --to served/rmfn"
    )


def _table(runs: dict[str, Any], builder: Any) -> Any:
    """The test accuracy by kind of example: of the models, of two floors, and the best possible."""
    from rmfn_tf.comparison.compare import score_parts

    metadata = builder.info.metadata
    kinds = [*metadata["kinds"], "all"]
    rows: dict[str, list[float]] = {}
    for run in runs.values():
        scores = run.evaluate(builder, "test")["metrics"]
        items = run.predictions("test")
        of_runs = {row: [values] for row, values in items.by_row.items()}
        (parts,) = score_parts(run.task, items, of_runs).values()
        for row, by_kind in parts.items():
            rows[row] = [*(by_kind[kind][0] for kind in kinds[:-1]), scores[row]["accuracy"]]
    count = builder.info.splits["test"].num_examples
    ranked = sorted(rows.items(), key=lambda each: -each[1][-1])
    ranked.append(("best possible (theory)", [metadata["bayes"][kind] for kind in kinds]))
    lines = [[row, *(f"{accuracy:.3f}" for accuracy in shares)] for row, shares in ranked]
    columns = zip(kinds, zip(*rows.values(), strict=True), strict=True)
    lines.append(["standard error, at most"])
    for kind, shares in columns:
        examples = count if kind == "all" else count / len(metadata["kinds"])
        error = max((share * (1 - share) / examples) ** 0.5 for share in shares)
        lines[-1].append(f"±{error:.3f}")
    return Table(["", *kinds], lines).below(f"\nAccuracy on the {count:,} test examples")


def _draw(model: Any, validation: Any, builder: Any) -> Any:
    """The attention to the first validation example of kind d."""
    import numpy as np

    from rmfn_tf.data import epoch_batches
    from rmfn_tf.models import attention_model
    from rmfn_tf.visualization import plot_attention

    example = validation.take([int(np.flatnonzero(validation.extra["kind"] == "d")[0])])
    inputs, _ = next(iter(epoch_batches(example, 1)))
    outputs = attention_model(model)(inputs)
    classes = builder.info.features["label"].names
    probabilities = outputs["prediction"][0].numpy()
    return plot_attention(
        outputs["attention"][0, : example.lengths[0]],
        model.get_layer("rmfn").units,
        example.words[0],
        title=f"{example.ids[0]} (kind d): label {classes[example.labels[0]]}, RMFN says "
        f"{classes[probabilities.argmax()]} ({probabilities.max():.2f})",
        marks=_planted(builder, example.ids[0]),
    )


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
