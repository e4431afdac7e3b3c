"""Which columns of a table of frames are times, and which are features."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from rmfn_tf.datasets.recordings.csv_table import VIDEO, CsvTable, to_number
from rmfn_tf.datasets.recordings.word_table import END, START
from rmfn_tf.names import did_you_mean

OPENFACE = ("frame", "timestamp", "confidence", "success")
TIME = ("time", "timestamp", "frametime")


@dataclass(frozen=True)
class FrameLayout:
    """The columns of one modality, by name, the same in all its files.

    Args:
        header: all columns of the file, sorted.
        times: `("time",)` where the table says when a frame starts, or its start and its end.
        features: the F columns, in the file's order.
        left_out: columns that are neither, because they hold text or have no name.
        is_openface: written by OpenFace, where `success` 0 marks a frame without a face.
    """

    header: tuple[str, ...]
    times: tuple[str, ...]
    features: tuple[str, ...]
    left_out: tuple[str, ...]
    is_openface: bool

    def places(self, table: CsvTable, names: Sequence[str]) -> list[int]:
        """Where these columns stand in another file of the modality.

        Raises:
            SourceError: its columns are not the same.
        """
        differing = sorted(set(self.header) ^ set(table.names))
        if differing:
            shown = ", ".join(map(repr, differing[:5])) + (", ..." if differing[5:] else "")
            found = f"other columns than in the modality's first file: {shown}"
            raise table.error(1, found, "All files of a modality must have the same columns")
        return [table.names.index(name) for name in names]


def choose_layout(table: CsvTable, patterns: Sequence[str] = ()) -> FrameLayout | None:
    """Looks at the header and the first row.

    Args:
        table: OpenFace's (`frame`, `timestamp`, `confidence`, `success`), or any with a column
            `time`, `timestamp` or `frameTime`, or with `start` and `end`. Its other columns are
            features, but for `video`, for those that hold text in the first row, and for those of
            OpenFace that are none.
        patterns: names, or patterns with `*` and `?`, of the columns that are taken; none takes
            all. Upper and lower case are the same.

    Returns:
        None where the table has no rows.

    Raises:
        SourceError: no times, no features, or a pattern that is no column's.
    """
    _, first = next(table.rows(), (1, []))
    if not first:
        return None
    names = table.names
    is_openface = set(OPENFACE) <= set(names)
    times = ("timestamp",) if is_openface else _find_times(table)
    reserved = {*times, *TIME, *VIDEO, *((*OPENFACE, "face_id") if is_openface else ())}
    values = dict(zip(names, first, strict=True))
    numeric = [name for name in names if name and to_number(values[name]) is not None]
    features = [name for name in numeric if name not in reserved]
    for pattern in patterns:
        if not any(_matches(name, pattern) for name in features):
            hint = did_you_mean(pattern.strip().lower(), features)
            shown = ", ".join(features[:8]) + (", ..." if features[8:] else "")
            found = f"no feature column is called {pattern.strip()!r}"
            raise table.error(1, found, f"There are {shown or 'none'}.{hint}")
    wanted = list(patterns) or ["*"]
    taken = [name for name in features if any(_matches(name, each) for each in wanted)]
    if not taken:
        raise table.error(1, "no columns of numbers beside the times", "Features are needed")
    left_out = [name or "(no name)" for name in names if name not in (*reserved, *features)]
    return FrameLayout(tuple(sorted(names)), times, tuple(taken), tuple(left_out), is_openface)


def _matches(name: str, pattern: str) -> bool:
    """Only * and ? have a meaning: openSMILE's own names hold brackets."""
    return fnmatchcase(name, pattern.strip().lower().replace("[", "[[]"))


def _find_times(table: CsvTable) -> tuple[str, ...]:
    """Start and end where both are there, or else the column with the time."""
    start, end, time = table.find(START), table.find(END), table.find(TIME)
    if start is not None and end is not None:
        return table.names[start], table.names[end]
    if time is not None:
        return (table.names[time],)
    raise table.error(
        1,
        "no column says when a frame is",
        "The header must name a column time, timestamp or frameTime, or two, start and end",
    )
