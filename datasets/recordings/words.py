"""The words of recordings and their times, from Praat's TextGrid files and from tables.

Forced aligners write TextGrids:

- Montreal Forced Aligner: tier `words`, or `<speaker> - words`; an empty label is silence.
- Penn Phonetics Lab Forced Aligner (P2FA): tier `word`; `sp`, `sil` and `{SL}` are silence, other
  labels in braces (`{NS}`, `{LG}`) noise and laughter.
"""

import re
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rmfn_tf.datasets.alignment import PAUSE, Words
from rmfn_tf.datasets.recordings.tables import (
    END,
    START,
    TABLES,
    Table,
    check_videos,
    find_files,
)
from rmfn_tf.datasets.source import Report, SourceError

TEXTGRID = ".textgrid"
WORD = ("word", "text", "label", "token")
MAX_LETTERS = 250  # of a word: an array of words takes the room of the longest for each
LONGEST_MEDIAN = 10.0  # seconds; a quarter of a second in milliseconds is far beyond it

# What aligners write for silence and noise.
_NO_WORD = re.compile(r"sp|sil|<sil>|<eps>|\{.*\}|", re.IGNORECASE)
_WORD_TIER = re.compile(r"(?:.* - )?words?", re.IGNORECASE)
# Long and short form: class, name, start, end, and the number of intervals that follow.
_DECLARATION = re.compile(
    r'"(?:IntervalTier|TextTier)"\s+(?:name ?= ?)?"(?:[^"]|"")*"\s+(?:xmin ?= ?)?[-\d]\S*'
    r"\s+(?:xmax ?= ?)?[-\d]\S*\s+(?:(?:intervals|points): size ?= ?)?(\d+)"
)
_ANEW = "Export it anew, as a TextGrid text file"


def open_words(
    path: Path, tier: str | None, videos: Collection[str], report: Report
) -> dict[str, Callable[[], Words]]:
    """video -> what reads its words, for those of `videos` that have any.

    Args:
        path: a folder with `<video>.TextGrid`, `.csv` or `.tsv`, in it or in its subfolders; or one
            table with a column `video`.
        tier: of TextGrids; see `read_textgrid`.
        videos: those that are wanted.
        report: told of each file that is read.

    Raises:
        SourceError: no such path, or it holds the words of none of the videos. Reading raises those
            of `read_textgrid` and `read_words`.
    """
    if path.is_dir():
        files = find_files(path, "words", (TEXTGRID, *TABLES), videos)
        return {video: partial(_read_file, file, tier, report) for video, file in files.items()}
    if path.suffix.lower() == TEXTGRID:
        mend = "Name the folder it is in; the file is called after its video"
        raise SourceError.at(path, found="one TextGrid", mend=mend)
    table = Table(path, report)
    columns = [table.need(names) for names in (START, END, WORD)]
    parts: dict[str, list[pd.DataFrame]] = {}
    for video, rows in table.by_video():
        parts.setdefault(video, []).append(rows[columns])
    check_videos(path, "words", parts, videos)
    return {
        video: partial(read_words, table, pd.concat(found))
        for video, found in parts.items()
        if video in videos
    }


def _read_file(path: Path, tier: str | None, report: Report) -> Words:
    if path.suffix.lower() == TEXTGRID:
        report(path)
        return read_textgrid(path, tier)
    table = Table(path, report)
    return read_words(table, table.rows())


def read_words(table: Table, rows: pd.DataFrame) -> Words:
    """The words of one recording in a table.

    Args:
        table: with a column for start, end and word each, under one of the names above.
        rows: the recording's.

    Returns:
        The words in the file's order; silence (an empty word, `sp`, `{SL}`, ...) is `PAUSE`. Any
        other text is a word, "null" and "nan" too.

    Raises:
        SourceError: a column lacks, a time is no finite number, a word ends before it starts, or
            the times cannot be seconds.
    """
    start, end, word = (table.need(names) for names in (START, END, WORD))
    times = table.finite(rows[[start, end]])
    texts = rows[word].str.strip()
    lengths = pd.Series(times[:, 1] - times[:, 0], rows.index)
    found = "a word from " + rows[start].str.strip() + " to " + rows[end].str.strip()
    table.refuse(lengths < 0, found, "A word cannot end before it starts")
    letters = texts.str.len()
    found = letters.map("a word of {:,} letters".format)
    table.refuse(letters > MAX_LETTERS, found, "Is this a table of words?")
    if lengths.median() > LONGEST_MEDIAN:
        found = f"half of the words from here on are longer than {lengths.median():g}"
        mend = "Times must be in seconds: are these milliseconds?"
        raise table.error(rows.index[0], found, mend)
    return Words(times, _mark_pauses(texts))


