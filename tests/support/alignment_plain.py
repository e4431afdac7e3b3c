"""Every word compared with every frame, with the SDK's steps: what the alignment is timed against.

For rows that end after they start.
"""

import numpy as np

from rmfn_tf.datasets.alignment import EPSILON


def plain_words(vectors: np.ndarray, times: np.ndarray, frames: dict) -> dict[str, list]:
    """name -> mean and interval of each word; `frames`: name -> features and intervals."""
    rows: dict[str, list] = {"language": list(zip(vectors, times, strict=True))}
    for name, (features, intervals) in frames.items():
        features, intervals = sort_by_start(features, intervals)
        rows[name] = []
        for word in times:
            inside, clips = rows_inside(word, features, intervals)
            if len(inside):
                mean, span = np.average(inside, axis=0), np.array([clips.min(), clips.max()])
                rows[name].append((mean, span))
            else:
                rows[name].append((np.zeros(features.shape[1]), word))
    return rows


def plain_segments(words: dict[str, list], segments: np.ndarray) -> list[dict]:
    """name -> features of the words, for each segment that has any."""
    stacked = {
        name: sort_by_start(
            np.stack([mean for mean, _ in rows]), np.stack([times for _, times in rows])
        )
        for name, rows in words.items()
    }
    found = [
        {name: rows_inside(segment, *rows)[0] for name, rows in stacked.items()}
        for segment in segments
    ]
    return [segment for segment in found if any(map(len, segment.values()))]


def sort_by_start(features: np.ndarray, intervals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = sorted(range(len(intervals)), key=lambda row: intervals[row, 0])
    return features[order], intervals[order]


def rows_inside(
    reference: np.ndarray, features: np.ndarray, intervals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The features of the rows inside the reference, and the parts of their intervals in it."""
    # Both conditions at once: -start against -(end of the reference), end against its start.
    turned = intervals * (-1, 1)
    meets = np.all(turned - (-reference[1], reference[0]) > -EPSILON, axis=1)
    starts = np.maximum(intervals[meets, 0], reference[0])
    ends = np.minimum(intervals[meets, 1], reference[1])
    clips, features = np.stack([starts, ends], axis=1), features[meets]
    is_long = np.abs(ends - starts) > EPSILON
    return features[is_long], clips[is_long]
