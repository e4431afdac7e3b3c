"""Tables with a header (CSV with commas or semicolons, TSV), and the labelled segments in one."""

import csv
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from rmfn_tf.datasets.source import SPLITS, Report, SourceError
from rmfn_tf.names import did_you_mean

CHUNK = 2**20  # cells that are in memory as text at a time

TABLES = (".csv", ".tsv")  # files of tables in a folder
VIDEO = ("video", "video_id", "video id")
START = ("start", "begin", "xmin", "start_time", "start time", "onset")
END = ("end", "stop", "xmax", "end_time", "end time", "offset")

_NOT_GIVEN = ("", "na", "n/a", "nan", "null", "none")
_SPLITS = {"training": "train", "val": "validation", "valid": "validation", "dev": "validation"}


class Table:
    """A table whose header was read; its rows are read anew each time they are asked for.

    The cells come by Python's `csv` rather than `pandas.read_csv`, which fills rows that are cut
    short in silence and does not know on which line a row stands.

    Args:
        path: the file, UTF-8.
        report: told of the file whenever a part of it is read.

    Attributes:
        names: the column names, lower case, without the spaces around them. A column without a
            name, as the row numbers that pandas writes, is called "".

    Raises:
        SourceError: no such file, no header, a name twice, or not UTF-8.
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
        """All rows, some at a time: cells as text, indexed by their lines; empty lines are no rows.

        Raises:
            SourceError: a row has more or fewer cells than the header, or is no UTF-8.
        """
        rows = islice(self._rows(), 1, None)
        while chunk := list(islice(rows, max(1, CHUNK // len(self.names)))):
            self._report(self.path)
            lines, cells = zip(*chunk, strict=True)
            yield pd.DataFrame(cells, index=lines, columns=self.names, dtype=object)

    def rows(self) -> pd.DataFrame:
        """All rows at once."""
        none = pd.DataFrame(columns=self.names, dtype=object)
        return pd.concat(list(self.chunks()) or [none])

    def by_video(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Rows of one video after another, as they lie in the file: a video may come again.

        Raises:
            SourceError: as `chunks`; no column `video`, or nothing in it.
        """
        column = self.need(VIDEO)
        for rows in self.chunks():
            videos = rows[column].str.strip()
            self.refuse(videos == "", f"no {column}", "Every row needs one")
            yield from rows.groupby(videos, sort=False)

    def find(self, wanted: Sequence[str]) -> str | None:
        """The first of these names that is a column's, or None."""
        return next((name for name in wanted if name in self.names), None)

    def need(self, wanted: Sequence[str]) -> str:
        """`find`, where the column must be there.

        Raises:
            SourceError: it is not; the message lists those that are.
        """
        name = self.find(wanted)
        if name is None:
            shown = ", ".join(map(repr, self.names[:12])) + (", ..." if self.names[12:] else "")
            mend = f"The header must name it ({' or '.join(wanted)})."
            mend += did_you_mean(wanted[0], self.names)
            raise self.error(1, f"no column {wanted[0]!r}, only {shown}", mend)
        return name

    def numbers(self, rows: pd.DataFrame) -> np.ndarray:
        """`(rows, columns)` float64; NaN where a cell is empty or says that there is none.

        Raises:
            SourceError: a cell is no number.
        """
        cells = rows.to_numpy(object)
        try:
            return cells.astype(float)
        except ValueError:  # an empty cell, or text
            values = [[to_number(cell) for cell in row] for row in cells]
        for row, numbers in enumerate(values):
            if None in numbers:
                column = numbers.index(None)
                found = f"column {rows.columns[column]!r}: {cells[row, column].strip()[:40]!r}"
                mend = "Numbers are written with a decimal point; leave the cell empty for no value"
                raise self.error(rows.index[row], f"{found} is no number", mend)
        return np.array(values, float)

    def finite(self, rows: pd.DataFrame) -> np.ndarray:
        """`numbers`, where all must be there and finite."""
        values = self.numbers(rows)
        for row, column in np.argwhere(~np.isfinite(values))[:1]:
            found = f"column {rows.columns[column]!r}: {rows.iat[row, column].strip()[:40]!r}"
            raise self.error(rows.index[row], found, "It must be a finite number")
        return values

    def refuse(self, wrong: pd.Series, found: str | pd.Series, mend: str) -> None:
        """A `SourceError` about the first row where `wrong` is true, if there is any.

        Args:
            wrong: bool, by line.
            found: what stands there, or a text for each row.
            mend: how to mend it.
        """
        if wrong.any():
            line = wrong.idxmax()
            raise self.error(line, found if isinstance(found, str) else found[line], mend)

    def error(self, line: int, found: str, mend: str) -> SourceError:
        """A `SourceError` about one line."""
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
    """The cell as a number; NaN where it is empty or says "NA" or the like; None: it is text."""
    try:
        return float(cell)
    except ValueError:
        return math.nan if cell.strip().lower() in _NOT_GIVEN else None


