"""What a caller hands over, checked: N sequences of words in several modalities."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rmfn_tf.data.examples import Examples
from rmfn_tf.names import did_you_mean


class NamedSequences(NamedTuple):
    """N sequences as they come, by name.

    Attributes:
        ids: N names.
        features: Modality -> N arrays `(T_i, F)`, or lists of lists.
    """

    ids: list[str]
    features: dict[str, list[Any]]


class Sequences(NamedTuple):
    """N sequences, ready to be padded.

    Attributes:
        features: Modality -> N float32 arrays `(T_i, F)`, in the model's order.
        lengths: `(N,)` int32, T_i >= 1.
    """

    features: dict[str, list[np.ndarray]]
    lengths: np.ndarray


def check_sequences(
    features: Mapping[str, Sequence[Any]] | Examples | NamedSequences, modalities: Mapping[str, int]
) -> Sequences:
    """What the caller has, as the model wants it, or what is wrong with it.

    Args:
        features: Modality -> N arrays `(T_i, F)` of numbers; or examples of a data set, or what a
            file holds, whose ids then stand in the messages. NaN and the infinities are let
            through: the model counts them as 0 after scaling.
        modalities: Modality -> F, of the model.

    Raises:
        ValueError: Names the modality and the sequence, counted from 0.
    """
    ids: Sequence[str] | None = None
    if isinstance(features, Examples | NamedSequences):
        ids, features = features.ids, features.features
    if not isinstance(features, Mapping):
        raise ValueError(
            "the features must be a dict, modality -> list of arrays (words, features), or an "
            f"Examples of rmfn_tf.data; got {type(features).__name__}"
        )
    check_modalities(features, modalities, "(words, {width})")
    counts = {name: _count(name, features[name]) for name in modalities}
    if len(set(counts.values())) > 1:
        raise ValueError(
            f"every modality needs as many sequences as the others; got {counts}. Send zeros where "
            "a sequence lacks a modality"
        )
    count = next(iter(counts.values()))
    if count == 0:
        raise ValueError("there is no sequence to send; a request needs at least one")
    names = [_name(row, ids) for row in range(count)]
    checked = {
        name: [
            _words(each, width, f"{names[row]}: {name!r}")
            for row, each in enumerate(features[name])
        ]
        for name, width in modalities.items()
    }
    for row in range(count):
        lengths = {name: len(sequences[row]) for name, sequences in checked.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"{names[row]}: all modalities of a sequence must have as many words; got {lengths}"
            )
    first = next(iter(checked.values()))
    return Sequences(checked, np.array([len(words) for words in first], np.int32))


def check_modalities(given: Mapping[str, Any], wanted: Mapping[str, int], shape: str) -> None:
    """Exactly the model's modalities.

    Args:
        given: Anything by modality.
        wanted: Modality -> features a word, of the model.
        shape: What one array must look like, with `{width}` for the features.

    Raises:
        ValueError: One is missing, or unknown.
    """
    for name in given:
        if name not in wanted:
            raise ValueError(
                f"the model has no modality {name!r}; it has {list(wanted)}."
                f"{did_you_mean(name, wanted)}"
            )
    for name, width in wanted.items():
        if name not in given:
            raise ValueError(
                f"the modality {name!r} is missing; the model has {list(wanted)}. Where there is "
                f"nothing, send zeros: arrays of shape {shape.format(width=width)}"
            )


def as_float32(value: Any, where: str) -> np.ndarray:
    """An array of numbers as float32.

    Raises:
        ValueError: Ragged, not numbers, or too large for float32; the message begins with `where`.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{where} is no array: its rows differ in length") from error
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{where} must be numbers; got an array of dtype {array.dtype}")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32, copy=False)
    if (np.isinf(numbers) & np.isfinite(array)).any():
        raise ValueError(
            f"{where} has numbers beyond float32, whose largest is {np.finfo(np.float32).max:.3g}"
        )
    return numbers


def _words(value: Any, width: int, where: str) -> np.ndarray:
    words = as_float32(value, where)
    if words.size == 0 and words.ndim <= 2 and len(np.atleast_1d(words)) == 0:
        raise ValueError(f"{where} has no words; a sequence needs at least one")
    if words.ndim != 2 or words.shape[1] != width:
        raise ValueError(f"{where} must have the shape (words, {width}); got {words.shape}")
    return words


def _count(name: str, sequences: Any) -> int:
    try:
        return len(sequences)
    except TypeError as error:
        raise ValueError(
            f"{name!r} must be a list of arrays (words, features), one a sequence; got "
            f"{type(sequences).__name__}"
        ) from error


def _name(row: int, ids: Sequence[str] | None) -> str:
    return f"sequence {row}" if ids is None else f"sequence {row} ({ids[row]!r})"
