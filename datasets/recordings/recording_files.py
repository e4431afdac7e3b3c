"""The words and the frames of each recording: a file for each, or one file for all."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rmfn_tf.datasets.alignment import Words
from rmfn_tf.datasets.recordings.csv_table import VIDEO, CsvTable, Span
from rmfn_tf.datasets.recordings.frame_layout import FrameLayout, choose_layout
from rmfn_tf.datasets.recordings.frame_table import FrameReading, read_frames
from rmfn_tf.datasets.recordings.textgrid import read_textgrid
from rmfn_tf.datasets.recordings.word_table import read_word_table
from rmfn_tf.datasets.sources.errors import SourceError

TABLES = (".csv", ".tsv")
TEXTGRID = ".textgrid"


class RecordingFiles:
    """Where the tables of many recordings are.

    Args:
        path: a folder with a file for each recording, called `<video>.csv` or the like, in it or in
            its subfolders; or one table with a column `video`.
        suffixes: of the files that are taken from a folder, lower case.

    Raises:
        SourceError: no such path, a folder without such files, or a table without that column.
    """

    def __init__(self, path: Path, suffixes: Sequence[str]) -> None:
        self.path = path
        self._table: CsvTable | None = None
        self._spans: dict[str, list[Span]] = {}
        self._files: dict[str, list[Path]] = {}
        if path.is_dir():
            self._files = _list_files(path, suffixes)
        elif path.is_file() and path.suffix.lower() == TEXTGRID:
            mend = "Name the folder it is in; the file is called after its video"
            raise SourceError.at(path, found="one TextGrid", mend=mend)
        else:
            self._table = CsvTable(path)
            self._spans = self._table.spans(self._table.need(VIDEO))
        if not self.videos:
            mend = f"It must hold a file for each video, called <video>{suffixes[0]}"
            raise SourceError.at(path, found=f"no files {', '.join(suffixes)}", mend=mend)

    @property
    def videos(self) -> list[str]:
        """The ids of all recordings, sorted."""
        return sorted(self._files or self._spans)

    def find(self, video: str) -> Path | None:
        """The file of one recording, or None.

        Raises:
            SourceError: there is more than one.
        """
        if self._table is not None:
            return self.path if video in self._spans else None
        files = self._files.get(video, [])
        if len(files) > 1:
            shown = ", ".join(str(file.relative_to(self.path)) for file in files[:4])
            found = f"{len(files)} files of the video {video!r}: {shown}"
            raise SourceError.at(self.path, found=found, mend="Leave one of them there")
        return files[0] if files else None

    def open(self, video: str) -> tuple[CsvTable, list[Span] | None]:
        """The table of a recording that `find` found, and its rows in it (None: all)."""
        if self._table is not None:
            return self._table, self._spans[video]
        return CsvTable(self._files[video][0]), None


class WordFiles(RecordingFiles):
    """The words of many recordings: TextGrids or tables."""

    def __init__(self, path: Path, tier: str | None) -> None:
        super().__init__(path, (TEXTGRID, *TABLES))
        self._tier = tier

    def read(self, video: str) -> Words | None:
        """The words of one recording, None where it has no file."""
        path = self.find(video)
        if path is None:
            return None
        if path.suffix.lower() == TEXTGRID:
            return read_textgrid(path, self._tier)
        return read_word_table(*self.open(video))


class FrameFiles(RecordingFiles):
    """The frames of one modality of many recordings.

    Args:
        name: the modality.
        path: as for `RecordingFiles`.
        videos: those that will be read, in this order; the first that has frames says which
            columns all have.
        patterns: as in `choose_layout`.
    """

    def __init__(
        self, name: str, path: Path, videos: Iterable[str], patterns: Sequence[str]
    ) -> None:
        super().__init__(path, TABLES)
        self.name = name
        self.layout = self._choose_layout(videos, patterns)

    @property
    def width(self) -> int:
        """F."""
        return len(self.layout.features)

    def read(self, video: str) -> FrameReading | None:
        """The frames of one recording, None where it has no file, or none in it."""
        if self.find(video) is None:
            return None
        table, spans = self.open(video)
        if next(table.rows(spans), None) is None:
            return None
        return read_frames(table, self.layout, spans)

    def _choose_layout(self, videos: Iterable[str], patterns: Sequence[str]) -> FrameLayout:
        for video in videos:
            if self.find(video) is not None:
                layout = choose_layout(self.open(video)[0], patterns)
                if layout is not None:
                    return layout
        shown = ", ".join(map(repr, self.videos[:3]))
        raise SourceError.at(
            self.path,
            found=f"no {self.name} frames of any video of the segments, only of {shown}",
            mend="Files, or the column video, must bear the segments' video ids",
        )


def _list_files(folder: Path, suffixes: Sequence[str]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() in suffixes:
                found.setdefault(path.stem, []).append(path)
    return found
