"""From the words, frames and labelled segments of your own recordings to a data set."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from rmfn_tf.datasets.alignment import WORD_SHIFTS, Mode, Pauses, Words, choose_word_shift
from rmfn_tf.datasets.recordings.alignment_report import AlignmentReport
from rmfn_tf.datasets.recordings.csv_table import CsvTable
from rmfn_tf.datasets.recordings.custom_writer import CustomWriter, new_folder
from rmfn_tf.datasets.recordings.recording_files import FrameFiles, WordFiles
from rmfn_tf.datasets.recordings.seeded_splits import split_videos
from rmfn_tf.datasets.recordings.segment_table import SegmentTable, read_segments
from rmfn_tf.datasets.recordings.segments_in_turn import SegmentsInTurn
from rmfn_tf.datasets.sources.own_data.mistakes import DATASET_NAME
from rmfn_tf.datasets.sources.sample import SPLITS
from rmfn_tf.names import check_modalities
from rmfn_tf.task import KINDS


def align_folder(
    words: str | Path,
    frames: Mapping[str, str | Path],
    segments: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    labels: Sequence[str] = (),
    kind: str = "regression",
    tier: str | None = None,
    mode: Mode = "default",
    pauses: Pauses = "drop",
    word_shift: str = "default",
    split_seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> AlignmentReport:
    """Writes the folder that the builder `custom` takes, one video at a time.

    `words` and each of `frames` are a folder with a file for each video, called by the video's id,
    or one table with a column `video`.

    Args:
        words: TextGrids, or tables with `start`, `end` and `word`.
        frames: modality -> tables of frames, as OpenFace and openSMILE write them. The order is
            that of the data set.
        segments: a table with `video`, `start`, `end` and the labels; see `read_segments`.
        out: the new folder; it may be there, empty.
        name: of the data set; None takes the last part of `out`.
        columns: modality -> names or patterns of the feature columns; of others all are taken.
        labels: label columns; none takes all columns of numbers.
        kind: `"regression"`, `"classification"` or `"multilabel"`.
        tier: the TextGrids' tier with the words, where it is not called so.
        mode: as in `align_words`.
        pauses: as in `align_words`. Aligners write silence as an interval of its own; it is no
            word, so by default it is dropped.
        word_shift: whether words sit one row late: `"0"`, `"1"`, `"auto"` to look whether they do,
            `"default"`: auto in default mode, 0 in mmsdk mode.
        split_seed: draws the splits, where the segments have no column `split`.
        on_progress: called with the videos done and all videos.

    Raises:
        ValueError: an argument is none of the above, or `out` holds something.
        SourceError: a file is not what it must be, or no segment has words.
    """
    out = Path(out)
    name = out.resolve().name if name is None else name
    columns = columns or {}
    _check_arguments(name, frames, columns, kind, mode, pauses, word_shift)
    table = read_segments(CsvTable(Path(segments)), labels)
    task = _make_task(Path(segments), table, kind)
    videos = list(dict.fromkeys(table.videos.tolist()))
    word_files = WordFiles(Path(words), tier)
    frame_files = {
        modality: FrameFiles(modality, Path(path), videos, columns.get(modality, ()))
        for modality, path in frames.items()
    }
    splits, notes = _choose_splits(table, [v for v in videos if word_files.find(v)], split_seed)
    shift, said = _choose_shift(word_files, videos, mode, word_shift)
    notes.append(said)
    if table.left_out:
        notes.append(f"Columns of the segments not used: {', '.join(table.left_out)}.")
    with new_folder(out) as folder:
        writer = CustomWriter(folder, list(frames), integers=kind != "regression")
        made = SegmentsInTurn(table, splits, word_files, frame_files, mode, pauses, shift)
        for done, video in enumerate(videos, start=1):
            for split, sample in made.read(video):
                writer.add(split, sample)
            if on_progress is not None:
                on_progress(done, len(videos))
        report = made.report(name, out, notes)
        notes += [f"No example in {split}." for split, n in report.segments.items() if not n]
        writer.finish(name, f"{sum(report.segments.values())} segments aligned to words.", task)
    return report


def _check_arguments(
    name: str,
    frames: Mapping[str, Any],
    columns: Mapping[str, Any],
    kind: str,
    mode: str,
    pauses: str,
    word_shift: str,
) -> None:
    choices: dict[str, tuple[str, Sequence[str]]] = {
        "kind": (kind, tuple(KINDS)),
        "mode": (mode, get_args(Mode)),
        "pauses": (pauses, get_args(Pauses)),
        "word_shift": (word_shift, WORD_SHIFTS),
    }
    for argument, (value, known) in choices.items():
        if value not in known:
            raise ValueError(f"{argument} must be one of {', '.join(known)}; got {value!r}.")
    if not DATASET_NAME.fullmatch(name):
        raise ValueError(
            f"The data set's name must begin with a letter and hold letters, digits, '_', '.' and "
            f"'-' alone; got {name!r}. Give it one (--name)."
        )
    if not frames:
        raise ValueError("Name the frames of one modality at least: visual=FOLDER.")
    check_modalities(frames)
    unknown = sorted(columns.keys() - frames.keys())
    if unknown:
        raise ValueError(f"Columns of {unknown[0]!r}, which has no frames.")


def _make_task(path: Path, table: SegmentTable, kind: str) -> dict[str, Any]:
    task: dict[str, Any] = {"kind": kind, "columns": list(table.columns)}
    if kind == "regression":
        return task
    if kind == "classification" and len(table.columns) > 1:
        raise ValueError(
            f"{path}: classification takes one label column; got {', '.join(table.columns)}. Name "
            "it (--labels)."
        )
    highest = np.inf if kind == "classification" else 1
    wrong = (table.labels != np.round(table.labels)) | (table.labels < 0) | (table.labels > highest)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        wanted = "classes 0, 1, 2, ..." if kind == "classification" else "0 or 1"
        raise ValueError(
            f"{path}: labels of a {kind} task are {wanted}; got {table.labels[row, column]:g} for "
            f"{table.ids[row]} in {table.columns[column]!r}."
        )
    if kind == "classification":
        task["num_classes"] = int(table.labels.max()) + 1
        if task["num_classes"] < 2:
            raise ValueError(f"{path}: all labels are class 0; a classification has two at least.")
    return task


def _choose_splits(
    table: SegmentTable, videos: Sequence[str], seed: int
) -> tuple[dict[str, str], list[str]]:
    """Video -> split, and a sentence about it."""
    if table.splits is not None:
        given = dict(zip(table.videos.tolist(), table.splits.tolist(), strict=True))
        return given, ["Splits: from the column split."]
    drawn = split_videos(videos, seed)
    counts = ", ".join(f"{list(drawn.values()).count(split)} {split}" for split in SPLITS)
    return drawn, [f"Splits: drawn by seed {seed}, whole videos: {counts}."]


def _choose_shift(
    files: WordFiles, videos: Sequence[str], mode: str, choice: str
) -> tuple[bool, str]:
    """Whether the words are to be moved, and a sentence about it."""
    if choice == "default":
        choice = "auto" if mode == "default" else "0"
    readings = (files.read(video) for video in videos)
    return choose_word_shift(choice, (each for each in readings if isinstance(each, Words)))
