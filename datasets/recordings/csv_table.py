"""Tables with a header: CSV with commas or semicolons, and TSV, read row by row."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.names import did_you_mean

MAX_LINE_BYTES = 2**20  # 6,373 features of openSMILE's largest set take a tenth of it
MAX_SPANS = 2**20
DELIMITERS = ",;\t"
VIDEO = ("video", "video_id", "video id")

_NOT_GIVEN = ("", "na", "n/a", "nan", "null", "none")


class Place(NamedTuple):
    """Where a row starts: offset in bytes from the file's beginning, and the line before it."""

    offset: int
    line: int


class Span(NamedTuple):
    """Rows that follow one another; None takes all to the end."""

    place: Place
    num_rows: int | None


class CsvTable:
    """A table whose header was read; its rows are read anew each time they are asked for.

    Attributes:
        path: the file.
        names: the column names, lower case, without the spaces around them. A column without a
            name, as the row numbers that pandas writes, is called "".

    Raises:
        SourceError: no such file, no header, a name twice, or not UTF-8.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise SourceError.at(path, found="no such file", mend="Name a CSV or TSV file")
        with path.open("rb") as file:
            first = next(iter(_Lines(path, file, Place(0, 0))), "")
        counts = [first.count(delimiter) for delimiter in DELIMITERS]
        self._delimiter = DELIMITERS[counts.index(max(counts))]
        header, self._start = next(self._read(Span(Place(0, 0), 1), None), ([], Place(0, 0)))
        self.names = [" ".join(name.split()).lower() for name in header]
        twice = sorted({name for name in self.names if name and self.names.count(name) > 1})
        if not any(self.names) or twice:
            found = f"the column {twice[0]!r} twice" if twice else "no header"
            raise self.error(1, found, "The first line must name each column once")

    def find(self, wanted: Iterable[str]) -> int | None:
        """The place of the first column that has one of these names, or None."""
        return next((self.names.index(name) for name in wanted if name in self.names), None)

    def need(self, wanted: Sequence[str]) -> int:
        """`find`, where the column must be there.

        Raises:
            SourceError: it is not; the message lists those that are.
        """
        column = self.find(wanted)
        if column is None:
            shown = ", ".join(map(repr, self.names[:12])) + (", ..." if self.names[12:] else "")
            mend = f"The header must name it ({' or '.join(wanted)})."
            mend += did_you_mean(wanted[0], self.names)
            raise self.error(1, f"no column {wanted[0]!r}, only {shown}", mend)
        return column

    def rows(self, spans: Iterable[Span] | None = None) -> Iterator[tuple[int, list[str]]]:
        """The line and the cells of each row, all or those of `spans`; empty lines are no rows.

        Raises:
            SourceError: a row has more or fewer cells than the header, is too long, or no UTF-8.
        """
        for span in [Span(self._start, None)] if spans is None else spans:
            for cells, place in self._read(span, len(self.names)):
                yield place.line, cells

    def spans(self, column: int) -> dict[str, list[Span]]:
        """value in a column -> where its rows lie, so that they can be read without the others.

        Raises:
            SourceError: as `rows`; an empty value; rows too much out of order to keep track of.
        """
        found: dict[str, list[Span]] = {}
        last, total, place = "", 0, self._start
        for cells, after in self._read(Span(self._start, None), len(self.names)):
            value = cells[column].strip()
            if not value:
                raise self.error(after.line, f"no {self.names[column]}", "Every row needs one")
            runs = found.setdefault(value, [])
            if value != last:
                runs.append(Span(place, 0))
                total += 1
            runs[-1] = Span(runs[-1].place, (runs[-1].num_rows or 0) + 1)
            last, place = value, after
            if total > MAX_SPANS:
                mend = f"Sort the rows by {self.names[column]}"
                raise self.error(after.line, f"the {self.names[column]} changes too often", mend)
        return found

    def number(self, line: int, cells: Sequence[str], column: int) -> float:
        """A cell as a number; NaN where it is empty or says that there is none.

        Raises:
            SourceError: it is no number.
        """
        value = to_number(cells[column])
        if value is None:
            mend = "Numbers are written with a decimal point; leave the cell empty for no value"
            found = f"{cells[column].strip()[:40]!r} is no number"
            raise self.error(line, f"column {self.names[column]!r}: {found}", mend)
        return value

    def finite(self, line: int, cells: Sequence[str], column: int) -> float:
        """`number`, where it must be there and finite."""
        value = self.number(line, cells, column)
        if not math.isfinite(value):
            found = f"column {self.names[column]!r}: {cells[column].strip()[:40]!r}"
            raise self.error(line, found, "It must be a finite number")
        return value

    def error(self, line: int, found: str, mend: str) -> SourceError:
        """A `SourceError` about one line."""
        end = "" if mend.endswith(("?", ".")) else "."
        return SourceError(f"{self.path}, line {line}: {found}. {mend}{end}")

    def _read(self, span: Span, width: int | None) -> Iterator[tuple[list[str], Place]]:
        """The cells of each row, `width` of them, and the place after it."""
        with self.path.open("rb") as file:
            lines = _Lines(self.path, file, span.place)
            reader = csv.reader(lines, delimiter=self._delimiter, skipinitialspace=True)
            rows = (cells for cells in reader if any(cell.strip() for cell in cells))
            try:
                for cells in islice(rows, span.num_rows):
                    if width not in (None, len(cells)):
                        found = f"{len(cells)} cells, where the header has {width}"
                        raise self.error(lines.place.line, found, "Mend or delete the row")
                    yield cells, lines.place
            except csv.Error as error:
                mend = "Write the table anew, as CSV"
                raise self.error(lines.place.line, str(error), mend) from error


class _Lines:
    """The lines of a file as text, none longer than a table's can be; `place` is after the last."""

    def __init__(self, path: Path, file: BinaryIO, place: Place) -> None:
        self._path, self._file, self.place = path, file, place
        file.seek(place.offset)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        data = self._file.readline(MAX_LINE_BYTES + 1)
        if not data:
            raise StopIteration
        where = f"{self._path}, line {self.place.line + 1}"
        if len(data) > MAX_LINE_BYTES:
            raise SourceError(f"{where}: more than {MAX_LINE_BYTES:,} bytes. Is it a CSV file?")
        try:
            text = data.decode("utf-8" if self.place.offset else "utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"{where}: it is not UTF-8. Save the table as UTF-8.") from error
        self.place = Place(self.place.offset + len(data), self.place.line + 1)
        return text


def to_number(cell: str) -> float | None:
    """The cell as a number; NaN where it is empty or says "NA" or the like; None: it is text."""
    try:
        return float(cell)
    except ValueError:
        return math.nan if cell.strip().lower() in _NOT_GIVEN else None
