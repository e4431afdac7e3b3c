"""Frames to words."""

from collections.abc import Mapping

import numpy as np

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures
from rmfn_tf.datasets.alignment.aligned_words import AlignedWords, Mode
from rmfn_tf.datasets.alignment.averages import average_frames
from rmfn_tf.datasets.alignment.frames import Frames
from rmfn_tf.datasets.alignment.intervals import is_too_short
from rmfn_tf.datasets.alignment.pauses import Pauses, treat_pauses
from rmfn_tf.datasets.alignment.rows import are_finite, to_float32
from rmfn_tf.datasets.alignment.words import Words


def align_words(
    words: Words,
    frames: Mapping[str, Frames],
    mode: Mode = "default",
    pauses: Pauses = "keep",
) -> AlignedWords:
    """Gives each word of one video the mean of the frames in it, one modality after the other.

    A frame belongs to a word where they share more than ε = 1e-5 s (`members.py` has the rule to
    the letter). Its features count once, however much of it lies inside. A word shorter than ε is
    skipped and reported.

    `mode="mmsdk"` gives the numbers of the CMU-MultimodalSDK's `align` with `numpy.average` and
    its `impute`, bit for bit: NaN and infinities go through, intervals that end before they start
    are taken as the SDK takes them, and each modality has its own, narrowed intervals. The default
    mode leaves out frames that hold NaN or infinities, skips such intervals, keeps the words' own
    times, and does not depend on the order of the frames, to the bit.

    Args:
        words: the words; their own features come out as they are.
        frames: modality -> its frames. A modality without frames is zeros, F wide.
        mode: `"default"` or `"mmsdk"`.
        pauses: `"keep"`, `"drop"` or `"merge"` (into the word before), in either mode.

    Returns:
        The words that were not skipped, in their order, with the modalities of `words`, then of
        `frames`.

    Raises:
        ValueError: an argument is none of the above, a modality is both in `words` and in
            `frames`, or pauses are to be found in words without texts.
    """
    if mode not in ("default", "mmsdk"):
        raise ValueError(f"mode must be 'default' or 'mmsdk'; got {mode!r}.")
    twice = sorted(words.features.keys() & frames.keys())
    if twice:
        raise ValueError(
            f"Both the words and the frames have {', '.join(twice)}: give each modality once."
        )
    kept, rows = treat_pauses(words, pauses)
    short = is_too_short(kept.intervals, mode)
    kept, rows, skipped = kept.take(~short), rows[~short], rows[short]
    # In mmsdk mode a word may end before it starts: once averaged, the SDK has it turned around.
    times = np.sort(kept.intervals, axis=1) if mode == "mmsdk" else kept.intervals
    aligned = {
        name: _take_features(features, times, mode) for name, features in kept.features.items()
    }
    aligned |= {name: average_frames(each, kept.intervals, mode) for name, each in frames.items()}
    return AlignedWords(
        mode=mode,
        rows=rows,
        intervals=times,
        texts=None if kept.texts is None else np.asarray(kept.texts),
        modalities={name: features for name, (features, _) in aligned.items()},
        skipped=skipped,
        num_dropped={name: num_dropped for name, (_, num_dropped) in aligned.items()},
    )


def _take_features(
    features: np.ndarray, words: np.ndarray, mode: Mode
) -> tuple[AlignedFeatures, int]:
    """What has a row for each word already, and the number of rows that were not finite."""
    usable = np.ones(len(features), bool)
    if mode == "default":
        usable = are_finite(features)
        features = np.where(usable[:, None], features, 0)
    return AlignedFeatures(to_float32(features), words, usable), int(np.count_nonzero(~usable))
