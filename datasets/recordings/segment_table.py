"""Labelled segments from a CSV or TSV table: `video`, `start`, `end` and the labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rmfn_tf.datasets.recordings.csv_table import VIDEO, CsvTable, to_number
from rmfn_tf.datasets.recordings.word_table import END, START
from rmfn_tf.datasets.sources.sample import SPLITS
from rmfn_tf.names import did_you_mean

MAX_SEGMENTS = 2**20

_ALIASES = {"training": "train", "val": "validation", "valid": "validation", "dev": "validation"}


@dataclass(frozen=True, eq=False)
class SegmentTable:
    """S segments in the file's order.

    Args:
        videos: `(S,)` the recording of each.
        ids: `(S,)` names, each once: the column `id`, or `VIDEO[ROW]`, the row of its video.
        intervals: `(S, 2)` seconds.
        labels: `(S, C)` float64, finite.
        columns: the C names.
        splits: `(S,)` train, validation or test, no video in two; None where the file has none.
        left_out: columns that are not used.
    """

    videos: np.ndarray
    ids: np.ndarray
    intervals: np.ndarray
    labels: np.ndarray
    columns: tuple[str, ...]
    splits: np.ndarray | None
    left_out: tuple[str, ...]


def read_segments(table: CsvTable, labels: Sequence[str] = ()) -> SegmentTable:
    """One labelled example a row.

    Args:
        table: with columns `video`, `start` and `end`, optional `split` and `id`, and labels.
        labels: the label columns; none takes all other columns of numbers.

    Raises:
        SourceError: a column lacks, a time or a label is no finite number, an id is there twice,
            a split has another name, or a video is in two.
    """
    video, start, end = (table.need(names) for names in (VIDEO, START, END))
    split, name = table.find(["split"]), table.find(["id"])
    lines, rows = _read_rows(table)
    reserved = {video, start, end, split, name}
    others = [column for column in range(len(table.names)) if column not in reserved]
    chosen = _find_labels(table, labels, others) if labels else _find_numbers(rows, table, others)
    if not chosen:
        raise table.error(1, "no label column", "A column of numbers beside video, start and end")
    videos = [cells[video].strip() for cells in rows]
    if "" in videos:
        raise table.error(lines[videos.index("")], "no video", "Every segment needs one")
    found = list(zip(lines, rows, strict=True))
    return SegmentTable(
        videos=np.array(videos, str),
        ids=np.array(_make_ids(table, lines, rows, videos, name), str),
        intervals=np.array(
            [[table.finite(line, cells, each) for each in (start, end)] for line, cells in found]
        ),
        labels=np.array(
            [[table.finite(line, cells, each) for each in chosen] for line, cells in found]
        ),
        columns=tuple(table.names[column] for column in chosen),
        splits=None if split is None else _read_splits(table, lines, rows, videos, split),
        left_out=tuple(
            table.names[column] or "(no name)" for column in others if column not in chosen
        ),
    )


def _read_rows(table: CsvTable) -> tuple[list[int], list[list[str]]]:
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, cells in table.rows():
        lines.append(line)
        rows.append(cells)
        if len(rows) > MAX_SEGMENTS:
            raise table.error(line, f"more than {MAX_SEGMENTS:,} segments", "Cut the table up")
    if not rows:
        raise table.error(1, "no rows", "One labelled segment a row is needed")
    return lines, rows


def _find_labels(table: CsvTable, labels: Sequence[str], others: Sequence[int]) -> list[int]:
    known = [table.names[column] for column in others]
    wanted = [" ".join(label.split()).lower() for label in labels]
    for label in wanted:
        if label not in known:
            mend = f"There are {', '.join(known) or 'none'}.{did_you_mean(label, known)}"
            raise table.error(1, f"no label column {label!r}", mend)
    return [table.names.index(label) for label in dict.fromkeys(wanted)]


def _find_numbers(
    rows: Sequence[Sequence[str]], table: CsvTable, others: Sequence[int]
) -> list[int]:
    """Columns that hold more numbers than text: text among them is then told as an error."""
    return [
        column
        for column in others
        if table.names[column] and _is_mostly_numbers([cells[column] for cells in rows])
    ]


def _is_mostly_numbers(cells: Sequence[str]) -> bool:
    values = [to_number(cell) for cell in cells]
    return sum(value is not None and not math.isnan(value) for value in values) > values.count(None)


def _make_ids(
    table: CsvTable,
    lines: Sequence[int],
    rows: Sequence[Sequence[str]],
    videos: Sequence[str],
    column: int | None,
) -> list[str]:
    seen: dict[str, int] = {}
    ids: dict[str, int] = {}
    for line, cells, video in zip(lines, rows, videos, strict=True):
        number = seen[video] = seen.get(video, -1) + 1
        name = f"{video}[{number}]" if column is None else cells[column].strip()
        if not name or ids.setdefault(name, line) != line:
            found = f"the id {name!r} of line {ids[name]} again" if name else "no id"
            raise table.error(line, found, "Every segment needs an id of its own")
    return list(ids)


def _read_splits(
    table: CsvTable,
    lines: Sequence[int],
    rows: Sequence[Sequence[str]],
    videos: Sequence[str],
    column: int,
) -> np.ndarray:
    splits: list[str] = []
    home: dict[str, str] = {}
    for line, cells, video in zip(lines, rows, videos, strict=True):
        text = cells[column].strip().lower()
        split = _ALIASES.get(text, text)
        if split not in SPLITS:
            found = f"the split {cells[column].strip()[:40]!r}"
            raise table.error(line, found, f"A split is {', '.join(SPLITS)}")
        if home.setdefault(video, split) != split:
            found = f"the video {video[:80]!r} in {split}, and in {home[video]} before"
            mend = "No video may be in two splits, or a model is judged on what it has seen"
            raise table.error(line, found, mend)
        splits.append(split)
    return np.array(splits, str)
