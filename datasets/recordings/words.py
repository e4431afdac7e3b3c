"""The words of recordings and their times, from Praat's TextGrid files and from tables.

Forced aligners write TextGrids:

- Montreal Forced Aligner: tier `words`, or `<speaker> - words`; an empty label is silence.
- Penn Phonetics Lab Forced Aligner (P2FA): tier `word`; `sp`, `sil` and `{SL}` are silence, other
  labels in braces (`{NS}`, `{LG}`) noise and laughter.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rmfn_tf.datasets.alignment.align import PAUSE, Words
from rmfn_tf.datasets.recordings.tables import (
    END,
    START,
    TABLES,
    Table,
    check_videos,
    find_files,
    no_such_path,
)
from rmfn_tf.datasets.source import Report, SourceError

TEXTGRID = ".textgrid"
WORD = ("word", "text", "label", "token")
MAX_LETTERS = 250  # of a word: a quotation mark that is never closed takes all that follows
LONGEST_MEDIAN = 10.0  # seconds; of words timed in milliseconds the median is about 250

# What aligners write for silence and noise.
_NO_WORD = re.compile(r"sp|sil|<sil>|<eps>|\{.*\}|", re.IGNORECASE)
_WORD_TIER = re.compile(r"(?:.* - )?words?", re.IGNORECASE)
# How a tier begins, in the long and the short form: class, name, start, end, number of intervals.
_DECLARATION = re.compile(
    r'"(?:IntervalTier|TextTier)"\s+(?:name ?= ?)?"(?:[^"]|"")*"\s+(?:xmin ?= ?)?[-\d]\S*'
    r"\s+(?:xmax ?= ?)?[-\d]\S*\s+(?:(?:intervals|points): size ?= ?)?(\d+)"
)


def open_words(
    path: Path, tier: str | None, videos: Collection[str], report: Report
) -> dict[str, Callable[[], Words]]:
    """Video -> a function that reads its words, for those of `videos` that have any.

    `path` is a folder with `<video>.TextGrid`, `.csv` or `.tsv`, in it or in its subfolders; or one
    table with a column `video`. `tier` is as in `read_textgrid`; `report` is told of each file.
    """
    if path.is_dir():
        files = find_files(path, "words", (TEXTGRID, *TABLES), videos)
        return {video: partial(_read_file, file, tier, report) for video, file in files.items()}
    if path.suffix.lower() == TEXTGRID:
        mend = "Name the folder it is in; the file is called after its video"
        raise SourceError.at(path, found="one TextGrid", mend=mend)
    if not path.exists():
        raise no_such_path(path)
    table = Table(path, report)
    parts: dict[str, list[pd.DataFrame]] = {}
    for video, rows in table.by_video():
        parts.setdefault(video, []).append(rows)
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
    """The words of one recording, in the file's order, from its rows of a table.

    Silence (an empty word, `sp`, `{SL}`, ...) is `PAUSE`. Any other text is a word, "null" and
    "nan" too.
    """
    start, end, word = (table.need(names) for names in (START, END, WORD))
    times = table.numbers(rows[[start, end]], finite=True)
    texts = rows[word].str.strip()
    for line, text, (begins, ends) in zip(rows.index, texts, times, strict=True):
        if ends < begins:
            mend = "A word cannot end before it starts"
            raise table.error(line, f"a word from {begins:g} to {ends:g}", mend)
        if len(text) > MAX_LETTERS:
            mend = "Is this a table of words, with each quotation mark closed?"
            raise table.error(line, f"a word of {len(text):,} letters", mend)
    median = np.median(np.diff(times)) if len(times) else 0
    if median > LONGEST_MEDIAN:
        found = f"half of the words from here on are longer than {median:g}"
        mend = "Times must be in seconds: are these milliseconds?"
        raise table.error(rows.index[0], found, mend)
    return Words(times, _mark_pauses(texts))


def read_textgrid(path: Path, tier: str | None = None) -> Words:
    """The words of one recording, in the order of time, from a TextGrid text file.

    They are all intervals of one tier: `tier`, or else the one called `word`, `words` or
    `<speaker> - words`. Silence and noise are `PAUSE`.
    """
    grid, declared = _open_textgrid(path)
    tiers = {each.name: each for each in grid.tiers if each.tierType == "IntervalTier"}
    matches = _WORD_TIER.fullmatch if tier is None else tier.__eq__
    meant = [name for name in tiers if matches(name)]
    if len(meant) != 1:
        held = f"its tiers of intervals are {', '.join(map(repr, list(tiers)[:20])) or 'none'}"
        several = f"{len(meant)} tiers that may hold the words" if meant else "no such tier"
        mend = "Name the one with the words (--tier)"
        raise SourceError.at(path, tier or "words", found=f"{several}; {held}", mend=mend)
    entries = tiers[meant[0]].entries
    intervals = np.array([(start, end) for start, end, _ in entries], float).reshape(-1, 2)
    # praatio accepts a file that is cut off between two intervals, so words could be lost unseen.
    place = grid.tierNames.index(meant[0])
    is_whole = len(declared) == len(grid.tiers) and declared[place] == len(entries)
    if not is_whole or not np.isfinite(intervals).all():
        found = "not as many intervals with finite times as it declares"
        mend = "The file is cut off or damaged. Export it anew, as a TextGrid text file"
        raise SourceError.at(path, meant[0], found=found, mend=mend)
    return Words(intervals, _mark_pauses([label for _, _, label in entries]))


def _open_textgrid(path: Path) -> tuple[Any, list[int]]:
    """What praatio reads, and how many intervals or points each tier declares."""
    try:
        from praatio import textgrid

        grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="silence")
        data = path.read_bytes()
        is_utf_16 = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
        text = data.decode("utf-16" if is_utf_16 else "utf-8")
    except ModuleNotFoundError as error:
        found = "TextGrid files are read by praatio, which is not installed"
        mend = "Run: pip install 'rmfn-tf[textgrid]'"
        raise SourceError.at(path, found=found, mend=mend) from error
    except MemoryError:
        raise
    except Exception as error:  # on damaged files praatio raises whatever it stumbles over
        said = ValueError(f"praatio: {type(error).__name__}: {' '.join(str(error).split())}")
        mend = "Export it anew, as a TextGrid text file"
        raise SourceError.unreadable(path, "a TextGrid", said, mend) from error
    return grid, [int(count) for count in _DECLARATION.findall(text)]


def _mark_pauses(texts: Collection[str]) -> np.ndarray:
    return np.array([PAUSE if _NO_WORD.fullmatch(text) else text for text in texts], str)
