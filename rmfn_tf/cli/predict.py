"""`rmfn predict`: ask a served model, or an export folder without a server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rmfn_tf.cli.options import DataDir, Json, ManualDir

if TYPE_CHECKING:
    from rmfn_tf.data import Examples
    from rmfn_tf.export.client import Client, Explanation


def predict(
    url: Annotated[
        str | None,
        typer.Option(
            help="A served model: grpc://HOST:8500/MODEL or http://HOST:8501/v1/models/MODEL, with "
            "/versions/N behind it for one version."
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Without a server: a model folder made by `rmfn export`, or a version."),
    ] = None,
    input_file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            help='JSON: {"sequences": [{"id": "a", "language": [[...], ...], ...}, ...]}.',
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Instead of --input, a data set: ict_mmmo/trimodal, ...")
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Of --data: validation, train, validation[:10], ... or test with --run."),
    ] = "validation",
    run: Annotated[
        Path | None,
        typer.Option(
            help="The finished run that the model is of. An export or a server has no run folder, "
            "so only with --run are rows of the test split read: that folder records it."
        ),
    ] = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    explain: Annotated[
        bool, typer.Option(help="Also what share of the attention each modality got (RMFN).")
    ] = False,
    batch_size: Annotated[int, typer.Option(help="Sequences in one request, at most.")] = 32,
    timeout: Annotated[float, typer.Option(help="Seconds for each request.")] = 10.0,
    out: Annotated[
        Path | None, typer.Option(help="Write a CSV file instead of printing a table.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Predict for sequences, by a server (--url) or by an export in this process (--export).

    Examples: rmfn predict --export served/rmfn --input sequences.json;
    rmfn predict --url grpc://localhost:8500/rmfn --data ict_mmmo/trimodal --explain
    """
    address = _exactly_one({"--url": url, "--export": export})
    _exactly_one({"--input": input_file, "--data": data})
    if run is not None and data is None:
        raise ValueError("--run opens the test split of --data: give both or neither")
    if out is not None and as_json:
        raise ValueError("--out writes CSV and --json prints: choose one")
    # REST and a file need no TensorFlow, which takes seconds to start.
    if data is not None or not str(address).startswith("http"):
        from rmfn_tf.start import start_tensorflow

        start_tensorflow()
    from rmfn_tf.cli.show import build_data, progress_bar
    from rmfn_tf.cli.show_predictions import show_predictions
    from rmfn_tf.export.client import Client, read_sequences

    try:
        client = Client.connect(address, timeout=timeout, batch_size=batch_size)
    except ImportError as error:
        raise ValueError(str(error)) from error
    with client:
        # Once connected: no opening of the test split is recorded for a server that is not there.
        if input_file is not None:
            sequences: Any = read_sequences(input_file)
        else:
            builder = build_data(data, manual_dir, data_dir, quiet=as_json)
            sequences = _load(builder, split, run)
        with progress_bar("Predicting", quiet=as_json) as on_progress:
            answer = _ask(client, sequences, explain, on_progress)
    show_predictions(client.interface, sequences.ids, answer, out, as_json)


def _ask(client: "Client", sequences: Any, explain: bool, on_progress: Any) -> "Explanation":
    from rmfn_tf.export.client import Explanation

    if explain:
        return client.explain(sequences, on_progress=on_progress)
    return Explanation(client.predict(sequences, on_progress=on_progress), {})


def _load(builder: Any, split: str, run: Path | None) -> "Examples":
    from rmfn_tf.data import load_examples
    from rmfn_tf.training.run import Run

    if run is None:
        return load_examples(builder, split)
    return Run(run).open_examples(builder, split)


def _exactly_one(options: dict[str, Any]) -> Any:
    given = [value for value in options.values() if value is not None]
    if len(given) != 1:
        raise ValueError(f"give one of {' and '.join(options)}; got {len(given)}")
    return given[0]
