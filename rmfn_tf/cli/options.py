"""Arguments that several verbs take."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    str,
    typer.Argument(help="Data set: synthetic/sarcasm, ict_mmmo/trimodal, pom/mfn_arrays, ..."),
]
ManualDir = Annotated[
    Path | None,
    typer.Option(help="Folder with the source files. Not needed once the data set is built."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Where built data sets are kept \\[default: ~/tensorflow_datasets]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
Workers = Annotated[
    int,
    typer.Option(help="How many runs to train side by side, each in a process with one thread."),
]
Cluster = Annotated[
    str,
    typer.Option(
        help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786, on whose cluster to train. "
        "Its machines must see --out and the data."
    ),
]
MODELS = (
    "rmfn, ef_lstm, bc_lstm, mv_lstm, gme_lstm, tfn, lmf, marn, mfn, df; with hidden states "
    "ef_hcrf, ef_ldhcrf, mv_hcrf, mv_ldhcrf; not of Keras svm, random_forest, linear, thmm; one of "
    "your own; or an ablation of RMFN: rmfn_k1 to rmfn_k6 (stages), rmfn_no_highlight, "
    "rmfn_no_feedback"
)
Imports = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        help="A module of yours that registers models, such as my_package.models. Repeatable.",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(help="Cross-validate with this many folds, for data without splits of their own."),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Names of the labels to learn, separated by commas, such as happy,sad "
        "\\[default: all that are scored]."
    ),
]
Epochs = Annotated[int | None, typer.Option(help="Largest number of epochs of every model.")]


def check_counts(least: int = 1, **options: int | None) -> None:
    """ValueError for an option that was given and is below `least`."""
    for name, value in options.items():
        if value is not None and value < least:
            raise ValueError(f"--{name} must be at least {least}; got {value}.")


def to_labels(text: str | None) -> list[str] | None:
    """`"happy, sad"` -> `["happy", "sad"]`; None where none is named."""
    return [name.strip() for name in (text or "").split(",") if name.strip()] or None