def find_files(
    path: Path, what: str, suffixes: Sequence[str], videos: Collection[str]
) -> dict[str, Path]:
    """video -> its file, called by the video's id, in a folder or its subfolders.

    Args:
        path: the folder.
        what: the files hold, for messages.
        suffixes: that are taken, lower case.
        videos: those that are wanted; not all need to be there.

    Raises:
        SourceError: no files of these suffixes, none of these videos, or several of one.
    """
    found: dict[str, list[Path]] = {}
    for each in sorted(path.rglob("*")):
        if each.suffix.lower() in suffixes and each.is_file():
            found.setdefault(each.stem, []).append(each)
    if not found:
        mend = f"It must hold a file for each video, called <video>{suffixes[0]}"
        raise SourceError.at(path, found=f"no files {', '.join(suffixes)}", mend=mend)
    check_videos(path, what, found, videos)
    for video in found.keys() & videos:
        if len(found[video]) > 1:
            shown = ", ".join(str(file.relative_to(path)) for file in found[video][:4])
            text = f"{len(found[video])} files of the video {video!r}: {shown}"
            raise SourceError.at(path, found=text, mend="Leave one of them there")
    return {video: found[video][0] for video in found.keys() & videos}


def check_videos(path: Path, what: str, found: Collection[str], videos: Collection[str]) -> None:
    """A `SourceError` where none of the videos that were found is one of those wanted."""
    if not set(videos) & set(found):
        shown = ", ".join(map(repr, sorted(found)[:3]))
        raise SourceError.at(
            path,
            found=f"no {what} of any video of the segments, only of {shown or 'none'}",
            mend="Files, or the column video, must bear the segments' video ids",
        )


@dataclass(frozen=True, eq=False)
class Segments:
    """S labelled segments in the file's order.

    Args:
        rows: S rows with the columns `video`; `id`, each once (the column `id`, or `VIDEO[ROW]`,
            the row of its video); `start` and `end` in seconds; and `split` (train, validation or
            test, no video in two; None in all where the file has none).
        labels: `(S, C)` float64, finite.
        columns: names of the C labels.
        left_out: columns that are not used.
    """

    rows: pd.DataFrame
    labels: np.ndarray
    columns: tuple[str, ...]
    left_out: tuple[str, ...]


def read_segments(table: Table, labels: Sequence[str] = ()) -> Segments:
    """One labelled example a row.

    Args:
        table: with columns `video`, `start` and `end`, optional `split` and `id`, and labels.
        labels: the label columns; none takes all other columns of numbers.

    Raises:
        SourceError: a column lacks, a time or a label is no finite number, an id is there twice,
            a split has another name, or a video is in two.
    """
    rows = table.rows()
    video, start, end = (table.need(names) for names in (VIDEO, START, END))
    if rows.empty:
        raise table.error(1, "no rows", "One labelled segment a row is needed")
    reserved = {video, start, end, "split", "id"}
    others = [name for name in table.names if name not in reserved]
    columns = _choose_labels(table, rows, labels, others)
    videos = rows[video].str.strip()
    table.refuse(videos == "", "no video", "Every segment needs one")
    found = pd.DataFrame({"video": videos, "id": _ids(table, rows, videos)})
    found[["start", "end"]] = table.finite(rows[[start, end]])
    found["split"] = _splits(table, rows["split"], videos) if "split" in rows else None
    return Segments(
        rows=found.reset_index(drop=True),
        labels=table.finite(rows[columns]),
        columns=tuple(columns),
        left_out=tuple(name or "(no name)" for name in others if name not in columns),
    )


def _choose_labels(
    table: Table, rows: pd.DataFrame, labels: Sequence[str], others: Sequence[str]
) -> list[str]:
    """Those asked for; or else columns that hold more numbers than text: text among them is then
    told as an error."""
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


def _ids(table: Table, rows: pd.DataFrame, videos: pd.Series) -> pd.Series:
    if "id" not in rows:
        return videos + "[" + videos.groupby(videos).cumcount().astype(str) + "]"
    ids = rows["id"].str.strip()
    table.refuse(ids == "", "no id", "Every segment needs an id of its own")
    lines = pd.Series(ids.index, ids.index).groupby(ids).transform("first").astype(str)
    found = "the id " + ids.map(repr) + " of line " + lines + " again"
    table.refuse(ids.duplicated(), found, "Every segment needs an id of its own")
    return ids


def _splits(table: Table, cells: pd.Series, videos: pd.Series) -> pd.Series:
    splits = cells.str.strip().str.lower().replace(_SPLITS)
    found = "the split " + cells.str.strip().str[:40].map(repr)
    table.refuse(~splits.isin(SPLITS), found, f"A split is {', '.join(SPLITS)}")
    first = splits.groupby(videos).transform("first")
    found = "the video " + videos.str[:80].map(repr) + " in " + splits + ", and in " + first
    mend = "No video may be in two splits, or a model is judged on what it has seen"
    table.refuse(splits != first, found + " before", mend)
    return splits
