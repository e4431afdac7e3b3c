"""From the words, frames and labelled segments of your own recordings to a data set."""

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.datasets.alignment import WORD_SHIFTS, Mode, Pauses, align_video, choose_word_shift
from rmfn_tf.datasets.custom.source import check_name
from rmfn_tf.datasets.custom.writing import CustomWriter, draw_splits, new_folder
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.recordings.frames import FrameFiles, ModalityReport
from rmfn_tf.datasets.recordings.tables import Segments, Table, read_segments
from rmfn_tf.datasets.recordings.words import open_words
from rmfn_tf.datasets.source import SPLITS, Dropped, Report, Sample, SourceError
from rmfn_tf.names import check_modalities, unknown_name
from rmfn_tf.task import Task


@dataclass
class AlignmentReport:
    """What `align_folder` made, and what it left out; it grows from video to video."""

    name: str  # of the data set
    folder: str  # where it was written
    mode: str  # as in `align_video`
    task: Task
    videos: int  # of the segments
    modalities: Mapping[str, ModalityReport]
    notes: list[str]  # about the splits, the word times and columns that are not used
    words: int = 0  # of all steps, those in two segments twice
    segments: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    out_of_step: int = 0  # segments where a modality lacks a word that another has (mmsdk mode)
    dropped: list[Dropped] = field(default_factory=list)  # segments that are no example

    @property
    def reasons(self) -> dict[str, int]:
        """Why segments were dropped -> how many."""
        return dict(Counter(each.reason for each in self.dropped).most_common())

    def to_json(self) -> dict[str, Any]:
        """Plain values; of what was dropped its id, its video and the reason."""
        dropped = [{"id": x.id, "video": x.video_id, "reason": x.reason} for x in self.dropped]
        return {**asdict(self), "dropped": dropped}

    def lines(self) -> dict[str, str]:
        """What to print: a title and a line each."""
        made = ", ".join(f"{count:,} {split}" for split, count in self.segments.items())
        lines = {
            "data": f"custom/{self.name}",
            "folder": self.folder,
            "segments": f"{made}, of {self.videos:,} videos; {self.words:,} words",
            **{name: each.line(self.mode) for name, each in self.modalities.items()},
        }
        if self.dropped:
            lines["dropped"] = ", ".join(f"{n:,} {reason}" for reason, n in self.reasons.items())
        if self.out_of_step:
            lines["zeros"] = (
                f"{self.out_of_step:,} segments in which a modality lacks words that another has"
            )
        return lines


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
    or one table with a column `video`. They are read in a process of their own, so that no file can
    take this one down.

    Args:
        words: TextGrids, or tables with `start`, `end` and `word`.
        frames: modality -> tables of frames, as OpenFace and openSMILE write them. The order is
            that of the data set.
        segments: a table with `video`, `start`, `end` and the labels; see `read_segments`.
        out: the new folder; it may be there, empty. It is there whole, or not at all.
        name: of the data set; None takes the last part of `out`.
        columns: modality -> names or patterns of the feature columns; of others all are taken.
        labels: label columns; none takes all columns of numbers.
        kind: `"regression"`, `"classification"` or `"multilabel"`.
        tier: the TextGrids' tier with the words, where it is not called so.
        mode: as in `align_video`.
        pauses: as in `align_video`. Aligners write silence as an interval of its own; it is no
            word, so by default it is dropped.
        word_shift: as in `choose_word_shift`.
        split_seed: draws the splits, where the segments have no column `split`.
        on_progress: called with the videos done and all videos.

    Raises:
        ValueError: an argument is none of the above, or `out` holds something.
        SourceError: a file is not what it must be, or no segment has words.
    """
    out = Path(out)
    name = check_name(out.resolve().name if name is None else name)
    columns = columns or {}
    if not frames:
        raise ValueError("Name the frames of one modality at least: visual=FOLDER.")
    check_modalities(frames)
    for modality in columns:
        if modality not in frames:
            raise ValueError(unknown_name("modality with columns", modality, frames))
    if word_shift not in WORD_SHIFTS:
        raise ValueError(unknown_name("word_shift", word_shift, WORD_SHIFTS))
    chosen = {each: (Path(path), columns.get(each, ())) for each, path in frames.items()}
    places = (Path(words), chosen, Path(segments), labels, tier, name, out)
    choices = (kind, mode, pauses, word_shift, split_seed)
    with new_folder(out) as folder, tempfile.TemporaryDirectory() as scratch:
        writer = CustomWriter(folder, list(frames))
        for item in guarded(_read, *places, *choices, Path(scratch), on_progress=on_progress):
            if isinstance(item, AlignmentReport):
                result = item
            else:
                writer.add(*item)
        described = f"{sum(result.segments.values())} segments aligned to words."
        writer.finish(name, described, result.task)
    return result


def _read(
    words: Path,
    frames: Mapping[str, tuple[Path, Sequence[str]]],
    segments: Path,
    labels: Sequence[str],
    tier: str | None,
    name: str,
    out: Path,
    kind: str,
    mode: Mode,
    pauses: Pauses,
    word_shift: str,
    split_seed: int,
    scratch: Path,
    report: Report,
) -> Iterator[tuple[str, Sample] | AlignmentReport]:
    """The split and the sample of each segment that has words, one video after another; at the end
    the report. It runs in a process of its own."""
    table = read_segments(Table(segments, report), labels)
    task = _make_task(segments, table, kind)
    scores = table.labels if kind == "regression" else table.labels.astype(np.int64)
    videos = list(dict.fromkeys(table.rows["video"]))
    read_words = open_words(words, tier, videos, report)
    frame_files = {
        modality: FrameFiles(modality, path, patterns, videos, scratch, report)
        for modality, (path, patterns) in frames.items()
    }
    splits, about_splits = _choose_splits(table, read_words, split_seed)
    spoken = (read() for read in read_words.values())
    shift, about_times = choose_word_shift(word_shift, mode, spoken)
    summaries = {modality: files.summary for modality, files in frame_files.items()}
    notes = [about_splits, about_times]
    if table.left_out:
        notes.append(f"Columns of the segments not used: {', '.join(table.left_out)}.")
    result = AlignmentReport(name, str(out), mode, task, len(videos), summaries, notes)
    for done, (video, rows) in enumerate(table.rows.groupby("video", sort=False), start=1):
        split, ids = splits.get(video, ""), rows["id"].tolist()
        if video in read_words:
            said = read_words[video]()
            seen = {modality: files.read(video, said) for modality, files in frame_files.items()}
            times = rows[["start", "end"]].to_numpy()
            found = align_video(said, seen, times, mode=mode, pauses=pauses, shift=shift)
            result.out_of_step += found.out_of_step
            of_rows = [scores[row].squeeze() for row in rows.index]
            for item in found.items(video, split, ids, of_rows):
                if isinstance(item, Dropped):
                    result.dropped.append(item)
                else:
                    result.segments[split] += 1
                    result.words += item[1].num_steps
                    yield item
        else:
            result.dropped += [Dropped(each, video, split, "no words file") for each in ids]
        report(done, len(videos))
    if not result.words:
        shown = ", ".join(f"{count:,} {reason}" for reason, count in result.reasons.items())
        none = f"none of the {len(table.rows):,} segments has words ({shown})"
        mend = "Words and segments must have the same video ids and be timed in seconds"
        raise SourceError.at(words, found=none, mend=mend)
    result.notes += [f"No example in {each}." for each, n in result.segments.items() if not n]
    yield result


def _make_task(path: Path, table: Segments, kind: str) -> Task:
    labels, columns = table.labels, table.columns
    if kind == "classification" and len(columns) > 1:
        found = f"{len(columns)} label columns ({', '.join(columns)})"
        raise SourceError.at(path, found=found, mend="Name one for a classification (--labels)")
    wanted = {"classification": "classes 0, 1, 2, ...", "multilabel": "0 or 1"}.get(kind)
    highest = np.inf if kind == "classification" else 1
    wrong = (labels != np.round(labels)) | (labels < 0) | (labels > highest)
    for row, column in np.argwhere(wrong & (wanted is not None))[:1]:
        found = f"{columns[column]!r} is {labels[row, column]:g} for {table.rows['id'][row]!r}"
        raise SourceError.at(path, found=found, mend=f"Labels of a {kind} task are {wanted}")
    if kind != "classification":
        return Task(kind, columns)
    if not labels.any():
        mend = "A classification has two classes at least"
        raise SourceError.at(path, found="all labels are class 0", mend=mend)
    return Task(kind, columns, num_classes=int(labels.max()) + 1)


def _choose_splits(
    table: Segments, videos: Collection[str], seed: int
) -> tuple[dict[str, str], str]:
    """Video -> split, and a sentence about it."""
    if table.rows["split"].notna().all():
        given = dict(zip(table.rows["video"], table.rows["split"], strict=True))
        return given, "Splits: from the column split."
    drawn = draw_splits(videos, seed)
    counts = ", ".join(f"{list(drawn.values()).count(split)} {split}" for split in SPLITS)
    return drawn, f"Splits: drawn by seed {seed}, whole videos: {counts}."
