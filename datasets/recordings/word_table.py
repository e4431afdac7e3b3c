"""Words and their times from a CSV or TSV table: columns `start`, `end`, `word`."""

import re
from collections.abc import Iterable

import numpy as np

from rmfn_tf.datasets.alignment import PAUSE, Words
from rmfn_tf.datasets.recordings.csv_table import CsvTable, Span

START = ("start", "begin", "xmin", "start_time", "start time", "onset")
END = ("end", "stop", "xmax", "end_time", "end time", "offset")
WORD = ("word", "text", "label", "token")
MAX_WORDS = 2**18  # a day of speech
MAX_LETTERS = 250  # of a word: an array of words takes the room of the longest for each
LONGEST_MEDIAN = 10.0  # seconds; a quarter of a second in milliseconds is far beyond it

# What aligners write for silence and noise.
NO_WORD = re.compile(r"sp|sil|<sil>|<eps>|\{.*\}|", re.IGNORECASE)


def read_word_table(table: CsvTable, spans: Iterable[Span] | None = None) -> Words:
    """The words of one recording.

    Args:
        table: with a column for start, end and word each, under one of the names above.
        spans: the recording's rows; None takes all.

    Returns:
        The words in the file's order; silence (an empty word, `sp`, `{SL}`, ...) is `PAUSE`.

    Raises:
        SourceError: a column lacks, a time is no finite number, a word ends before it starts, or
            the times cannot be seconds.
    """
    start, end, word = (table.need(names) for names in (START, END, WORD))
    times: list[tuple[float, float]] = []
    texts: list[str] = []
    line = 1
    for line, cells in table.rows(spans):
        times.append((table.finite(line, cells, start), table.finite(line, cells, end)))
        text = cells[word].strip()
        texts.append(PAUSE if NO_WORD.fullmatch(text) else text)
        if times[-1][1] < times[-1][0]:
            found = f"a word from {times[-1][0]:g} to {times[-1][1]:g}"
            raise table.error(line, found, "A word cannot end before it starts")
        if len(text) > MAX_LETTERS:
            raise table.error(line, f"a word of {len(text):,} letters", "Is this a table of words?")
        if len(times) > MAX_WORDS:
            mend = "One recording has fewer: give each recording a file, or a column video"
            raise table.error(line, f"more than {MAX_WORDS:,} words", mend)
    intervals = np.array(times, float).reshape(-1, 2)
    lengths = intervals[:, 1] - intervals[:, 0]
    if lengths.size and np.median(lengths) > LONGEST_MEDIAN:
        found = f"half of the words up to here are longer than {np.median(lengths):g}"
        raise table.error(line, found, "Times must be in seconds: are these milliseconds?")
    return Words(intervals, np.array(texts, str))
