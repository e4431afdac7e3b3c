"""Which items (frames or words) lie inside which references (words or segments).

The rule of the CMU-MultimodalSDK, with ε = 1e-5 s. An item (s, e) belongs to a reference (rs, re)
where

    re - s > -ε   and   e - rs > -ε   and   |min(e, re) - max(s, rs)| > ε.

Items are `(n, 2)` and references `(R, 2)`, start and end of each in seconds.
"""

import numpy as np

# Times that differ by less are the same: the SDK's own constant, in seconds.
EPSILON = 1e-5
BLOCK = 2**20  # items compared at once, so that memory does not grow with items × references


def find_members(items: np.ndarray, references: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The items of each reference by the rule above, where `items` ascend by their starts.

    Returns:
        The members of the first reference, ascending, then those of the second, and so on; and
        `(R + 1,)` bounds: those of reference r are `members[bounds[r] : bounds[r + 1]]`.
    """
    # Windows of items that hold all members. They reach twice as far as the rule, since the sums
    # here are rounded otherwise than the differences below.
    first = np.searchsorted(np.maximum.accumulate(items[:, 1]), references[:, 0] - 2 * EPSILON)
    last = np.searchsorted(items[:, 0], references[:, 1] + 2 * EPSILON, side="right")
    sizes = np.maximum(last - first, 0)
    found: list[np.ndarray] = []
    counts = np.zeros(len(references), int)
    # One item that lasts as long as a thousand others makes windows that hold far more than the
    # members, so they are checked block by block.
    for block in np.array_split(np.arange(len(references)), 1 + sizes.sum() // BLOCK):
        size, owners = sizes[block], np.repeat(block, sizes[block])
        members = np.arange(len(owners)) + np.repeat(first[block] + size - np.cumsum(size), size)
        times, bounds = items[members], references[owners]
        clips = clip(times, bounds)
        inside = (
            (bounds[:, 1] - times[:, 0] > -EPSILON)
            & (times[:, 1] - bounds[:, 0] > -EPSILON)
            & (np.abs(clips[:, 1] - clips[:, 0]) > EPSILON)
        )
        found.append(members[inside])
        counts += np.bincount(owners[inside], minlength=len(references))
    return np.concatenate(found), np.append(0, np.cumsum(counts))


def clip(items: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`(n, 2)`: the part of each item inside the reference `(2,)`, or inside its own `(n, 2)`."""
    starts = np.maximum(items[:, 0], reference[..., 0])
    ends = np.minimum(items[:, 1], reference[..., 1])
    return np.stack([starts, ends], axis=1)


def narrow(
    items: np.ndarray, references: np.ndarray, members: np.ndarray, bounds: np.ndarray
) -> np.ndarray:
    """`(R, 2)`: each reference cut to the time from its members' first start to their last end.

    `members` and `bounds` are what `find_members` gave. A reference without members keeps its own
    times, the earlier one first.
    """
    narrowed = np.sort(references, axis=1)
    counts = np.diff(bounds)
    clips = clip(items[members], np.repeat(references, counts, axis=0))
    begins = bounds[:-1][counts > 0]  # `reduceat` goes from one to the next
    if begins.size:
        narrowed[counts > 0, 0] = np.minimum.reduceat(np.minimum(*clips.T), begins)
        narrowed[counts > 0, 1] = np.maximum.reduceat(np.maximum(*clips.T), begins)
    return narrowed


def find_inside(words: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """`(S, W)` bool: which words lie in which segments."""
    order = np.argsort(words[:, 0], kind="stable")
    members, bounds = find_members(words[order], segments)
    inside = np.zeros((len(segments), len(words)), bool)
    inside[np.repeat(np.arange(len(segments)), np.diff(bounds)), order[members]] = True
    return inside


def is_too_short(intervals: np.ndarray, mode: str) -> np.ndarray:
    """`(n,)` bool: which have no length. In mmsdk mode what ends before it starts has one."""
    lengths = intervals[:, 1] - intervals[:, 0]
    return (np.abs(lengths) if mode == "mmsdk" else lengths) < EPSILON
