"""What a pickle may use as keys of dicts and members of sets."""

import pickle
from collections.abc import Iterable
from typing import Any

_MAX_KEY_BITS = 63


def check_keys(keys: Iterable[Any]) -> list:
    """The keys, where all are text or small numbers.

    Python walks into a nested key without end, and thousands of numbers can be made to collide;
    text it scatters by chance.
    """
    keys = list(keys)
    for key in keys:
        is_small = isinstance(key, int) and key.bit_length() <= _MAX_KEY_BITS
        if not is_small and not isinstance(key, str | bytes):
            raise pickle.UnpicklingError(f"a key of type {type(key).__name__}, not text")
    return keys
