"""Frames to words to labelled segments, one video at a time.

    words = Words(word_times, texts)
    frames = {"language": Frames(vectors, word_times), "visual": Frames(facet, facet_times)}
    for segment in align_video(words, frames, label_times, mode="mmsdk").segments:
        segment.features["visual"]  # (T, F)

All times are in seconds.
"""

from rmfn_tf.datasets.alignment.align import OUT_OF_STEP as OUT_OF_STEP
from rmfn_tf.datasets.alignment.align import PAUSE as PAUSE
from rmfn_tf.datasets.alignment.align import AlignedSegment as AlignedSegment
from rmfn_tf.datasets.alignment.align import AlignedVideo as AlignedVideo
from rmfn_tf.datasets.alignment.align import Frames as Frames
from rmfn_tf.datasets.alignment.align import Mode as Mode
from rmfn_tf.datasets.alignment.align import Pauses as Pauses
from rmfn_tf.datasets.alignment.align import Words as Words
from rmfn_tf.datasets.alignment.align import align_video as align_video
from rmfn_tf.datasets.alignment.align import match_words as match_words
from rmfn_tf.datasets.alignment.members import EPSILON as EPSILON
from rmfn_tf.datasets.alignment.word_shift import WORD_SHIFTS as WORD_SHIFTS
from rmfn_tf.datasets.alignment.word_shift import choose_word_shift as choose_word_shift
from rmfn_tf.datasets.alignment.word_shift import detect_word_shift as detect_word_shift
