"""Converts arrays as Keras users have them to the form that `Examples` takes."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def to_labels(labels: Any) -> np.ndarray:
    """Integers `(N,)` are classes; all other numbers become float32 `(N, C)`."""
    array = _array(labels)
    if array.ndim not in (1, 2) or not _is_numbers(array):
        raise _wrong("labels", "must be numbers of shape (N,) or (N, columns)", _kind(array))
    if array.ndim == 1 and array.dtype.kind in "iub":
        return array.astype(np.int64)
    return (array if array.ndim == 2 else array[:, np.newaxis]).astype(np.float32)


def to_step_labels(labels: Any, lengths: Any, mask: Any) -> list[np.ndarray]:
    """The labels of the real steps of each example: integers `(T_i,)` or float32 `(T_i, C)`."""
    rows = [_array(each) for each in labels]
    spans: list[slice] = [slice(None)] * len(rows)
    if lengths is not None:
        spans = _spans_of_lengths(lengths, len(rows))
    elif mask is not None:
        spans, _ = _spans_of_mask(mask, len(rows))
    return [to_labels(each[span]) for each, span in zip(rows, spans, strict=True)]


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
    """ValueError where an argument is not a dict, modality -> array."""
    if not isinstance(value, Mapping):
        wanted = "must be a dict, modality -> array, as {'language': array}"
        raise _wrong(name, wanted, type(value).__name__)


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
        mend = "All modalities of an example share it: align them first."
        raise _wrong("lengths", f"must be {count} integers, one an example", _kind(array), mend)
    if count and array.min() < 1:
        row, mend = array.argmin(), "Leave an example without steps out."
        raise _wrong(f"lengths[{row}]", "must be 1 or more", array[row], mend)
    return [slice(int(length)) for length in array]


def _spans_of_mask(mask: Any, count: int) -> tuple[list[slice], int]:
    """The real steps of each example, and the number of steps with padding."""
    real = _array(mask)
    is_binary = _is_numbers(real) and bool(np.isin(real, (0, 1)).all())
    if real.ndim != 2 or len(real) != count or not is_binary:
        wanted = f"must be bool of shape ({count}, T), true where a step is real in all modalities"
        raise _wrong("mask", wanted, _kind(real))
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
    return spans, real.shape[1]


def _cut(name: str, values: Any, spans: list[slice], steps: int | None) -> list[np.ndarray]:
    """Each example's real steps; `steps` is the padded length of the mask, None without one."""
    rows = values if isinstance(values, list | tuple) else np.atleast_1d(_array(values))
    check_count(name, rows, len(spans))
    cut = []
    for row, (value, span) in enumerate(zip(rows, spans, strict=True)):
        array = _array(value)
        if array.ndim != 2 or not _is_numbers(array):
            wanted = "must be a padded array (N, T, F) or a list of N arrays (T_i, F), of numbers"
            mend = "A single feature needs an axis, too: array[..., np.newaxis]."
            raise _wrong(name, wanted, f"{_kind(array)} as example {row}", mend)
        if steps not in (None, len(array)):
            mend = "Both need the same padding."
            raise _wrong("mask", f"is for {steps} steps", f"{len(array)} in `{name}[{row}]`", mend)
        if span.stop is not None and span.stop > len(array):
            wanted = f"must be at most the {len(array)} steps of `{name}[{row}]`"
            raise _wrong(f"lengths[{row}]", wanted, span.stop)
        cut.append(array[span].astype(np.float32, copy=False))
    return cut


def _wrong(name: str, wanted: str, got: Any, mend: str = "") -> ValueError:
    return ValueError(f"Examples.from_arrays: `{name}` {wanted}; got {got}. {mend}".rstrip())


def _array(value: Any) -> np.ndarray:
    """The value as an array; ragged lists become an array of objects, which every check refuses."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.asarray(value, dtype=object)


def _is_numbers(array: np.ndarray) -> bool:
    return np.can_cast(array.dtype, np.float32, "same_kind")


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype} of shape {array.shape}"
