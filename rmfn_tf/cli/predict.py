"""`rmfn predict`: ask a run's model, a served model, or an export folder without a server."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console

from rmfn_tf.cli import options
from rmfn_tf.cli.show import build_data, progress_bar
from rmfn_tf.comparison.table import Table
from rmfn_tf.files import write_rows
from rmfn_tf.start import start_tensorflow

if TYPE_CHECKING:
    from rmfn_tf.export.client import Client, Explanation
    from rmfn_tf.export.client.interface import Interface
    from rmfn_tf.training.run import Run


def predict(
    run: Annotated[
        Path | None,
        typer.Argument(
            help="A run folder. Its model predicts, or, with --url or --export, the one named "
            "there, which must come from this run. Only with a run folder, which records it, can "
            "the test split be read."
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="A served model: grpc://HOST:8500/MODEL or http://HOST:8501/v1/models/MODEL. "
            "/versions/N at the end asks for one version."
        ),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="A model folder made by `rmfn export`, or a version in it.")
    ] = None,
    input_file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help="A JSON file of sequences, which are lists of words, which are lists of numbers: "
            '{"sequences": [{"id": "a", "language": [[...], ...], ...}, ...]}.',
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="A data set to read instead of --input, such as ict_mmmo/trimodal."),
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            help="Split of --data: validation, train, validation[:10], or, with a run folder, test."
        ),
    ] = "validation",
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    explain: Annotated[
        bool, typer.Option(help="Also show each modality's share of the attention (only of RMFN).")
    ] = False,
    batch_size: Annotated[
        int, typer.Option(help="The largest number of sequences in one request.")
    ] = 32,
    timeout: Annotated[float, typer.Option(help="Seconds that each request may take.")] = 10.0,
    out: Annotated[
        Path | None, typer.Option(help="Write a CSV file instead of printing a table.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Predict with the model of a run, a server or an export.

    Examples: rmfn predict runs/pom --data pom; rmfn predict --export served/rmfn --input
    sequences.json; rmfn predict --url grpc://localhost:8500/rmfn --data ict_mmmo/trimodal --explain
    """
    address = url or export
    if (url and export) or not (address or run):
        raise ValueError("give one model: a run folder, --url or --export")
    if (input_file is None) == (data is None):
        raise ValueError("give the sequences by one of --input and --data")
    if out is not None and as_json:
        raise ValueError("--out writes CSV and --json prints: choose one")
    # A file and REST need no TensorFlow, which takes seconds to start.
    if data is not None or run is not None or not str(address).startswith("http"):
        start_tensorflow()

    from rmfn_tf.export.client import Explanation, read_sequences

    source = None
    if run is not None:
        from rmfn_tf.training.run import Run

        source = Run(run)
    with _connect(source, address, timeout, batch_size) as client:
        # After connecting, so that no opening of the test split is recorded if there is no server.
        if input_file is not None:
            sequences: Any = read_sequences(input_file)
        else:
            from rmfn_tf.data import load_examples

            builder = build_data(data, manual_dir, data_dir, quiet=as_json)
            read = load_examples if source is None else source.open_examples
            sequences = read(builder, split)
        with progress_bar("Predicting", quiet=as_json) as on_progress:
            if explain:
                answer = client.explain(sequences, on_progress=on_progress)
            else:
                answer = Explanation(client.predict(sequences, on_progress=on_progress), {})
    interface = client.interface
    predictions = list(_by_name(interface.task, sequences.ids, answer))
    if as_json:
        about = {"model": interface.where, "version": interface.version}
        about["task"] = interface.task and interface.task.kind
        print(json.dumps({**about, "predictions": predictions}, default=np.ndarray.tolist))
    elif out is not None:
        write_rows(out, list(_rows(predictions)))
        print(f"Predictions: {out}")
    else:
        show_table(interface, list(_rows(predictions)))


def _connect(run: "Run | None", address: Any, timeout: float, batch_size: int) -> "Client":
    from rmfn_tf.export.client import Client

    if address is None:
        assert run is not None  # `predict` asks for one of the two
        return Client.of_model(run.model(), str(run.folder), task=run.task, batch_size=batch_size)
    try:
        client = Client.connect(address, timeout=timeout, batch_size=batch_size)
    except ImportError as error:
        raise ValueError(str(error)) from error
    if run is not None:  # a server does not know the names of the labels
        client.interface = replace(client.interface, task=run.task)
    return client


def _by_name(task: Any, ids: list[str], answer: "Explanation") -> Iterator[dict[str, Any]]:
    """For each sequence its `id`, its `prediction` by name (a list of them where there is one after
    every step), and where it is known its `attention`: each modality's share at each stage of each
    word. Where the task is not known, the names are `prediction_0`, ..."""
    for place, name in enumerate(ids):
        prediction = answer.predictions[place]
        names = [] if task is None else list(task.output_names)
        if len(names) != prediction.shape[-1]:
            names = [f"prediction_{n}" for n in range(prediction.shape[-1])]
        steps = np.atleast_2d(prediction).tolist()
        named = [dict(zip(names, numbers, strict=True)) for numbers in steps]
        row = {"id": name, "prediction": named if prediction.ndim > 1 else named[0]}
        if answer.attention:  # over its coordinates a modality's attention adds up to its share
            row["attention"] = {m: each[place].sum(-1) for m, each in answer.attention.items()}
        yield row


def _rows(predictions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row for each prediction: `id`, `step` (where there is one after every step), its numbers by
    name, and `attention_<modality>`, the mean share over stages and, for a prediction of the whole
    sequence, over words."""
    for each in predictions:
        prediction, attention = each["prediction"], each.get("attention", {})
        if isinstance(prediction, dict):
            means = {f"attention_{name}": float(x.mean()) for name, x in attention.items()}
            yield {"id": each["id"], **prediction, **means}
            continue
        for step, numbers in enumerate(prediction):
            means = {f"attention_{name}": float(x[step].mean()) for name, x in attention.items()}
            yield {"id": each["id"], "step": step, **numbers, **means}


def show_table(interface: "Interface", rows: list[dict[str, Any]]) -> None:
    """Prints the rows; where they are wider than the terminal, each of their numbers on its own."""
    console = Console()
    texts = [
        {k: f"{x:.4f}" if isinstance(x, float) else str(x) for k, x in r.items()} for r in rows
    ]
    width = sum(2 + max(len(name), *(len(row[name]) for row in texts)) for name in texts[0])
    if width > console.width:
        whose = [name for name in ("id", "step") if name in texts[0]]
        texts = [
            {**{each: row[each] for each in whose}, "output": name, "value": row[name]}
            for row in texts
            for name in row
            if name not in whose
        ]
    version = "" if interface.version is None else f", version {interface.version}"
    table = Table(list(texts[0]), [list(row.values()) for row in texts], left=["output"])
    console.print(table.below(f"{interface.where}{version}"))
