"""Arguments that several verbs take."""

from pathlib import Path
from typing import Annotated, Any

import typer

DATA = typer.Argument(help="Data set: synthetic/sarcasm, ict_mmmo/trimodal, pom/mfn_arrays, ...")
Data = Annotated[str, DATA]
ManualDir = Annotated[
    Path | None,
    typer.Option(help="Folder with the source files. Not needed once the data set is built."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Where built data sets are kept [default: ~/tensorflow_datasets]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
Config = Annotated[
    Path | None, typer.Option(help="Start from a run's config.toml instead of the preset.")
]
Out = Annotated[Path, typer.Option(help="Folder for the runs and tables; it may exist.")]
Workers = Annotated[
    int,
    typer.Option(
        min=1, help="How many runs to train side by side, each in a process with one thread."
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        help="Address of a Dask scheduler, such as tcp://10.0.0.1:8786, on whose cluster to train. "
        "Its machines must see --out and the data."
    ),
]
# By hand, since the names in `rmfn_tf.models` cannot be read without starting TensorFlow.
MODELS = (
    "rmfn, ef_lstm, bc_lstm, mv_lstm, gme_lstm, tfn, lmf, marn, mfn, df; with hidden states: "
    "ef_hcrf, ef_ldhcrf, mv_hcrf, mv_ldhcrf; without Keras: svm, random_forest, linear, thmm; a "
    "model that --import registers; or RMFN with one thing changed: rmfn_k1 to rmfn_k6 (its number "
    "of stages), rmfn_no_highlight, rmfn_no_feedback"
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
        "[default: all that are scored]."
    ),
]
Epochs = Annotated[int | None, typer.Option(help="The largest number of epochs of each model.")]
Mode = Annotated[
    str | None,
    typer.Option(
        help="How .csd files and recordings are aligned to words: default, or mmsdk for exactly "
        "the numbers of the CMU-MultimodalSDK."
    ),
]
Pauses = Annotated[
    str | None,
    typer.Option(
        help="Pauses between words: keep them as steps, drop them, or merge each into the word "
        "before it [default: keep in .csd files, drop in recordings]."
    ),
]
WordShift = Annotated[
    str | None,
    typer.Option(
        help="Whether words are stored one row late in .csd files and recordings: 0 (no), 1 (yes), "
        "or auto to find out [default: auto; 0 with --mode mmsdk]."
    ),
]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given: those that are not None."""
    return {name: value for name, value in options.items() if value is not None}


def to_names(text: str | None) -> list[str] | None:
    """`"happy, sad"` -> `["happy", "sad"]`; None where none is named."""
    return [name.strip() for name in (text or "").split(",") if name.strip()] or None
