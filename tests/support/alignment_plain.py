"""Every word compared with every frame, with the SDK's steps: what the alignment is timed against.

For words that end after they start, in the order of their starts.
"""

import numpy as np

from rmfn_tf.datasets.alignment.members import EPSILON


def plain_words(vectors: np.ndarray, times: np.ndarray, frames: dict) -> dict[str, list]:
    """name -> mean and interval of each word; `frames`: name -> features and intervals."""
    rows: dict[str, list] = {"language": list(zip(vectors, times, strict=True))}
    for name, (features, intervals) in frames.items():
        order = order_by_start(intervals)
        features, intervals = features[order], intervals[order]
        rows[name] = []
        for word in times:
            inside, clips = look_inside(word, intervals)
            if len(inside):
                mean = np.average(features[inside], axis=0)
                rows[name].append((mean, np.array([clips.min(), clips.max()])))
            else:
                rows[name].append((np.zeros(features.shape[1]), word))
    return rows


def plain_segments(words: dict[str, list], segments: np.ndarray) -> list[dict]:
    """name -> features of the words, for each segment that has any; zeros where a name lacks one
    that another has."""
    sequences = {}
    for name, rows in words.items():
        times = np.stack([each for _, each in rows])
        order = order_by_start(times)
        sequences[name] = order, times[order], np.stack([mean for mean, _ in rows])
    found = []
    for segment in segments:
        held = {
            name: order[look_inside(segment, times)[0]]
            for name, (order, times, _) in sequences.items()
        }
        here = sorted(set().union(*(each.tolist() for each in held.values())))
        if here:
            found.append(
                {
                    name: np.where(np.isin(here, held[name])[:, None], means[here], 0)
                    for name, (_, _, means) in sequences.items()
                }
            )
    return found


def order_by_start(intervals: np.ndarray) -> np.ndarray:
    return np.array(sorted(range(len(intervals)), key=lambda row: intervals[row, 0]))


def look_inside(reference: np.ndarray, intervals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are inside the reference, and the parts of their intervals in it."""
    # Both conditions at once: -start against -(end of the reference), end against its start.
    turned = intervals * (-1, 1)
    meets = np.all(turned - (-reference[1], reference[0]) > -EPSILON, axis=1)
    starts = np.maximum(intervals[meets, 0], reference[0])
    ends = np.minimum(intervals[meets, 1], reference[1])
    is_long = np.abs(ends - starts) > EPSILON
    return np.flatnonzero(meets)[is_long], np.stack([starts, ends], axis=1)[is_long]
