"""Which fixed lengths to pad batches to."""

from collections.abc import Sequence

import numpy as np


def choose_buckets(lengths: Sequence[int] | np.ndarray, max_buckets: int = 3) -> tuple[int, ...]:
    """The padded lengths that need the fewest padded steps in all.

    An example of length `L` goes to the smallest bucket `b >= L` and costs `b - L` padded steps.
    Exact: dynamic programming over the sorted distinct lengths `u` with counts `n`,

        cost(j, k) = min over i of  cost(i, k - 1) + u[j - 1] * (n[i] + ... + n[j - 1])

    where `cost(j, k)` is the number of steps that the `j` shortest distinct lengths take in `k`
    buckets. (Steps minus the sum of all lengths is the padding, so both have the same minimum.)

    Args:
        lengths: `(N,)` integers >= 1, N >= 1.
        max_buckets: the most lengths to choose, >= 1.

    Returns:
        `min(max_buckets, distinct lengths)` ascending lengths (one bucket more always pads less);
        the last is the longest of `lengths`.

    Raises:
        ValueError: an argument is out of range.
    """
    distinct, counts = np.unique(np.asarray(lengths, np.int64), return_counts=True)
    if max_buckets < 1 or not distinct.size or distinct[0] < 1:
        raise ValueError(
            "choose_buckets: `lengths` must be one or more integers >= 1, and `max_buckets` >= 1; "
            f"got {lengths!r} and {max_buckets!r}."
        )
    total = np.concatenate([[0], np.cumsum(counts)])  # total[j]: examples among the j shortest
    size = len(distinct)
    cost = np.full(size + 1, np.inf)  # with as many buckets as rounds have passed
    cost[0] = 0
    starts = []  # starts[k][j]: where the last of k + 1 buckets begins
    for _ in range(min(max_buckets, size)):
        next_cost = np.full(size + 1, np.inf)
        start = np.zeros(size + 1, dtype=int)
        for j in range(1, size + 1):
            candidates = cost[:j] + distinct[j - 1] * (total[j] - total[:j])
            start[j] = candidates.argmin()
            next_cost[j] = candidates[start[j]]
        cost = next_cost
        starts.append(start)

    buckets: list[int] = []
    end = size
    for start in reversed(starts):
        buckets.append(int(distinct[end - 1]))
        end = start[end]
    return tuple(reversed(buckets))
