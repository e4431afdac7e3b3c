"""Which items (frames or words) lie inside which references (words or segments).

The rule of the CMU-MultimodalSDK, with ε = 1e-5 s. An item (s, e) belongs to a reference (rs, re)
where

    re - s > -ε   and   e - rs > -ε   and   |min(e, re) - max(s, rs)| > ε.

For an item and a reference that are both longer than ε this is

    re - s > ε   and   e - rs > ε,

rounding included: min(e, re) - max(s, rs) is the smallest of the four differences, which stay in
order when they are rounded. Where starts and ends both ascend, the first condition holds up to
some item and the second from some item on, so that the members are a run, found by two searches.
(No item fails both: the two differences add up to the lengths of the item and the reference.)
"""

from dataclasses import dataclass

import numpy as np

from rmfn_tf.datasets.alignment.intervals import EPSILON


@dataclass(frozen=True, eq=False)
class Members:
    """The items inside each of R references.

    Args:
        first: `(R,)` the first item of the run.
        last: `(R,)` the item after the run's last; `first` where there is no run.
        picked: reference -> its items, ascending, for those whose items need not be a run.
    """

    first: np.ndarray
    last: np.ndarray
    picked: dict[int, np.ndarray]

    def indices(self) -> list[slice | np.ndarray]:
        """The items of each reference."""
        found: list[slice | np.ndarray] = [
            slice(first, last)
            for first, last in zip(self.first.tolist(), self.last.tolist(), strict=True)
        ]
        for reference, items in self.picked.items():
            found[reference] = items
        return found

    def count(self) -> np.ndarray:
        """`(R,)` number of items."""
        counts = self.last - self.first
        for reference, items in self.picked.items():
            counts[reference] = len(items)
        return counts

    def narrow(self, items: np.ndarray, references: np.ndarray) -> np.ndarray:
        """From the first start to the last end of the members, inside the reference.

        Args:
            items: `(n, 2)` as given to `find_members`.
            references: `(R, 2)` likewise.

        Returns:
            `(R, 2)`, earlier time first; a reference without items keeps its own times.
        """
        narrowed = np.sort(references, axis=1)
        runs = np.flatnonzero(self.last > self.first)
        narrowed[runs, 0] = np.maximum(items[self.first[runs], 0], references[runs, 0])
        narrowed[runs, 1] = np.minimum(items[self.last[runs] - 1, 1], references[runs, 1])
        for reference, indices in self.picked.items():
            if len(indices):
                clips = clip(items[indices], references[reference])
                narrowed[reference] = clips.min(), clips.max()
        return narrowed


def find_members(items: np.ndarray, references: np.ndarray) -> Members:
    """Which items belong to which references, by the rule above.

    Args:
        items: `(n, 2)` seconds, ascending by start.
        references: `(R, 2)` seconds, in any order.
    """
    starts, ends = items[:, 0], items[:, 1]
    tidy = bool((ends - starts > EPSILON).all() and (np.diff(ends) >= 0).all())
    is_run = (references[:, 1] - references[:, 0] > EPSILON) & tidy
    # Untidy items and references: a window that holds all members, then the whole rule.
    margins = np.where(is_run, EPSILON, -EPSILON)
    reached = ends if tidy else np.maximum.accumulate(ends)
    last = _count_leading(starts, references[:, 1], margins)
    first = len(items) - _count_leading(-reached[::-1], -references[:, 0], margins)
    picked = {}
    for reference in np.flatnonzero(~is_run).tolist():
        window = slice(first[reference], last[reference])
        inside = _is_member(items[window], references[reference])
        picked[reference] = first[reference] + np.flatnonzero(inside)
    last[~is_run] = first[~is_run]
    return Members(first, last, picked)


def clip(items: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """`(n, 2)`: the part of each item inside its reference.

    Args:
        items: `(n, 2)`.
        reference: start and end, both one number for all items or both `(n,)`.
    """
    clips = items.copy()
    np.maximum(items[:, 0], reference[0], out=clips[:, 0])
    np.minimum(items[:, 1], reference[1], out=clips[:, 1])
    return clips


def _is_member(items: np.ndarray, reference: np.ndarray) -> np.ndarray:
    clips = clip(items, reference)
    meets = (reference[1] - items[:, 0] > -EPSILON) & (items[:, 1] - reference[0] > -EPSILON)
    return meets & (np.abs(clips[:, 1] - clips[:, 0]) > EPSILON)


def _count_leading(starts: np.ndarray, ends: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """For each end, how many of the ascending starts have `end - start > margin`."""
    # A search for `end - margin` rounds otherwise than the difference does. Rounding moves neither
    # by as much as four units in the last place of the largest time: starts as close to the place
    # as that are compared one by one.
    largest = max(np.abs(starts).max(initial=0), np.abs(ends).max(initial=0)) + EPSILON
    reach = 4 * np.spacing(largest)
    counts = np.searchsorted(starts, ends - margins - reach)
    undecided = np.searchsorted(starts, ends - margins + reach, side="right")
    for row in np.flatnonzero(counts < undecided):
        near = starts[counts[row] : undecided[row]]
        counts[row] += np.count_nonzero(ends[row] - near > margins[row])
    return counts
