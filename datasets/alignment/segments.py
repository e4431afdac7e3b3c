"""Words to labelled segments."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures
from rmfn_tf.datasets.alignment.aligned_words import AlignedWords
from rmfn_tf.datasets.alignment.cutting import cut_up, find_rows
from rmfn_tf.datasets.alignment.intervals import as_intervals, is_too_short
from rmfn_tf.datasets.alignment.segment import Segment


@dataclass(frozen=True, eq=False)
class Segments:
    """The labelled segments of one video.

    Args:
        segments: those with words, in the order of the label's rows.
        skipped: names of those that have no length.
        without_words: names of those that no word reaches into.
    """

    segments: tuple[Segment, ...]
    skipped: tuple[str, ...]
    without_words: tuple[str, ...]


def group_segments(aligned: AlignedWords, intervals: Any, video: str) -> Segments:
    """The words in each labelled segment of one video, by the rule that puts frames into words.

    A word across a boundary belongs to the segments on both sides. In default mode the word's own
    interval decides, once for all modalities. In mmsdk mode each modality's narrowed intervals
    decide for that modality, as in the CMU-MultimodalSDK.

    Args:
        aligned: what `align_words` gave; its mode is the mode here.
        intervals: `(S, 2)` start and end of each label row in seconds, in any order.
        video: the video's id. Row j is named `video[j]`, whichever rows before it were skipped.

    Raises:
        ValueError: the intervals have another shape or are not finite.
    """
    intervals = as_intervals("segments", intervals)
    short = is_too_short(intervals, aligned.mode)
    found = _make_segments(aligned, intervals, np.flatnonzero(~short), video)
    return Segments(
        segments=tuple(segment for segment in found if _has_words(segment)),
        skipped=tuple(f"{video}[{row}]" for row in np.flatnonzero(short)),
        without_words=tuple(segment.name for segment in found if not _has_words(segment)),
    )


def _has_words(segment: Segment) -> bool:
    return bool(segment.words.size or any(rows.size for rows in segment.members.values()))


def _make_segments(
    aligned: AlignedWords, intervals: np.ndarray, rows: np.ndarray, video: str
) -> list[Segment]:
    intervals = intervals[rows]
    num_words = len(aligned.rows)
    own = AlignedFeatures(np.zeros((num_words, 0)), aligned.intervals, np.ones(num_words, bool))
    words = find_rows(own, intervals)
    members = dict.fromkeys(aligned.modalities, words)
    if aligned.mode == "mmsdk":
        members = {name: find_rows(each, intervals) for name, each in aligned.modalities.items()}
    times = cut_up(own, words, intervals, aligned.mode)
    modalities = {
        name: cut_up(each, members[name], intervals, aligned.mode)
        for name, each in aligned.modalities.items()
    }
    return [
        Segment(
            name=f"{video}[{row}]",
            row=row,
            words=words[index],
            intervals=times[index].intervals,
            texts=None if aligned.texts is None else aligned.texts[words[index]],
            members={name: found[index] for name, found in members.items()},
            modalities={name: found[index] for name, found in modalities.items()},
        )
        for index, row in enumerate(rows.tolist())
    ]
