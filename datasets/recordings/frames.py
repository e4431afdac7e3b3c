"""Frames of recordings from tables: OpenFace's, openSMILE's, or any with times."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd

from rmfn_tf.datasets.alignment import Frames
from rmfn_tf.datasets.recordings.tables import (
    END,
    START,
    TABLES,
    VIDEO,
    Table,
    check_videos,
    find_files,
    to_number,
)
from rmfn_tf.datasets.source import Report, SourceError
from rmfn_tf.names import did_you_mean

OPENFACE = ("frame", "timestamp", "confidence", "success")
TIME = ("time", "timestamp", "frametime")
MAX_VALUES = 2**26  # of one recording: half a GiB; an hour of OpenFace's 709 at 25 Hz
LONGEST_STEP = 10.0  # seconds between frames: more are milliseconds


@dataclass
class ModalityReport:
    """What became of the frames of one modality.

    Args:
        columns: the F features.
        left_out: columns that are no features, because they hold text or have no name.
        frames: frames read, without the failed ones.
        failed: frames left out because OpenFace found no face in them.
        not_finite: frames that hold NaN or infinities: left out in default mode.
        videos_without: videos without frames, which are zeros.
    """

    columns: Sequence[str]
    left_out: Sequence[str]
    frames: int = 0
    failed: int = 0
    not_finite: int = 0
    videos_without: int = 0

    def line(self, mode: str) -> str:
        """What to print."""
        columns = ", ".join(self.columns[:4]) + (", ..." if self.columns[4:] else "")
        parts = [f"{len(self.columns)} features ({columns}), {self.frames:,} frames"]
        if self.failed:
            parts.append(f"{self.failed:,} more without a face left out")
        if self.not_finite:
            what = "left out" if mode == "default" else "kept"
            parts.append(f"{self.not_finite:,} with NaN or infinities {what}")
        if self.videos_without:
            parts.append(f"{self.videos_without:,} videos without frames: zeros")
        return "; ".join(parts)


class FrameFiles:
    """The frames of one modality of many recordings: a table for each, or one for all.

    A table is OpenFace's (`frame`, `timestamp`, `confidence`, `success`), or any with a column
    `time`, `timestamp` or `frameTime`, or with `start` and `end`. Its other columns are features,
    but for `video`, for those that hold text in the first row, and for those of OpenFace that are
    none.

    Args:
        name: the modality.
        path: a folder with `<video>.csv` or `.tsv`, in it or in its subfolders; or one table with a
            column `video`.
        patterns: names, or patterns with `*` and `?`, of the columns that are taken; none takes
            all. Upper and lower case are the same.
        videos: those that are wanted; the first that has frames says which columns all have.
        scratch: an empty folder. One table for all may be larger than the memory: its rows are
            kept there, a file of numbers for each video.
        report: told of each file that is read.

    Attributes:
        summary: what became of the frames that were read so far.

    Raises:
        SourceError: no such path, it holds frames of none of the videos, a table has no times or
            no features, or a pattern is no column's.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        patterns: Sequence[str],
        videos: Sequence[str],
        scratch: Path,
        report: Report,
    ) -> None:
        self.path, self._report, what = path, report, f"{name} frames"
        self._files: dict[str, Path] = {}
        self._numbers: dict[str, Path] = {}
        if path.is_dir():
            self._files = find_files(path, what, TABLES, videos)
            paths = [self._files[video] for video in videos if video in self._files]
        else:
            paths = [path]
        for each in paths:
            table = Table(each, report)
            first = next(table.chunks(), None)
            if first is not None:
                break
        else:
            raise SourceError.at(path, found=f"no {what}", mend="A table must have rows")
        self._choose_columns(table, first.iloc[0], patterns)
        if not self._files:
            self._sort(what, table, videos, scratch / name)

    def path_of(self, video: str) -> Path:
        """The file that holds the video's frames, or would."""
        return self._files.get(video, self.path)

    def read(self, video: str) -> Frames:
        """The frames of one video, those without a value (an empty cell, NaN) among them.

        A frame of a table with one time lasts from there for the median step between the times of
        the whole recording, failed frames among them.

        Raises:
            SourceError: a table has other columns, a cell is no number, a time is not finite, times
                cannot be seconds; or, in OpenFace's tables, there is more than one face: which of
                them speaks cannot be told from the table.
        """
        parts = [np.zeros((0, len(self._columns)))]
        path = self.path_of(video)
        if video in self._files:
            table = Table(path, self._report)
            parts += [self._to_numbers(table, rows) for rows in table.chunks()]
        elif video in self._numbers:
            parts.append(np.fromfile(self._numbers[video]).reshape(-1, len(self._columns)))
        if sum(part.size for part in parts) > MAX_VALUES:
            mend = "Take fewer columns (--columns), or cut the recording into parts"
            raise _error(path, video, f"more than {MAX_VALUES:,} values", mend)
        table = pd.DataFrame(np.concatenate(parts), columns=self._columns)
        intervals = _to_intervals(path, video, table[self._times].to_numpy())
        seen = np.ones(len(table), bool)
        if "success" in self._checks:
            seen = table["success"].to_numpy() == 1
        if "face_id" in self._checks:
            _check_one_face(path, video, table["face_id"][seen])
        frames = Frames(table[self.summary.columns].to_numpy()[seen], intervals[seen])
        self.summary.frames += len(frames.features)
        self.summary.failed += int((~seen).sum())
        self.summary.not_finite += int((~np.isfinite(frames.features)).any(axis=1).sum())
        self.summary.videos_without += not len(frames.features)
        return frames

    def _choose_columns(self, table: Table, first: pd.Series, patterns: Sequence[str]) -> None:
        names = table.names
        is_openface = set(OPENFACE) <= set(names)
        self._header = names
        self._times = ["timestamp"] if is_openface else _find_times(table)
        self._checks = [name for name in ("success", "face_id") if is_openface and name in names]
        reserved = {*self._times, *TIME, *VIDEO, *((*OPENFACE, "face_id") if is_openface else ())}
        features = [
            name
            for name, cell in zip(names, first, strict=True)
            if name and name not in reserved and to_number(cell) is not None
        ]
        for pattern in patterns:
            if not any(_matches(name, pattern) for name in features):
                hint = did_you_mean(pattern.strip().lower(), features)
                shown = ", ".join(features[:8]) + (", ..." if features[8:] else "")
                found = f"no feature column is called {pattern.strip()!r}"
                raise table.error(1, found, f"There are {shown or 'none'}.{hint}")
        taken = [x for x in features if any(_matches(x, each) for each in patterns or ["*"])]
        if not taken:
            raise table.error(1, "no columns of numbers beside the times", "Features are needed")
        left_out = [name or "(no name)" for name in names if name not in {*reserved, *features}]
        self._columns = [*self._times, *self._checks, *taken]
        self.summary = ModalityReport(taken, left_out)

    def _to_numbers(self, table: Table, rows: pd.DataFrame) -> np.ndarray:
        """`(rows, columns)` float64."""
        differing = sorted(set(self._header) ^ set(table.names))
        if differing:
            shown = ", ".join(map(repr, differing[:5])) + (", ..." if differing[5:] else "")
            found = f"other columns than in the modality's first file: {shown}"
            raise table.error(1, found, "All files of a modality must have the same columns")
        values = table.numbers(rows[self._columns])
        untimed = ~np.isfinite(values[:, : len(self._times)]).all(axis=1)
        mend = "Times must be finite numbers"
        table.refuse(pd.Series(untimed, rows.index), "a frame without a time", mend)
        return values

    def _sort(self, what: str, table: Table, videos: Sequence[str], folder: Path) -> None:
        """Takes the one table apart."""
        folder.mkdir()
        wanted = {video: folder / str(place) for place, video in enumerate(videos)}
        held = set()
        for video, rows in table.by_video():
            held.add(video)
            if video in wanted:
                self._numbers[video] = wanted[video]
                with wanted[video].open("ab") as file:
                    self._to_numbers(table, rows).tofile(file)
        check_videos(self.path, what, held, videos)


