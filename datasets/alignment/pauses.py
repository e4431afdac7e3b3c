"""What becomes of the pauses between words."""

from typing import Literal

import numpy as np

from rmfn_tf.datasets.alignment.words import Words

Pauses = Literal["keep", "drop", "merge"]


def treat_pauses(words: Words, pauses: Pauses) -> tuple[Words, np.ndarray]:
    """The words after pauses were kept, dropped or merged.

    Args:
        words: n words.
        pauses: `"keep"`: a pause is a word like any other. `"drop"`: it is left out, and the frames
            in it count for no word. `"merge"`: its time goes to the word before it, or to the first
            word where there is none before, which then reaches over both (and over any gap in
            between); text and features of that word stay.

    Returns:
        The words, and the rows of `words` they were.

    Raises:
        ValueError: `pauses` is none of these, or the words have no texts to tell pauses by.
    """
    if pauses not in ("keep", "drop", "merge"):
        raise ValueError(f"pauses must be 'keep', 'drop' or 'merge'; got {pauses!r}.")
    if pauses == "keep":
        return words, np.arange(len(words))
    is_pause = words.find_pauses()
    rows = np.flatnonzero(~is_pause)
    if pauses == "drop" or not rows.size:
        return words.take(rows), rows
    owners = np.maximum(np.cumsum(~is_pause) - 1, 0)
    intervals = words.intervals[rows]
    np.minimum.at(intervals[:, 0], owners[is_pause], words.intervals[is_pause, 0])
    np.maximum.at(intervals[:, 1], owners[is_pause], words.intervals[is_pause, 1])
    return words.take(rows, intervals), rows
