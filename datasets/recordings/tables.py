"""Tables with a header (CSV with commas or semicolons, TSV), and the labelled segments in one."""

import csv
import math
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from rmfn_tf.datasets.source import SPLITS, Report, SourceError
from rmfn_tf.names import did_you_mean, shorten

CHUNK = 2**20  # cells that are in memory as text at a time

TABLES = (".csv", ".tsv")  # files of tables in a folder
VIDEO = ("video", "video_id", "video id")
START = ("start", "begin", "xmin", "start_time", "start time", "onset")
END = ("end", "stop", "xmax", "end_time", "end time", "offset")

_NOT_GIVEN = ("", "na", "n/a", "nan", "null", "none")
_SPLITS = {"training": "train", "val": "validation", "valid": "validation", "dev": "validation"}


def no_such_path(path: Path) -> SourceError:
    """The error where neither a folder of files nor one table for all videos is there."""
    mend = "Name a folder with a file for each video, or one CSV or TSV file"
    return SourceError.at(path, found="no such file or folder", mend=mend)


class Table:
    """A table whose header was read; its rows are read anew each time they are asked for.

    Cells are read by Python's `csv` and not by `pandas.read_csv`, which silently fills rows that
    are cut short and does not know on which line a row stands. The column `names` are in lower
    case; a column without a name, as pandas writes for row numbers, is called "".
    """

    def __init__(self, path: Path, report: Report = lambda path: None) -> None:
        self.path, self._report = path, report
        if not path.is_file():
            raise SourceError.at(path, found="no such file", mend="Name a CSV or TSV file")
        first = next((line for line in self._lines() if line.strip()), "")
        self._delimiter = max(",;\t", key=first.count)
        _, header = next(self._rows(), (1, []))
        self.names = [" ".join(name.split()).lower() for name in header]
        twice = sorted({name for name in self.names if name and self.names.count(name) > 1})
        if not any(self.names) or twice:
            found = f"the column {twice[0]!r} twice" if twice else "no header"
            raise self.error(1, found, "The first line must name each column once")

    def chunks(self) -> Iterator[pd.DataFrame]:
        """All rows, some at a time: cells as text, indexed by their lines, without empty lines."""
        rows = islice(self._rows(), 1, None)
        while chunk := list(islice(rows, max(1, CHUNK // len(self.names)))):
            self._report(self.path)
            lines, cells = zip(*chunk, strict=True)
            yield pd.DataFrame(cells, index=lines, columns=self.names, dtype=object)

    def rows(self) -> pd.DataFrame:
        none = pd.DataFrame(columns=self.names, dtype=object)
        return pd.concat(list(self.chunks()) or [none])

    def by_video(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """A video and rows of it, in the file's order: the same video may come again."""
        column = self.need(VIDEO)
        for rows in self.chunks():
            videos = rows[column].str.strip()
            if (videos == "").any():
                raise self.error((videos == "").idxmax(), f"no {column}", "Every row needs one")
            yield from rows.groupby(videos, sort=False)

    def find(self, wanted: Sequence[str]) -> str | None:
        return next((name for name in wanted if name in self.names), None)

    def need(self, wanted: Sequence[str]) -> str:
        name = self.find(wanted)
        if name is None:
            held = shorten(list(map(repr, self.names)), 12)
            hint = did_you_mean(wanted[0], self.names)
            mend = f"The header must name it ({' or '.join(wanted)}).{hint}"
            raise self.error(1, f"no column {wanted[0]!r}, only {held}", mend)
        return name

    def numbers(self, rows: pd.DataFrame, *, finite: bool = False) -> np.ndarray:
        """`(rows, columns)` float64; NaN where a cell is empty or says "NA" or the like.

        A `SourceError` names a cell that is not a number, or not finite where all must be `finite`.
        """
        cells = rows.to_numpy(object)
        try:
            values = cells.astype(float)
            is_text = np.zeros(values.shape, bool)
        except ValueError:  # an empty cell, or text
            found = [[to_number(cell) for cell in row] for row in cells]
            values = np.array(found, float)  # None becomes NaN
            is_text = np.array([[value is None for value in row] for row in found])
        for row, column in np.argwhere(~np.isfinite(values) if finite else is_text)[:1]:
            cell = f"column {rows.columns[column]!r}: {cells[row, column].strip()[:40]!r}"
            mend = "Write it with a decimal point; features may be empty, times and labels not"
            raise self.error(rows.index[row], f"{cell} is not a number", mend)
        return values

    def error(self, line: int, found: str, mend: str) -> SourceError:
        end = "" if mend.endswith(("?", ".")) else "."
        return SourceError(f"{self.path}, line {line}: {found}. {mend}{end}")

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line and cells of the header and of each row."""
        reader = csv.reader(self._lines(), delimiter=self._delimiter, skipinitialspace=True)
        width = 0
        try:
            for cells in reader:
                if not any(map(str.strip, cells)):
                    continue
                width = width or len(cells)
                if len(cells) != width:
                    found = f"{len(cells)} cells, where the header has {width}"
                    raise self.error(reader.line_num, found, "Mend or delete the row")
                yield reader.line_num, cells
        except csv.Error as error:
            mend = "Write the table anew, as CSV"
            raise self.error(reader.line_num, str(error), mend) from error

    def _lines(self) -> Iterator[str]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield line.decode("utf-8" if number > 1 else "utf-8-sig")
                except UnicodeDecodeError as error:
                    mend = "Save the table as UTF-8"
                    raise self.error(number, "it is not UTF-8", mend) from error


def to_number(cell: str) -> float | None:
    """The cell as a number; NaN where it is empty or says "NA" or the like, None if it is text."""
    try:
        return float(cell)
    except ValueError:
        return math.nan if cell.strip().lower() in _NOT_GIVEN else None


def find_files(
    path: Path, what: str, suffixes: Sequence[str], videos: Collection[str]
) -> dict[str, Path]:
    """Video of `videos` -> the file named after it, in a folder or its subfolders."""
    found: dict[str, list[Path]] = {}
    for each in sorted(path.rglob("*")):
        if each.suffix.lower() in suffixes and each.is_file():
            found.setdefault(each.stem, []).append(each)
    check_videos(path, f"{what} ({', '.join(suffixes)})", found, videos)
    wanted = {video: found[video] for video in videos if video in found}
    for video, files in wanted.items():
        if len(files) > 1:
            shown = ", ".join(str(file.relative_to(path)) for file in files[:4])
            text = f"{len(files)} files of the video {video!r}: {shown}"
            raise SourceError.at(path, found=text, mend="Leave one of them there")
    return {video: files[0] for video, files in wanted.items()}


def check_videos(path: Path, what: str, found: Collection[str], videos: Collection[str]) -> None:
    """A `SourceError` where none of the videos that were found is one of those wanted."""
    if not set(videos) & set(found):
        shown = ", ".join(map(repr, sorted(found)[:3])) or "none"
        text = f"no {what} of any video of the segments, only of {shown}"
        mend = "Files, or the column video, must bear the segments' video ids"
        raise SourceError.at(path, found=text, mend=mend)


def read_segments(
    table: Table, labels: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """One labelled example a row.

    The columns `video`, `start` and `end` must be there. Without a column `id` an example is called
    `VIDEO[ROW]`, by its row among those of its video. `labels` names the label columns; without
    names, all other columns of numbers are labels.

    Returns:
        In the file's order, indexed from 0: rows of `video`, `id`, `start` and `end` in seconds,
        and `split`, which is None in all where the file has none; the labels, finite numbers; and
        the columns that are not used.
    """
    rows = table.rows()
    video, start, end = (table.need(names) for names in (VIDEO, START, END))
    if rows.empty:
        raise table.error(1, "no rows", "One labelled segment a row is needed")
    others = [name for name in table.names if name not in {video, start, end, "split", "id"}]
    columns = _choose_labels(table, rows, labels, others)
    found = pd.DataFrame({"video": rows[video].str.strip()})
    place = found.groupby("video").cumcount().astype(str)
    found["id"] = rows["id"].str.strip() if "id" in rows else found["video"] + "[" + place + "]"
    found[["start", "end"]] = table.numbers(rows[[start, end]], finite=True)
    found["split"] = None
    if "split" in rows:
        found["split"] = rows["split"].str.strip().str.lower().replace(_SPLITS)
    _check_segments(table, found)
    scores = pd.DataFrame(table.numbers(rows[columns], finite=True), columns=columns)
    left_out = [name or "(no name)" for name in others if name not in columns]
    return found.reset_index(drop=True), scores, left_out


def _choose_labels(
    table: Table, rows: pd.DataFrame, labels: Sequence[str], others: Sequence[str]
) -> list[str]:
    """Those asked for, or else all that hold more numbers than text; text in one of these is an
    error later."""
    wanted = list(dict.fromkeys(" ".join(label.split()).lower() for label in labels))
    for label in wanted:
        if label not in others:
            mend = f"There are {', '.join(others) or 'none'}.{did_you_mean(label, others)}"
            raise table.error(1, f"no label column {label!r}", mend)
    if wanted:
        return wanted
    for name in filter(None, others):
        values = [to_number(cell) for cell in rows[name]]
        numbers = sum(value is not None and not math.isnan(value) for value in values)
        if numbers > values.count(None):
            wanted.append(name)
    if not wanted:
        raise table.error(1, "no label column", "A column of numbers beside video, start and end")
    return wanted


def _check_segments(table: Table, rows: pd.DataFrame) -> None:
    """A `SourceError` about the first row whose video, id or split cannot be right."""
    lines: dict[str, int] = {}  # of each id
    home: dict[str, str] = {}  # video -> split
    for line, video, name, split in rows[["video", "id", "split"]].itertuples():
        if not video or not name:
            raise table.error(line, "no id" if video else "no video", "Every segment needs one")
        if lines.setdefault(name, line) != line:
            mend = "Every segment needs an id of its own"
            raise table.error(line, f"the id {name!r} of line {lines[name]} again", mend)
        if split is not None and split not in SPLITS:
            raise table.error(line, f"the split {split!r}", f"A split is {', '.join(SPLITS)}")
        if home.setdefault(video, split) != split:
            found = f"the video {video!r} in {split}, and in {home[video]} before"
            mend = "No video may be in two splits, or a model is judged on what it has seen"
            raise table.error(line, found, mend)
