"""From the words, frames and labelled segments of your own recordings to a data set."""

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rmfn_tf.datasets.alignment.align import OUT_OF_STEP, Mode, Pauses, align_video
from rmfn_tf.datasets.alignment.word_shift import WORD_SHIFTS, choose_word_shift
from rmfn_tf.datasets.custom.source import check_name
from rmfn_tf.datasets.custom.writing import draw_splits, new_folder, write_folder
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.recordings.frames import FrameFiles
from rmfn_tf.datasets.recordings.tables import Table, read_segments
from rmfn_tf.datasets.recordings.words import open_words
from rmfn_tf.datasets.source import SPLITS, Dropped, Report, Sample, SourceError
from rmfn_tf.names import check_modalities, unknown_name
from rmfn_tf.task import Task


@dataclass(frozen=True)
class Recordings:
    """What to align, and how; a ValueError where an argument does not fit this description.

    `words` and each of `frames` are a folder with a file for each video, called by the video's id,
    or one table with a column `video`.

    Args:
        words: TextGrids, or tables with `start`, `end` and `word`.
        frames: modality -> tables of frames, as OpenFace and openSMILE write them. The order is
            that of the data set.
        segments: a table with `video`, `start`, `end` and the labels; see `read_segments`.
        columns: modality -> names or patterns of its feature columns. A modality that is not among
            the keys has all of its columns.
        labels: names of the label columns; without any, all columns of numbers are labels.
        kind: `"regression"`, `"classification"` or `"multilabel"`.
        tier: the name of the TextGrids' tier with the words; None as in `read_textgrid`.
        mode: as in `align_video`.
        pauses: as in `align_video`. Aligners write silence as an interval of its own; it is not a
            word, so by default it is dropped.
        word_shift: as in `choose_word_shift`.
        split_seed: draws the splits, where the segments have no column `split`.
    """

    words: str | Path
    frames: Mapping[str, str | Path]
    segments: str | Path
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    labels: Sequence[str] = ()
    kind: str = "regression"
    tier: str | None = None
    mode: Mode = "default"
    pauses: Pauses = "drop"
    word_shift: str = "default"
    split_seed: int = 0

    def __post_init__(self) -> None:
        if not self.frames:
            raise ValueError("Name the frames of one modality at least: visual=FOLDER.")
        check_modalities(self.frames)
        for modality in self.columns:
            if modality not in self.frames:
                raise ValueError(unknown_name("modality with columns", modality, self.frames))
        if self.word_shift not in WORD_SHIFTS:
            raise ValueError(unknown_name("word_shift", self.word_shift, WORD_SHIFTS))

    def read(
        self, scratch: Path, report: Report
    ) -> Iterator[tuple[str, Sample] | Dropped | dict[str, Any]]:
        """First `task` and `videos` of what `align_folder` reports, at the end `modalities` and
        `notes`; between them the split and the sample of each segment, or why it was dropped, one
        video after another. One table of frames for all videos may be larger than memory, and goes
        to `scratch`."""
        table = Table(Path(self.segments), report)
        segments, labels, left_out = read_segments(table, self.labels)
        task = _make_task(table.path, segments["id"], labels, self.kind)
        scores = labels.to_numpy(float if self.kind == "regression" else np.int64)
        videos = segments["video"].unique().tolist()
        yield {"task": task, "videos": len(videos)}
        read_words = open_words(Path(self.words), self.tier, videos, report)
        frame_files = {
            name: FrameFiles(name, Path(path), self.columns.get(name, ()), videos, scratch, report)
            for name, path in self.frames.items()
        }
        splits, about_splits = _choose_splits(segments, read_words, self.split_seed)
        spoken = (read() for read in read_words.values())
        shift, about_times = choose_word_shift(self.word_shift, self.mode, spoken)
        notes = [about_splits, about_times]
        if left_out:
            notes.append(f"Columns of the segments not used: {', '.join(left_out)}.")
        out_of_step = 0
        for done, (video, rows) in enumerate(segments.groupby("video", sort=False), start=1):
            split, ids = splits.get(video, ""), rows["id"].tolist()
            if video in read_words:
                said = read_words[video]()
                seen = {name: files.read(video, said) for name, files in frame_files.items()}
                times = rows[["start", "end"]].to_numpy()
                found = align_video(
                    said, seen, times, mode=self.mode, pauses=self.pauses, shift=shift
                )
                out_of_step += found.out_of_step
                of_rows = [scores[row].squeeze() for row in rows.index]
                yield from found.items(video, split, ids, of_rows)
            else:
                yield from (Dropped(each, video, split, "no words file") for each in ids)
            report(done, len(videos))
        if out_of_step:
            notes.append(f"{out_of_step:,} {OUT_OF_STEP}")
        summaries = {modality: files.summary for modality, files in frame_files.items()}
        yield {"modalities": summaries, "notes": notes}


