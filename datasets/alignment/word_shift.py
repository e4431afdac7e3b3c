"""Finds the defect of CMU-MOSI's published word times.

In the published file every word sits one row late: word k + 1 was spoken in interval k. Long words
take longer, so the correlation of a word's number of letters with its duration shows it: 0.005 as
stored, 0.519 when moved by one row. Word vectors alone cannot show it.
"""

from collections.abc import Iterable

import numpy as np

from rmfn_tf.datasets.alignment.align import Words

# What users may choose. `default` is `auto` in default mode; in mmsdk mode nothing is moved.
WORD_SHIFTS = ("default", "auto", "0", "1")
MIN_WORDS = 500
MIN_RISE = 0.2


def detect_word_shift(videos: Iterable[Words]) -> tuple[bool, str]:
    """Whether the words of a file sit one row late, and a sentence about it.

    They do if moving them raises Pearson's r of letters and seconds by more than 0.2, over 500
    words or more; pauses are not counted. Words without texts are a ValueError.
    """
    stored, shifted = [np.zeros((2, 0))], [np.zeros((2, 0))]
    for words in videos:
        spoken = ~words.find_pauses()
        letters = np.char.str_len(np.asarray(words.texts))
        seconds = words.intervals[:, 1] - words.intervals[:, 0]
        stored.append(np.stack([letters, seconds])[:, spoken])
        shifted.append(np.stack([letters[1:], seconds[:-1]])[:, spoken[1:]])
    pairs = np.concatenate(stored, axis=1)
    r_as_stored, r_shifted = _correlate(pairs), _correlate(np.concatenate(shifted, axis=1))
    num_words = pairs.shape[1]
    is_late = num_words >= MIN_WORDS and r_shifted - r_as_stored > MIN_RISE
    state = "every word sits one row late" if is_late else "in place"
    if num_words < MIN_WORDS:
        state = "too few words to tell whether they sit one row late"
    return is_late, (
        f"Word times: {state} (r of letters and seconds over {num_words:,} words: "
        f"{r_as_stored:.3f} as stored, {r_shifted:.3f} moved by one row)."
    )


def choose_word_shift(choice: str, mode: str, videos: Iterable[Words]) -> tuple[bool, str]:
    """Whether the words of a file are to be moved by one row, and a sentence about it.

    Args:
        choice: `"0"` to leave them; `"1"` to move them; `"auto"` to move them if they sit late; or
            `"default"`: `"auto"` in default mode, in mmsdk mode only to say whether they do.
        mode: as in `align_video`.
        videos: the words of all videos of the file, which are read only where needed.
    """
    if choice in ("0", "1"):
        moved = "moved by one row" if choice == "1" else "taken as stored"
        return choice == "1", f"Word times: {moved}."
    is_late, said = detect_word_shift(videos)
    if not is_late:
        return False, said
    if choice == "auto" or mode == "default":
        return True, f"{said} Mended: each word takes the times of the row before."
    return False, f"{said} Not mended (--word-shift auto mends it)."


def _correlate(pairs: np.ndarray) -> float:
    """Pearson's r; 0 where either side does not vary."""
    if pairs.shape[1] == 0 or (np.ptp(pairs, axis=1) == 0).any():
        return 0.0
    return float(np.corrcoef(pairs)[0, 1])
