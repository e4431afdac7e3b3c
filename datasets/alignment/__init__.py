"""Frames to words to labelled segments, one video at a time. NumPy only.

    words = Words(word_times, texts, {"language": word_vectors})
    aligned = align_words(words, {"visual": Frames(facet, facet_times)}, mode="mmsdk")
    found = group_segments(aligned, label_times, video="2WGyTLYerpo")

All times are in seconds.
"""

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures
from rmfn_tf.datasets.alignment.aligned_words import AlignedWords, Mode
from rmfn_tf.datasets.alignment.aligning import align_words
from rmfn_tf.datasets.alignment.frames import Frames
from rmfn_tf.datasets.alignment.intervals import EPSILON
from rmfn_tf.datasets.alignment.pauses import Pauses
from rmfn_tf.datasets.alignment.segment import Segment
from rmfn_tf.datasets.alignment.segments import Segments, group_segments
from rmfn_tf.datasets.alignment.word_shift import (
    WORD_SHIFTS,
    WordShift,
    choose_word_shift,
    detect_word_shift,
    shift_words,
)
from rmfn_tf.datasets.alignment.words import PAUSE, Words

__all__ = [
    "EPSILON",
    "PAUSE",
    "WORD_SHIFTS",
    "AlignedFeatures",
    "AlignedWords",
    "Frames",
    "Mode",
    "Pauses",
    "Segment",
    "Segments",
    "WordShift",
    "Words",
    "align_words",
    "choose_word_shift",
    "detect_word_shift",
    "group_segments",
    "shift_words",
]
