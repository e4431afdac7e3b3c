"""Frames to words to labelled segments, one video at a time.

    words = Words(word_times, texts)
    frames = {"language": Frames(vectors, word_times), "visual": Frames(facet, facet_times)}
    for segment in align_video(words, frames, label_times, mode="mmsdk").segments:
        segment.features["visual"]  # (T, F)

All times are in seconds.
"""

from rmfn_tf.datasets.alignment.align import (
    PAUSE,
    AlignedSegment,
    AlignedVideo,
    Frames,
    Mode,
    Pauses,
    Words,
    align_video,
    match_words,
)
from rmfn_tf.datasets.alignment.members import EPSILON
from rmfn_tf.datasets.alignment.word_shift import (
    WORD_SHIFTS,
    choose_word_shift,
    detect_word_shift,
)

__all__ = [
    "EPSILON",
    "PAUSE",
    "WORD_SHIFTS",
    "AlignedSegment",
    "AlignedVideo",
    "Frames",
    "Mode",
    "Pauses",
    "Words",
    "align_video",
    "choose_word_shift",
    "detect_word_shift",
    "match_words",
]
