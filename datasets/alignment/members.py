"""Which items (frames or words) lie inside which references (words or segments).

The rule of the CMU-MultimodalSDK, with ε = 1e-5 s. An item (s, e) belongs to a reference (rs, re)
where

    re - s > -ε   and   e - rs > -ε   and   |min(e, re) - max(s, rs)| > ε.
"""

import numpy as np

# Times that differ by less are the same: the SDK's own constant, in seconds.
EPSILON = 1e-5
BLOCK = 2**20  # items looked at at once, so that memory does not grow with items × references


def find_members(items: np.ndarray, references: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which items belong to which references, by the rule above.

    Args:
        items: `(n, 2)` seconds, ascending by start.
        references: `(R, 2)` seconds, in any order.

    Returns:
        The members of the first reference, ascending, then those of the second, and so on; and
        `(R + 1,)` bounds: those of reference r are `members[bounds[r] : bounds[r + 1]]`.
    """
    # Windows that hold all members: ends and starts are searched twice as far away as the rule
    # allows, so that the rounding of a sum cannot leave out what a difference lets in.
    first = np.searchsorted(np.maximum.accumulate(items[:, 1]), references[:, 0] - 2 * EPSILON)
    last = np.searchsorted(items[:, 0], references[:, 1] + 2 * EPSILON, side="right")
    sizes = np.maximum(last - first, 0)
    # Where one item lasts as long as a thousand others, the windows are far larger than what is in
    # them.
    blocks = np.array_split(np.arange(len(references)), 1 + sizes.sum() // BLOCK)
    found = [_look(items, references[each], first[each], sizes[each]) for each in blocks]
    members, counts = map(np.concatenate, zip(*found, strict=True))
    return members, np.append(0, np.cumsum(counts))


def _look(
    items: np.ndarray, references: np.ndarray, first: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The members among `sizes` items from `first` on, and how many each reference has."""
    owners = np.repeat(np.arange(len(sizes)), sizes)
    members = np.arange(len(owners)) + np.repeat(first + sizes - np.cumsum(sizes), sizes)
    times, bounds = items[members], references[owners]
    clips = clip(times, bounds)
    inside = (
        (bounds[:, 1] - times[:, 0] > -EPSILON)
        & (times[:, 1] - bounds[:, 0] > -EPSILON)
        & (np.abs(clips[:, 1] - clips[:, 0]) > EPSILON)
    )
    return members[inside], np.bincount(owners[inside], minlength=len(sizes))


def clip(items: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`(n, 2)`: the part of each item inside its reference.

    Args:
        items: `(n, 2)`.
        reference: `(2,)` for all items, or `(n, 2)`.
    """
    starts = np.maximum(items[:, 0], reference[..., 0])
    ends = np.minimum(items[:, 1], reference[..., 1])
    return np.stack([starts, ends], axis=1)


def narrow(
    items: np.ndarray, references: np.ndarray, members: np.ndarray, bounds: np.ndarray
) -> np.ndarray:
    """From the earliest to the latest time of the members' parts inside their reference.

    Args:
        items: `(n, 2)` as given to `find_members`.
        references: `(R, 2)` likewise.
        members: as `find_members` gave them.
        bounds: likewise.

    Returns:
        `(R, 2)`, earlier time first; a reference without members keeps its own times.
    """
    narrowed = np.sort(references, axis=1)
    counts = np.diff(bounds)
    clips = clip(items[members], np.repeat(references, counts, axis=0))
    begins = bounds[:-1][counts > 0]  # `reduceat` goes from one to the next
    if begins.size:
        narrowed[counts > 0, 0] = np.minimum.reduceat(np.minimum(*clips.T), begins)
        narrowed[counts > 0, 1] = np.maximum.reduceat(np.maximum(*clips.T), begins)
    return narrowed