def _matches(name: str, pattern: str) -> bool:
    """Only * and ? have a meaning: openSMILE's own names hold brackets."""
    return fnmatchcase(name, pattern.strip().lower().replace("[", "[[]"))


def _find_times(table: Table) -> list[str]:
    """Start and end where both are there, or else the column with the time."""
    start, end, time = table.find(START), table.find(END), table.find(TIME)
    if start is not None and end is not None:
        return [start, end]
    if time is not None:
        return [time]
    found = "no column says when a frame is"
    mend = "The header must name a column time, timestamp or frameTime, or two, start and end"
    raise table.error(1, found, mend)


def _to_intervals(path: Path, video: str, times: np.ndarray) -> np.ndarray:
    """`(n, 2)` from `(n, 1)` or `(n, 2)`."""
    if times.shape[1] == 2:
        bad = times[times[:, 1] <= times[:, 0]]
        for start, end in bad[:1]:
            found = f"{len(bad):,} frames that last no time, the first from {start:g} to {end:g}"
            mend = "A frame has a start and a later end; for moments give one column, time"
            raise _error(path, video, found, mend)
        return times
    if not len(times):
        return np.zeros((0, 2))
    moments = np.unique(times)
    if len(moments) < 2:
        mend = "How long it lasts cannot be told: give columns start and end"
        raise _error(path, video, f"all frames at {moments[0]:g}", mend)
    step = float(np.median(np.diff(moments)))
    if step > LONGEST_STEP:
        mend = "Times must be in seconds: these look like milliseconds"
        raise _error(path, video, f"most frames more than {step:g} apart", mend)
    return np.concatenate([times, times + step], axis=1)


def _check_one_face(path: Path, video: str, faces: pd.Series) -> None:
    counts = faces.value_counts().sort_index()
    if len(counts) > 1:
        shown = ", ".join(f"{face:g} ({count:,} frames)" for face, count in counts[:5].items())
        mend = "Which of them speaks cannot be told: keep the rows of the speaker's face"
        raise _error(path, video, f"several faces: face_id {shown}", mend)


def _error(path: Path, video: str, found: str, mend: str) -> SourceError:
    return SourceError.at(path, found=f"the video {video!r} has {found}", mend=mend)
