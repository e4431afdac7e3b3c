"""`rmfn data align`: a data set from your own recordings."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rmfn_tf.cli import options
from rmfn_tf.cli.show import dropped_lines, first_of, progress_bar


def align(
    words: Annotated[
        Path,
        typer.Option(
            help="The words: a folder of <video>.TextGrid or <video>.csv files (start, end, word), "
            "or one CSV for all videos."
        ),
    ],
    frames: Annotated[
        list[str],
        typer.Option(
            help="The features: MODALITY=FOLDER with a <video>.csv for each video, or "
            "MODALITY=FILE for all videos. Repeat for each modality."
        ),
    ],
    segments: Annotated[
        Path,
        typer.Option(
            help="The examples: a CSV with the columns video, start, end and the labels; if you "
            "have them, also split and id."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="The folder to make, which `rmfn data build custom/NAME` then reads."),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the data set [default: that of the folder].")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help='The columns of features to take: MODALITY=NAMES, such as visual="AU*_r,gaze_*" '
            "[default: all]. Repeatable."
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Names of the label columns, separated by commas [default: all columns of "
            "numbers]."
        ),
    ] = None,
    kind: Annotated[
        str, typer.Option(help="What the labels are: regression, classification or multilabel.")
    ] = "regression",
    tier: Annotated[
        str | None,
        typer.Option(help="The tier of the TextGrids with the words [default: word or words]."),
    ] = None,
    mode: options.Mode = None,
    pauses: options.Pauses = None,
    word_shift: options.WordShift = None,
    split_seed: Annotated[
        int,
        typer.Option(
            help="Random seed that draws 70 % of the videos for training, 10 % for validation and "
            "20 % for test, where there is no column split."
        ),
    ] = 0,
    as_json: options.Json = False,
) -> None:
    """Make a data set from your own recordings.

    Words come from the Montreal Forced Aligner, P2FA or a CSV, frames from OpenFace, openSMILE or
    any CSV with a column time (or start and end), all in seconds. A file is called by its video's
    id, or has a column video. Each word takes the mean of the frames that were recorded while it
    was spoken; each row of --segments becomes an example.

    Example: rmfn data align --words aligned --frames visual=openface --frames acoustic=opensmile
    --columns visual="AU*_r" --segments labels.csv --out mine

    Then: rmfn data build custom/mine --manual-dir mine
    """
    from rmfn_tf.datasets.recordings.align_folder import Recordings, align_folder

    patterns = _pairs("--columns", columns or [])
    recordings = Recordings(
        words,
        _pairs("--frames", frames),
        segments,
        columns={modality: options.to_names(names) or [] for modality, names in patterns.items()},
        labels=options.to_names(labels) or [],
        kind=kind,
        tier=tier,
        split_seed=split_seed,
        **options.given(mode=mode, pauses=pauses, word_shift=word_shift),
    )
    with progress_bar("Aligning", quiet=as_json) as on_progress:
        report = align_folder(recordings, out, name=name, on_progress=on_progress)
    if as_json:
        print(json.dumps(report))
        return
    shown = {key: report[key] for key in ("data", "folder", "videos", "segments", "words")}
    for key, value in {**shown, **report["modalities"]}.items():
        print(f"{key:12} {_in_words(value)}")
    print(*dropped_lines(report["dropped"]), *report["notes"], sep="\n")


def _in_words(value: Any) -> str:
    """A count; counts by name, without those that are 0; or of a list the size and first items."""
    if isinstance(value, dict):
        parts = [(name.replace("_", " "), each) for name, each in value.items() if each]
        return ", ".join(f"{name}: {_in_words(each)}" for name, each in parts)
    if isinstance(value, list):
        return first_of(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given:
        key, _, value = each.partition("=")
        if not key.strip() or not value or key.strip() in pairs:
            raise ValueError(f"{option} takes MODALITY=..., each modality once; got {each!r}.")
        pairs[key.strip()] = value
    return pairs
