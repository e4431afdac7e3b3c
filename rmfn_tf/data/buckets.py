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
        ValueError: no lengths, a length below 1, or `max_buckets` below 1.
    """
    if max_buckets < 1:
        raise ValueError(f"choose_buckets: `max_buckets` must be 1 or more; got {max_buckets}.")
    array = np.asarray(lengths)
    if array.ndim != 1 or not array.size or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            "choose_buckets: `lengths` must be a non-empty list of integers; got an array of "
            f"shape {array.shape} and type {array.dtype}."
        )
    if array.min() < 1:
        raise ValueError(f"choose_buckets: every length must be 1 or more; got {array.min()}.")

    distinct, counts = np.unique(array.astype(np.int64), return_counts=True)
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
