"""Holm's correction."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Holm's step-down adjustment of p-values for the number of them (Holm 1979).

        adjusted p_(i) = max over j ≤ i of min(1, (m - j + 1) · p_(j)),  p_(1) ≤ ... ≤ p_(m)

    Rejecting where the adjusted p ≤ α keeps the chance of any false rejection at α or below.

    Args:
        p_values: name → p, those of one family.

    Returns:
        Name → adjusted p, in the order given.

    Raises:
        ValueError: a p-value that is not between 0 and 1.
    """
    wrong = {name: p for name, p in p_values.items() if not 0 <= p <= 1}
    if wrong:
        raise ValueError(f"holm: p-values must be between 0 and 1; got {wrong!r}.")
    adjusted: dict[Name, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}
