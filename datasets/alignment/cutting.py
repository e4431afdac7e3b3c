"""Which words each segment has, and their rows."""

from itertools import pairwise

import numpy as np

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures
from rmfn_tf.datasets.alignment.members import clip, find_members


def find_rows(words: AlignedFeatures, segments: np.ndarray) -> list[np.ndarray]:
    """For each segment, which rows of the words it has, in the order of their starts.

    Words of one start keep their order, but the SDK puts those that it filled in with zeros after
    all others.

    Args:
        words: W rows; their intervals decide.
        segments: `(S, 2)` seconds.
    """
    order = np.lexsort((~words.has_frames, words.intervals[:, 0]))
    members = find_members(words.intervals[order], segments)
    return [order[items] for items in members.indices()]


def cut_up(
    words: AlignedFeatures, rows: list[np.ndarray], segments: np.ndarray, mode: str
) -> list[AlignedFeatures]:
    """For each segment its rows of the words, in mmsdk mode with their intervals cut to it.

    All are taken at once, since a video has many segments: they are parts of one array.

    Args:
        words: W rows.
        rows: what `find_rows` gave, one array a segment.
        segments: `(S, 2)` seconds.
        mode: `"default"` or `"mmsdk"`.
    """
    counts = [len(each) for each in rows]
    everything = np.concatenate([np.zeros(0, int), *rows])
    features, has_frames = words.features[everything], words.has_frames[everything]
    intervals = words.intervals[everything]
    if mode == "mmsdk":
        intervals = clip(intervals, np.repeat(segments, counts, axis=0).T)
    bounds = np.cumsum([0, *counts]).tolist()
    return [
        AlignedFeatures(features[first:last], intervals[first:last], has_frames[first:last])
        for first, last in pairwise(bounds)
    ]
