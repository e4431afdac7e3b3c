"""Converts arrays as Keras users have them to the form that `Examples` takes."""

from typing import Any

import numpy as np


def to_array(value: Any) -> np.ndarray:
    """The value as an array; ragged lists become an array of objects, which every check refuses."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)


def to_labels(labels: Any) -> np.ndarray:
    """Integers `(N,)` are classes; all other numbers become float32 `(N, C)`."""
    array = to_array(labels)
    if array.ndim not in (1, 2) or not _is_numbers(array):
        raise wrong("labels", "must be numbers of shape (N,) or (N, columns)", _kind(array))
    if array.ndim == 1 and array.dtype.kind in "iub":
        return array.astype(np.int64)
    return (array if array.ndim == 2 else array[:, np.newaxis]).astype(np.float32)


def real_steps(count: int, lengths: Any, mask: Any) -> tuple[list[slice], int | None]:
    """The real steps of `count` examples; and the padded length of the mask, None without one."""
    if lengths is not None and mask is not None:
        raise ValueError("Examples.from_arrays: give `lengths` or `mask`; got both.")
    if mask is not None:
        return _spans_of_mask(mask, count)
    if lengths is None:
        return [slice(None)] * count, None
    array = to_array(lengths)
    if array.shape != (count,) or array.dtype.kind not in "iu":
        mend = "All modalities of an example share it: align them first."
        raise wrong("lengths", f"must be {count} integers, one an example", _kind(array), mend)
    return [slice(max(0, int(length))) for length in array], None


def _spans_of_mask(mask: Any, count: int) -> tuple[list[slice], int]:
    real = to_array(mask)
    is_binary = _is_numbers(real) and bool(np.isin(real, (0, 1)).all())
    if real.ndim != 2 or len(real) != count or not is_binary:
        wanted = f"must be bool of shape ({count}, T), true where a step is real in all modalities"
        raise wrong("mask", wanted, _kind(real))
    spans = []
    for row, places in enumerate(map(np.flatnonzero, real)):
        first, end = (int(places[0]), int(places[-1]) + 1) if places.size else (0, 0)
        if places.size < end - first:
            raise ValueError(
                f"Examples.from_arrays: `mask[{row}]` has a hole: of steps {first} to {end - 1} "
                f"only {places.size} are real. Padding stands in front or behind; a missing step "
                "between others is real, with zeros as its features."
            )
        spans.append(slice(first, end))
    return spans, real.shape[1]


def cut(name: str, values: Any, spans: list[slice], steps: int | None) -> list[np.ndarray]:
    """Each example's real steps of an argument, float32 `(T_i, F)`; the others as `real_steps`
    gives them."""
    rows = values if isinstance(values, list | tuple) else np.atleast_1d(to_array(values))
    if len(rows) != len(spans):
        raise wrong(name, f"must be of {len(spans)} examples, as `labels` are", len(rows))
    parts = []
    for row, (value, span) in enumerate(zip(rows, spans, strict=True)):
        array = to_array(value)
        if array.ndim != 2 or not _is_numbers(array):
            wanted = "must be a padded array (N, T, F) or a list of N arrays (T_i, F), of numbers"
            mend = "A single feature needs an axis, too: array[..., np.newaxis]."
            raise wrong(name, wanted, f"{_kind(array)} as example {row}", mend)
        if steps not in (None, len(array)):
            mend = "Both need the same padding."
            raise wrong("mask", f"is for {steps} steps", f"{len(array)} in `{name}[{row}]`", mend)
        if span.stop is not None and span.stop > len(array):
            wanted = f"must be at most the {len(array)} steps of `{name}[{row}]`"
            raise wrong(f"lengths[{row}]", wanted, span.stop)
        parts.append(array[span].astype(np.float32, copy=False))
    return parts


def wrong(name: str, wanted: str, got: Any, mend: str = "") -> ValueError:
    """The error where an argument is not what is wanted."""
    return ValueError(f"Examples.from_arrays: `{name}` {wanted}; got {got}. {mend}".rstrip())


def _is_numbers(array: np.ndarray) -> bool:
    return np.can_cast(array.dtype, np.float32, "same_kind")


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape}"
