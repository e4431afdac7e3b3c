"""Words and their times from Praat's TextGrid files, as forced aligners write them.

- Montreal Forced Aligner: tier `words`, or `<speaker> - words`; an empty label is silence.
- Penn Phonetics Lab Forced Aligner (P2FA): tier `word`; `sp`, `sil` and `{SL}` are silence, other
  labels in braces (`{NS}`, `{LG}`) noise and laughter.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.datasets.alignment import PAUSE, Words
from rmfn_tf.datasets.recordings.word_table import MAX_LETTERS, NO_WORD
from rmfn_tf.datasets.sources.errors import SourceError

MAX_BYTES = 2**25  # two hours of words and phones take a third of it
MAX_TIERS = 1000

_WORD_TIER = re.compile(r"(?:.* - )?words?", re.IGNORECASE)
# Long and short form: class, name, start, end, and the number of intervals that follow.
_DECLARATION = re.compile(
    r'"(?:IntervalTier|TextTier)"\s+(?:name ?= ?)?"(?:[^"]|"")*"\s+(?:xmin ?= ?)?[-\d]\S*'
    r"\s+(?:xmax ?= ?)?[-\d]\S*\s+(?:(?:intervals|points): size ?= ?)?(\d+)"
)
_ANEW = "Export it anew, as a TextGrid text file"


def read_textgrid(path: str | Path, tier: str | None = None) -> Words:
    """The words of one recording.

    Args:
        path: a TextGrid text file, long or short form, UTF-8 or UTF-16.
        tier: the tier with the words; None takes the one called `word`, `words` or
            `<speaker> - words`.

    Returns:
        All intervals of the tier with their labels in the order of time; silence and noise are
        `PAUSE`.

    Raises:
        SourceError: no such file, too large, damaged or cut off; no such tier, or more than one
            that may be meant; praatio is not installed.
    """
    path = Path(path)
    text = _read_text(path)
    grid = _parse(path)
    chosen = grid.getTier(_choose_tier(path, grid, tier))
    declared = [int(count) for count in _DECLARATION.findall(text)]
    # praatio takes what there is: a file cut off between two intervals would lose words unseen.
    place = grid.tierNames.index(chosen.name)
    if len(declared) != len(grid.tiers) or declared[place] != len(chosen.entries):
        raise SourceError.at(
            path,
            chosen.name,
            found=f"the tier holds {len(chosen.entries)} intervals, not as many as it declares",
            mend=f"The file is cut off or damaged. {_ANEW}",
        )
    longest = max((len(label) for _, _, label in chosen.entries), default=0)
    if longest > MAX_LETTERS:
        mend = "Name the tier with the words (--tier)"
        raise SourceError.at(path, chosen.name, found=f"a word of {longest:,} letters", mend=mend)
    intervals = np.array([(start, end) for start, end, _ in chosen.entries], float).reshape(-1, 2)
    texts = [PAUSE if NO_WORD.fullmatch(label) else label for _, _, label in chosen.entries]
    try:
        return Words(intervals, np.array(texts, str))
    except ValueError as error:
        raise SourceError.at(path, chosen.name, found=str(error), mend=_ANEW) from error


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise SourceError.at(path, found="no such file", mend="Name a TextGrid file")
    size = path.stat().st_size
    if size > MAX_BYTES:
        mend = f"A TextGrid of one recording has no more than {MAX_BYTES:,}"
        raise SourceError.at(path, found=f"{size:,} bytes", mend=mend)
    data = path.read_bytes()
    is_utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = data.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError.at(path, found="neither UTF-8 nor UTF-16", mend=_ANEW) from error
    if not text.lstrip().startswith("File type"):
        raise SourceError.at(path, found="it is not a TextGrid text file", mend=_ANEW)
    num_tiers = text.count('"IntervalTier"') + text.count('"TextTier"')
    if not 0 < num_tiers <= MAX_TIERS:
        raise SourceError.at(path, found=f"{num_tiers:,} tiers", mend=_ANEW)
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
    except Exception as error:  # on damaged files praatio raises whatever it stumbles over
        found = f"praatio cannot read it ({type(error).__name__}: {' '.join(str(error).split())})"
        raise SourceError.at(path, found=found[:500], mend=_ANEW) from error


def _choose_tier(path: Path, grid: Any, tier: str | None) -> str:
    names = [each.name for each in grid.tiers if each.tierType == "IntervalTier"]
    candidates = [
        name for name in names if (_WORD_TIER.fullmatch(name) if tier is None else name == tier)
    ]
    if len(candidates) == 1:
        return candidates[0]
    wanted = "words" if tier is None else tier
    held = f"its tiers of intervals are {', '.join(map(repr, names[:20])) or 'none'}"
    several = f"{len(candidates)} tiers that may hold the words" if candidates else "no such tier"
    raise SourceError.at(
        path, wanted, found=f"{several}; {held}", mend="Name the one with the words (--tier)"
    )