def read_textgrid(path: Path, tier: str | None = None) -> Words:
    """The words of one recording in a TextGrid.

    Args:
        path: a TextGrid text file, long or short form, UTF-8 or UTF-16.
        tier: the tier with the words; None takes the one called `word`, `words` or
            `<speaker> - words`.

    Returns:
        All intervals of the tier with their labels in the order of time; silence and noise are
        `PAUSE`.

    Raises:
        SourceError: no such file, damaged or cut off; no such tier, or more than one that may be
            meant; praatio is not installed.
    """
    declared = [int(count) for count in _DECLARATION.findall(_read_text(path))]
    grid = _parse(path)
    chosen = _choose_tier(path, grid, tier)
    # praatio takes what there is: a file cut off between two intervals would lose words unseen.
    place = grid.tierNames.index(chosen.name)
    if len(declared) != len(grid.tiers) or declared[place] != len(chosen.entries):
        found = f"the tier holds {len(chosen.entries)} intervals, not as many as it declares"
        mend = f"The file is cut off or damaged. {_ANEW}"
        raise SourceError.at(path, chosen.name, found=found, mend=mend)
    texts = [label for _, _, label in chosen.entries]
    longest = max(map(len, texts), default=0)
    if longest > MAX_LETTERS:
        mend = "Name the tier with the words (--tier)"
        raise SourceError.at(path, chosen.name, found=f"a word of {longest:,} letters", mend=mend)
    intervals = np.array([(start, end) for start, end, _ in chosen.entries], float).reshape(-1, 2)
    try:
        return Words(intervals, _mark_pauses(texts))
    except ValueError as error:
        raise SourceError.at(path, chosen.name, found=str(error), mend=_ANEW) from error


def _mark_pauses(texts: Collection[str]) -> np.ndarray:
    return np.array([PAUSE if _NO_WORD.fullmatch(text) else text for text in texts], str)


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise SourceError.at(path, found="no such file", mend="Name a TextGrid file")
    data = path.read_bytes()
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError.at(path, found="neither UTF-8 nor UTF-16", mend=_ANEW) from error
    if not text.lstrip().startswith("File type"):
        raise SourceError.at(path, found="it is not a TextGrid text file", mend=_ANEW)
    return text


def _parse(path: Path) -> Any:
    try:
        from praatio import textgrid
    except ModuleNotFoundError as error:
        raise SourceError.at(
            path,
            found="TextGrid files are read by praatio, which is not installed",
            mend="Run: pip install 'rmfn-tf[textgrid]'",
        ) from error
    try:
        return textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="silence")
    except MemoryError:
        raise
    except Exception as error:  # on damaged files praatio raises whatever it stumbles over
        found = f"praatio cannot read it ({type(error).__name__}: {' '.join(str(error).split())})"
        raise SourceError.at(path, found=found[:500], mend=_ANEW) from error


def _choose_tier(path: Path, grid: Any, tier: str | None) -> Any:
    tiers = {each.name: each for each in grid.tiers if each.tierType == "IntervalTier"}
    matches = _WORD_TIER.fullmatch if tier is None else tier.__eq__
    meant = [name for name in tiers if matches(name)]
    if len(meant) == 1:
        return tiers[meant[0]]
    held = f"its tiers of intervals are {', '.join(map(repr, list(tiers)[:20])) or 'none'}"
    several = f"{len(meant)} tiers that may hold the words" if meant else "no such tier"
    raise SourceError.at(
        path,
        "words" if tier is None else tier,
        found=f"{several}; {held}",
        mend="Name the one with the words (--tier)",
    )
