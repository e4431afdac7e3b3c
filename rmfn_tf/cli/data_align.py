"""`rmfn data align`: a data set from your own recordings."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from rmfn_tf.cli.options import Json, to_labels


def align(
    words: Annotated[
        Path,
        typer.Option(
            help="The words: a folder of <video>.TextGrid or .csv (start, end, word), or one CSV "
            "for all."
        ),
    ],
    frames: Annotated[
        list[str],
        typer.Option(
            help="MODALITY=FOLDER with a <video>.csv for each video, or MODALITY=FILE. Repeat "
            "for each modality."
        ),
    ],
    segments: Annotated[
        Path,
        typer.Option(
            help="CSV with video, start, end and the labels; if you have them, also split and id."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(help="The folder to make, which `rmfn data build custom/NAME` then reads."),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the data set \\[default: that of the folder].")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(help='MODALITY=NAMES, with commas and *, as visual="AU*_r,gaze_*".'),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Names of the label columns, separated by commas \\[default: all columns of "
            "numbers]."
        ),
    ] = None,
    kind: Annotated[
        str, typer.Option(help="What the labels are: regression, classification or multilabel.")
    ] = "regression",
    tier: Annotated[
        str | None,
        typer.Option(help="The TextGrids' tier with the words \\[default: word or words]."),
    ] = None,
    mode: Annotated[
        str, typer.Option(help="default, or mmsdk for the numbers of the CMU-MultimodalSDK.")
    ] = "default",
    pauses: Annotated[
        str,
        typer.Option(
            help="Silence between words: drop it, keep it as steps, or merge it into the word "
            "before."
        ),
    ] = "drop",
    word_shift: Annotated[
        str,
        typer.Option(
            help="Whether the words sit one row late: 0, 1, or auto to find out \\[default: "
            "auto; 0 in mmsdk mode]."
        ),
    ] = "default",
    split_seed: Annotated[
        int,
        typer.Option(
            help="Random seed that draws 70/10/20 % of the videos, where there is no column split."
        ),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Align your own recordings to words: TextGrid and CSV in, a data set out.

    Words come from the Montreal Forced Aligner, P2FA or a CSV, frames from
    OpenFace, openSMILE or any CSV with a column time (or start and end), all
    in seconds. A file is called by its video's id, or has a column video.
    Each word takes the mean of its frames; each row of --segments becomes an
    example.

    Example: rmfn data align --words aligned --frames visual=openface
    --frames acoustic=opensmile --columns visual="AU*_r"
    --segments labels.csv --out mine

    Then: rmfn data build custom/mine --manual-dir mine
    """
    from rmfn_tf.cli.show import progress_bar
    from rmfn_tf.cli.show_data import dropped_lines
    from rmfn_tf.datasets.recordings.align_folder import Recordings, align_folder

    choices: dict[str, Any] = {"mode": mode, "pauses": pauses, "word_shift": word_shift}
    patterns = _pairs("--columns", columns or [])
    recordings = Recordings(
        words,
        _pairs("--frames", frames),
        segments,
        columns={modality: to_labels(names) or [] for modality, names in patterns.items()},
        labels=to_labels(labels) or [],
        kind=kind,
        tier=tier,
        split_seed=split_seed,
        **choices,
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
    """Counts by name, without those that are 0; of a list how many, and the first few."""
    if isinstance(value, dict):
        parts = [(name.replace("_", " "), each) for name, each in value.items() if each]
        return ", ".join(f"{name}: {_in_words(each)}" for name, each in parts)
    if isinstance(value, list):
        return f"{len(value)} ({', '.join(value[:4])}{', ...' if value[4:] else ''})"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given:
        key, _, value = each.partition("=")
        if not key.strip() or not value or key.strip() in pairs:
            raise ValueError(f"{option} takes MODALITY=..., each modality once; got {each!r}.")
        pairs[key.strip()] = value
    return pairs
