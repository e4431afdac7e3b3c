"""Arrays as Keras users have them, in the form that `Examples` takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def to_labels(labels: Any) -> np.ndarray:
    """Integers `(N,)` are classes; all other numbers become float32 `(N, C)`."""
    array = _array(labels)
    if array.ndim not in (1, 2) or not _is_numbers(array):
        raise ValueError(
            "Examples.from_arrays: `labels` must be numbers of shape (N,) or (N, columns); got "
            f"{_kind(array)}."
        )
    if array.ndim == 2:
        return array.astype(np.float32)
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    return array.astype(np.float32)[:, np.newaxis]


def to_sequences(
    features: Mapping[str, Any], count: int, lengths: Any, mask: Any
) -> dict[str, list[np.ndarray]]:
    """Modality -> the real steps of `count` examples, each float32 `(T_i, F)`."""
    if lengths is not None and mask is not None:
        raise ValueError("Examples.from_arrays: give `lengths` or `mask`; got both.")
    spans, steps = [slice(None)] * count, None
    if lengths is not None:
        spans = _spans_of_lengths(lengths, count)
    elif mask is not None:
        spans, steps = _spans_of_mask(mask, count)
    return {name: _cut(f"features[{name!r}]", x, spans, steps) for name, x in features.items()}


def check_dict(name: str, value: Any) -> None:
    """ValueError where an argument is not by modality."""
    if not isinstance(value, Mapping):
        raise ValueError(
            f"Examples.from_arrays: `{name}` must be a dict, modality -> array, as "
            f"{{'language': array}}; got {type(value).__name__}."
        )


def check_count(name: str, values: Any, count: int) -> None:
    """ValueError where an argument is not for as many examples as there are labels."""
    if len(values) != count:
        raise ValueError(
            f"Examples.from_arrays: `{name}` is for {len(values)} examples, `labels` for {count}; "
            "both need the same."
        )


def _spans_of_lengths(lengths: Any, count: int) -> list[slice]:
    array = _array(lengths)
    if array.shape != (count,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"Examples.from_arrays: `lengths` must be {count} integers, one an example; got "
            f"{_kind(array)}. All modalities of an example share it: align them first."
        )
    if count and array.min() < 1:
        raise ValueError(
            f"Examples.from_arrays: `lengths[{array.argmin()}]` must be 1 or more; got "
            f"{array.min()}. Leave an example without steps out."
        )
    return [slice(int(length)) for length in array]


def _spans_of_mask(mask: Any, count: int) -> tuple[list[slice], int]:
    """The real steps of each example, and the number of all of them."""
    real = _array(mask)
    if real.ndim != 2 or len(real) != count or not _is_binary(real):
        raise ValueError(
            f"Examples.from_arrays: `mask` must be bool of shape ({count}, T), true where a step "
            f"is real in all modalities; got {_kind(real)}."
        )
    real, steps = real.astype(bool), real.shape[1]
    spans = []
    for row, places in enumerate(map(np.flatnonzero, real)):
        if not places.size:
            raise ValueError(
                f"Examples.from_arrays: `mask[{row}]` has no real step; leave that example out."
            )
        first, end = int(places[0]), int(places[-1]) + 1
        if places.size < end - first:
            raise ValueError(
                f"Examples.from_arrays: `mask[{row}]` has a hole: of steps {first} to {end - 1} "
                f"only {places.size} are real. Padding stands in front or behind; a missing step "
                "between others is real, with zeros as its features."
            )
        spans.append(slice(first, end))
    return spans, steps


def _cut(name: str, values: Any, spans: list[slice], steps: int | None) -> list[np.ndarray]:
    """Each example's real steps; `steps` is what the mask says that all have, None without one."""
    rows = values if isinstance(values, list | tuple) else np.atleast_1d(_array(values))
    check_count(name, rows, len(spans))
    cut = []
    for row, (value, span) in enumerate(zip(rows, spans, strict=True)):
        array = _array(value)
        if array.ndim != 2 or not _is_numbers(array):
            raise ValueError(
                f"Examples.from_arrays: `{name}` must be one padded array (N, T, F) or a list of N "
                f"arrays (T_i, F), of numbers; got {_kind(array)} as example {row}. A single "
                "feature needs an axis, too: array[..., np.newaxis]."
            )
        if steps not in (None, len(array)):
            raise ValueError(
                f"Examples.from_arrays: `mask` is for {steps} steps; got {len(array)} in "
                f"`{name}[{row}]`. Both need the same padding."
            )
        if span.stop is not None and span.stop > len(array):
            raise ValueError(
                f"Examples.from_arrays: `lengths[{row}]` must be at most the {len(array)} steps of "
                f"`{name}[{row}]`; got {span.stop}."
            )
        cut.append(array[span].astype(np.float32, copy=False))
    return cut


def _array(value: Any) -> np.ndarray:
    """As NumPy sees it; what has no one shape is an array of objects, which no check lets pass."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)


def _is_numbers(array: np.ndarray) -> bool:
    return np.can_cast(array.dtype, np.float32, "same_kind")


def _is_binary(array: np.ndarray) -> bool:
    return _is_numbers(array) and bool(np.isin(array, (0, 1)).all())


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape}"
