"""Frames of recordings from tables: OpenFace's, openSMILE's, or any others with times."""

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rmfn_tf.datasets.alignment.align import Frames, Words
from rmfn_tf.datasets.recordings.tables import (
    END,
    START,
    TABLES,
    VIDEO,
    Table,
    check_videos,
    find_files,
    no_such_path,
    to_number,
)
from rmfn_tf.datasets.source import Report, SourceError
from rmfn_tf.names import did_you_mean, shorten

OPENFACE = ("frame", "timestamp", "confidence", "success")
TIME = ("time", "timestamp", "frametime")
FARTHEST = 10  # Frames may go on after the last word, but ten times as long means another unit.


class FrameFiles:
    """The frames of one modality: a folder with a table for each video, or one table for all.

    A table has a column for the time, or one for the start and one for the end. Features are all
    others without text in the first row that is read, except `video` and those of OpenFace that are
    not features; `patterns` choose among them. One table for all may be larger than the memory, so
    its rows are kept in the folder `scratch`, a file of numbers for each video.

    `summary` describes the frames that were read so far: `columns` (the features), `left_out`
    (columns of text or without a name), and how many `frames` there are, how many `failed`
    (OpenFace found no face, so they are left out), how many are `not_finite` (with NaN or
    infinities: left out in default mode), and how many videos have none (`videos_without`).
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
        if not path.exists():
            raise no_such_path(path)
        self._files = find_files(path, what, TABLES, videos) if path.is_dir() else {}
        self._numbers: dict[str, Path] = {}
        for each in list(self._files.values()) or [path]:  # in the order of the videos
            table = Table(each, report)
            first = next(table.chunks(), None)
            if first is not None:
                break
        else:
            raise SourceError.at(path, found=f"no {what}", mend="A table must have rows")
        self._choose_columns(table, first.iloc[0], patterns)
        if not self._files:
            self._sort(what, table, videos, scratch / name)

    def read(self, video: str, words: Words) -> Frames:
        """The frames of one video, also those that lack a value (an empty cell, NaN).

        Where a table gives one time, a frame starts there and lasts for the median step between
        the times of the recording. Times that look like another unit than the words' are refused.
        """
        parts = [np.zeros((0, len(self._columns)))]
        if video in self._files:
            table = Table(self._files[video], self._report)
            parts += [self._to_numbers(table, rows) for rows in table.chunks()]
        elif video in self._numbers:
            parts.append(np.fromfile(self._numbers[video]).reshape(-1, len(self._columns)))
        values = pd.DataFrame(np.concatenate(parts), columns=self._columns)
        intervals = self._to_intervals(video, values[self._times].to_numpy())
        seen = np.ones(len(values), bool)
        if "success" in self._checks:
            seen = values["success"].to_numpy() == 1
        if "face_id" in self._checks:
            faces = values["face_id"][seen].value_counts().sort_index()
            if len(faces) > 1:
                shown = [f"{face:g} ({count:,} frames)" for face, count in faces[:5].items()]
                found = f"several faces: face_id {', '.join(shown)}"
                mend = "Which of them speaks cannot be told: keep the rows of the speaker's face"
                raise self._error(video, found, mend)
        frames = Frames(values[self.summary["columns"]].to_numpy()[seen], intervals[seen])
        last_frame, last_word = (each.intervals[:, 1].max(initial=0) for each in (frames, words))
        if len(words) and last_frame > FARTHEST * (last_word + 1):
            found = f"frames up to {last_frame:g}, and words up to {last_word:g}"
            mend = "Both must be in seconds: one looks like milliseconds or frame numbers"
            raise self._error(video, found, mend)
        self.summary["frames"] += len(frames.features)
        self.summary["failed"] += int((~seen).sum())
        self.summary["not_finite"] += int((~np.isfinite(frames.features)).any(axis=1).sum())
        self.summary["videos_without"] += int(not len(frames.features))
        return frames

    def _choose_columns(self, table: Table, first: pd.Series, patterns: Sequence[str]) -> None:
        names = self._header = table.names
        is_openface = set(OPENFACE) <= set(names)
        start, end, time = (table.find(wanted) for wanted in (START, END, TIME))
        self._times = [start, end] if start and end else [time] if time else []
        if not self._times:
            mend = "The header must name a column time, timestamp or frameTime, or start and end"
            raise table.error(1, "no column says when a frame is", mend)
        self._checks = [name for name in ("success", "face_id") if is_openface and name in names]
        reserved = {*self._times, *TIME, *VIDEO, *((*OPENFACE, "face_id") if is_openface else ())}
        features = [
            name
            for name, cell in zip(names, first, strict=True)
            if name and name not in reserved and to_number(cell) is not None
        ]
        if not features:
            raise table.error(1, "no columns of numbers beside the times", "Features are needed")
        taken: set[str] = set()
        for pattern in map(str.strip, patterns or ["*"]):
            # Only * and ? have a meaning: openSMILE's own names hold brackets.
            matches = fnmatch.filter(features, pattern.lower().replace("[", "[[]"))
            if not matches:
                mend = f"There are {shorten(features, 8)}.{did_you_mean(pattern.lower(), features)}"
                raise table.error(1, f"no feature column is called {pattern!r}", mend)
            taken.update(matches)
        columns = [name for name in features if name in taken]
        left_out = [name or "(no name)" for name in names if name not in {*reserved, *features}]
        self._columns = [*self._times, *self._checks, *columns]
        counts = dict.fromkeys(("frames", "failed", "not_finite", "videos_without"), 0)
        self.summary: dict[str, Any] = {"columns": columns, "left_out": left_out, **counts}

    def _to_numbers(self, table: Table, rows: pd.DataFrame) -> np.ndarray:
        """`(rows, columns)` float64."""
        differing = sorted(map(repr, set(self._header) ^ set(table.names)))
        if differing:
            found = f"other columns than in the modality's first file: {shorten(differing)}"
            raise table.error(1, found, "All files of a modality must have the same columns")
        times = table.numbers(rows[self._times], finite=True)
        for row, _ in np.argwhere(np.diff(times) <= 0)[:1]:
            mend = "A frame has a start and a later end; for moments give one column, time"
            raise table.error(rows.index[row], "a frame that lasts no time", mend)
        return table.numbers(rows[self._columns])

    def _sort(self, what: str, table: Table, videos: Sequence[str], folder: Path) -> None:
        """Writes the rows of the one table to a file of numbers for each wanted video."""
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

    def _to_intervals(self, video: str, times: np.ndarray) -> np.ndarray:
        """`(n, 2)` from `(n, 1)` or `(n, 2)`."""
        if times.shape[1] == 2 or not len(times):
            return times.reshape(-1, 2)
        moments = np.unique(times)
        if len(moments) < 2:
            mend = "How long it lasts cannot be told: give columns start and end"
            raise self._error(video, f"all frames at {moments[0]:g}", mend)
        return np.concatenate([times, times + np.median(np.diff(moments))], axis=1)

    def _error(self, video: str, found: str, mend: str) -> SourceError:
        path = self._files.get(video, self.path)
        return SourceError.at(path, found=f"the video {video!r} has {found}", mend=mend)
