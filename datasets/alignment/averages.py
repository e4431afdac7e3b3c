"""The mean of the frames of each word."""

import numpy as np

from rmfn_tf.datasets.alignment.aligned_features import AlignedFeatures
from rmfn_tf.datasets.alignment.frames import Frames
from rmfn_tf.datasets.alignment.intervals import EPSILON
from rmfn_tf.datasets.alignment.members import Members, find_members
from rmfn_tf.datasets.alignment.rows import are_finite, to_float32


def average_frames(frames: Frames, words: np.ndarray, mode: str) -> tuple[AlignedFeatures, int]:
    """The frames of one modality, averaged over each word.

    Args:
        frames: n frames in any order.
        words: `(W, 2)` seconds.
        mode: `"default"` or `"mmsdk"`.

    Returns:
        W rows, and the number of frames that were left out because they hold NaN or infinities.
    """
    num_dropped = 0
    if mode == "default":
        frames, num_dropped = _leave_out_unusable(frames)
        frames = _put_in_own_order(frames)
    else:
        frames = _put_in_order_of_start(frames)
    members = find_members(frames.intervals, words)
    counts = members.count()
    return (
        AlignedFeatures(
            features=_average_members(frames.features, members, counts),
            intervals=members.narrow(frames.intervals, words) if mode == "mmsdk" else words,
            has_frames=counts > 0,
        ),
        num_dropped,
    )


def _average_members(features: np.ndarray, members: Members, counts: np.ndarray) -> np.ndarray:
    """`(W, F)`: the bits of `numpy.average` over the rows of each word, zeros where it has none.

    `numpy.average` is a sum with `add.reduce` and a division by a NumPy integer, and so is this.
    `add.reduceat` adds in another order.
    """
    means = np.zeros((len(counts), features.shape[1]), features.dtype)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities go through
        for mean, items, count in zip(means, members.indices(), counts.tolist(), strict=True):
            if count:
                np.add.reduce(features[items], axis=0, out=mean)
        np.true_divide(means, np.maximum(counts, 1)[:, None], out=means, casting="unsafe")
    return to_float32(means)


def _leave_out_unusable(frames: Frames) -> tuple[Frames, int]:
    """Without frames that are not finite (counted), and without those that no word can hold."""
    finite = are_finite(frames.features)
    usable = finite & (frames.intervals[:, 1] - frames.intervals[:, 0] > EPSILON)
    kept = frames if usable.all() else frames.take(np.flatnonzero(usable))
    return kept, int(np.count_nonzero(~finite))


def _put_in_own_order(frames: Frames) -> Frames:
    """By start, end and then values: whatever the file's order, the sum has the same bits."""
    starts, ends = frames.intervals.T
    if (np.diff(starts) > 0).all():
        return frames
    return frames.take(np.lexsort((*frames.features.T[::-1], ends, starts)))


def _put_in_order_of_start(frames: Frames) -> Frames:
    """By start, frames of one start in the file's order, as the SDK sorts them."""
    starts = frames.intervals[:, 0]
    if (np.diff(starts) >= 0).all():
        return frames
    return frames.take(np.argsort(starts, kind="stable"))