def align_folder(
    recordings: Recordings,
    out: str | Path,
    *,
    name: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Writes the folder that the builder `custom` takes, one video at a time.

    The files are read in a process of their own (`guarded`).

    Args:
        recordings: the files, and how they are aligned.
        out: a new or an empty folder. It is there whole, or not at all.
        name: of the data set; None takes the last part of `out`.
        on_progress: called with the videos done and all videos.

    Returns:
        Plain JSON values: `data` (`custom/<name>`), `folder`, `task`, `segments` (split -> number
        of examples), `words` (how many in all examples), `dropped` (the fields of each `Dropped`),
        `videos` (how many in the segments), `modalities` (modality -> `FrameFiles.summary`) and
        `notes` (sentences about splits, word times, and what was not used).

    Raises:
        ValueError: `name` cannot be the name of a data set, or `out` holds something.
        SourceError: a file is not what it must be, or no segment has words.
    """
    out = Path(out)
    name = check_name(out.resolve().name if name is None else name)
    with new_folder(out) as folder, tempfile.TemporaryDirectory() as scratch:
        items = guarded(recordings.read, Path(scratch), on_progress=on_progress)
        report = next(items)
        task: Task = report["task"]
        segments, words = dict.fromkeys(SPLITS, 0), 0
        dropped: list[Dropped] = []

        def samples() -> Iterator[tuple[str, Sample]]:
            nonlocal words
            for item in items:
                if isinstance(item, Dropped):
                    dropped.append(item)
                elif isinstance(item, dict):
                    report.update(item)
                else:
                    split, sample = item
                    segments[split] += 1
                    words += sample.num_steps
                    yield split, sample
            if not words:
                reasons = Counter(each.reason for each in dropped).most_common()
                shown = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
                none = f"none of the {len(dropped):,} segments has words ({shown})"
                mend = "Words and segments must have the same video ids and be timed in seconds"
                raise SourceError.at(Path(recordings.words), found=none, mend=mend)

        about = f"Segments of {report['videos']} videos, aligned to words."
        write_folder(folder, samples(), name=name, description=about, task=task)
    report["notes"] += [f"No example in {split}." for split, count in segments.items() if not count]
    return {
        **report,
        "data": f"custom/{name}",
        "folder": str(out),
        "task": task.to_json(),
        "segments": segments,
        "words": words,
        "dropped": [asdict(each) for each in dropped],
    }


def _make_task(path: Path, ids: pd.Series, labels: pd.DataFrame, kind: str) -> Task:
    wanted = {"classification": "classes 0, 1, 2, ...", "multilabel": "0 or 1"}.get(kind)
    highest = np.inf if kind == "classification" else 1
    wrong = (labels != labels.round()) | (labels < 0) | (labels > highest)
    for row, column in np.argwhere(wrong.to_numpy() & (wanted is not None))[:1]:
        found = f"{labels.columns[column]!r} is {labels.iloc[row, column]:g} for {ids[row]!r}"
        raise SourceError.at(path, found=found, mend=f"Labels of a {kind} task are {wanted}")
    classes = int(labels.to_numpy().max()) + 1 if kind == "classification" else 0
    if classes == 1:
        mend = "A classification has two classes at least"
        raise SourceError.at(path, found="all labels are class 0", mend=mend)
    return Task(kind, tuple(labels.columns), num_classes=classes)


def _choose_splits(
    segments: pd.DataFrame, videos: Collection[str], seed: int
) -> tuple[dict[str, str], str]:
    """Video -> split, and a sentence about it."""
    if segments["split"].notna().all():
        given = dict(zip(segments["video"], segments["split"], strict=True))
        return given, "Splits: from the column split."
    drawn = draw_splits(videos, seed)
    counts = ", ".join(f"{list(drawn.values()).count(split)} {split}" for split in SPLITS)
    return drawn, f"Splits: drawn by seed {seed}, whole videos: {counts}."
