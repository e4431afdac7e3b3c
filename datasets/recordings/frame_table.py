"""Frames of one recording from a CSV or TSV table: OpenFace's, openSMILE's, or any with times."""

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from rmfn_tf.datasets.alignment import Frames
from rmfn_tf.datasets.recordings.csv_table import CsvTable, Span
from rmfn_tf.datasets.recordings.frame_layout import FrameLayout

MAX_VALUES = 2**26  # of one recording: half a GiB; an hour of OpenFace's 709 at 25 Hz
LONGEST_STEP = 10.0  # seconds between frames: more are milliseconds


@dataclass(frozen=True, eq=False)
class FrameReading:
    """What a table holds of one recording.

    Args:
        frames: n frames, those without a value (an empty cell, NaN) among them.
        num_failed: frames left out because OpenFace found no face in them.
        num_not_finite: frames among the n that hold NaN or infinities.
    """

    frames: Frames
    num_failed: int
    num_not_finite: int


def read_frames(
    table: CsvTable, layout: FrameLayout, spans: Iterable[Span] | None = None
) -> FrameReading:
    """The frames of one recording.

    A frame of a table with one time lasts from there for the median step between the times of the
    whole recording, failed frames among them.

    Args:
        table: the file.
        layout: which columns are what.
        spans: the recording's rows; None takes all.

    Raises:
        SourceError: a cell that is no number, a time that is not finite, times that cannot be
            seconds, or, in OpenFace's tables, more than one face: which of them speaks cannot be
            told from the table.
    """
    extra = ["success"] if layout.is_openface else []
    if layout.is_openface and "face_id" in layout.header:
        extra.append("face_id")
    columns = layout.places(table, [*layout.times, *extra, *layout.features])
    num_times = len(layout.times)
    values = _read_values(table, columns, num_times, spans)
    intervals = _to_intervals(table, values[:, :num_times])
    features = values[:, num_times + len(extra) :]
    kept = np.ones(len(values), bool)
    if "success" in extra:
        kept = values[:, num_times] == 1
    if "face_id" in extra:
        _check_one_face(table, values[kept, num_times + 1])
    features = np.ascontiguousarray(features[kept])
    not_finite = ~np.isfinite(features).all(axis=1)
    return FrameReading(
        Frames(features, intervals[kept]),
        num_failed=int(np.count_nonzero(~kept)),
        num_not_finite=int(np.count_nonzero(not_finite)),
    )


def _read_values(
    table: CsvTable, columns: list[int], num_times: int, spans: Iterable[Span] | None
) -> np.ndarray:
    """`(n, columns)` float64."""
    values = array("d")
    pick = itemgetter(*columns)
    for line, cells in table.rows(spans):
        try:
            row = list(map(float, pick(cells)))
        except ValueError:  # an empty cell, or text
            row = [table.number(line, cells, column) for column in columns]
        if not all(map(math.isfinite, row[:num_times])):
            raise table.error(line, "a frame without a time", "Times must be finite numbers")
        values.extend(row)
        if len(values) > MAX_VALUES:
            mend = "Take fewer columns (--columns), or cut the recording into parts"
            raise table.error(line, f"more than {MAX_VALUES:,} values in one recording", mend)
    return np.frombuffer(values, float).reshape(-1, len(columns))


def _to_intervals(table: CsvTable, times: np.ndarray) -> np.ndarray:
    if not len(times):
        return np.zeros((0, 2))
    if times.shape[1] == 2:
        bad = np.flatnonzero(times[:, 1] <= times[:, 0])
        if bad.size:
            start, end = times[bad[0]]
            found = f"{bad.size:,} frames that last no time, the first from {start:g} to {end:g}"
            mend = "A frame has a start and a later end; for moments give one column, time"
            raise table.error(1, found, mend)
        return times
    moments = np.unique(times)
    if len(moments) < 2:
        mend = "How long it lasts cannot be told: give columns start and end"
        raise table.error(1, f"all frames are at {moments[0]:g}", mend)
    step = float(np.median(np.diff(moments)))
    if step > LONGEST_STEP:
        found = f"half of the frames are more than {step:g} apart"
        raise table.error(1, found, "Times must be in seconds: are these milliseconds?")
    return np.concatenate([times, times + step], axis=1)


def _check_one_face(table: CsvTable, faces: np.ndarray) -> None:
    ids, counts = np.unique(faces, return_counts=True)
    if len(ids) > 1:
        pairs = zip(ids[:5], counts[:5], strict=True)
        shown = ", ".join(f"{face:g} ({count:,} frames)" for face, count in pairs)
        raise table.error(
            1,
            f"several faces: face_id {shown}",
            "Which of them speaks cannot be told: keep the rows of the speaker's face",
        )
