"""`rmfn reproduce`: a published table run again."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import Cluster, DataDir, Epochs, Json, ManualDir, Workers


def reproduce(
    name: Annotated[str, typer.Argument(help="Which: cmu_mosi, iemocap, pom.")],
    out: Annotated[Path, typer.Option(help="Folder for the runs and tables; may be there.")],
    seeds: Annotated[
        int | None, typer.Option(help="Runs of each model \\[default: the protocol's].")
    ] = None,
    workers: Workers = 1,
    cluster: Cluster = "",
    epochs: Epochs = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Check a copy of the data, run the published protocol, name every difference.

    Any copy does: the files in --manual-dir say which it is.

    The test split is opened once per run, after all are trained. Start it again with the same
    --out, and only what is missing runs. Results: reproduce.md and .json in --out, beside the
    files of `rmfn compare`.

    Example: rmfn reproduce pom --manual-dir copies/pom --out reproduced/pom
    """
    for option, value in (("seeds", seeds), ("workers", workers)):
        if value is not None and value < 1:
            raise ValueError(f"--{option} must be at least 1; got {value}.")

    from rmfn_tf.start import start_tensorflow

    start_tensorflow(deterministic=True)

    from rich.console import Console

    from rmfn_tf.cli.configs import make_config
    from rmfn_tf.cli.show import build_data, progress_bar
    from rmfn_tf.comparison.protocols import protocol_for
    from rmfn_tf.comparison.report import explanations, to_table
    from rmfn_tf.comparison.reproduce import LABELS_TITLE, label_table, reproduce
    from rmfn_tf.datasets.registry import choose

    protocol = protocol_for(name)
    data = choose(protocol.data, manual_dir, data_dir).name
    configs = {
        model: make_config({"data": data, "model": model, "epochs": epochs})
        for model in protocol.models
    }
    builder = build_data(data, manual_dir, data_dir, quiet=as_json)
    with progress_bar("Training", quiet=as_json) as on_progress:
        result = reproduce(
            protocol,
            configs,
            builder,
            out,
            seeds=protocol.seeds if seeds is None else seeds,
            workers=workers,
            cluster=cluster,
            command=shlex.join(["rmfn", *sys.argv[1:]]),
            on_progress=on_progress,
        )
    if as_json:
        print(json.dumps(result))
        return
    console = Console()
    console.print(to_table(result).to_rich(f"{result['data']}: {result['split']}"))
    for line in explanations(result):
        console.print(line, highlight=False, markup=False)
    if len(result["per_label"]) > 1:  # of a single label the table above has all
        console.print(label_table(result).to_rich(f"\n{LABELS_TITLE}"))
    counts = ", ".join(
        f"{split} {each['here']} (papers {each['published']})"
        for split, each in result["counts"].items()
    )
    console.print(f"\nExamples: {counts}.", highlight=False)
    console.print("\nData and protocol differ from the papers':")
    for sentence in result["differences"]:
        console.print(f"- {sentence}", highlight=False)
    print(f"Tables, figure and runs: {out}")
