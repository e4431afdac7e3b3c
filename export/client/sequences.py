"""The caller's N sequences of words in several modalities: read, checked, and cut into requests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from rmfn_tf.data.examples import Examples
from rmfn_tf.export.contract import LENGTHS, mistakes
from rmfn_tf.names import did_you_mean

# gRPC servers other than TensorFlow Serving, and proxies, refuse messages above 4 MiB.
MAX_BYTES = 4 * 2**20 - 2**16
_FORM = '{"sequences": [{"id": "a", "language": [[...], ...], ...}, ...]}'


class NamedSequences(NamedTuple):
    """N sequences with names, not yet checked.

    Attributes:
        ids: N names.
        features: Modality -> N arrays `(T_i, F)`, or lists of lists.
    """

    ids: list[str]
    features: dict[str, list[Any]]


Features = Mapping[str, Sequence[Any]] | Examples | NamedSequences
Sequences = dict[str, list[np.ndarray]]  # modality -> N float32 arrays (T_i, F), T_i >= 1


class _File(BaseModel, extra="forbid"):
    sequences: Annotated[list[dict[str, Any]], Field(min_length=1)]


def read_sequences(path: str | Path) -> NamedSequences:
    """The sequences of a JSON file, for `Client.predict` and `Client.explain`, which check them.

        {"sequences": [
            {"id": "a", "language": [[0.1, 0.2], [0.3, 0.4]], "acoustic": [[1.0], [2.0]]},
            {"id": "b", "language": [[0.5, 0.6]], "acoustic": [[3.0]]}
        ]}

    Every sequence has the same modalities, each a list of words that are lists of numbers (`NaN`
    and `Infinity` are allowed). It may have a unique `id`, and is otherwise called by its position,
    "0", "1", ...

    Raises:
        ValueError: The file is not of this form; the message names the sequence.
        OSError: It cannot be read.
    """
    try:
        rows = _File.model_validate_json(Path(path).read_bytes()).sequences
    except ValidationError as error:
        raise ValueError(f"{path} must hold {_FORM} ({mistakes(error)})") from error
    ids = [str(row.pop("id", place)) for place, row in enumerate(rows)]
    (name, count), *_ = Counter(ids).most_common(1)
    if count > 1:
        raise ValueError(f"{path}: the id {name!r} is there more than once")
    for place, row in enumerate(rows):
        if row.keys() != rows[0].keys():
            raise ValueError(
                f"{path}: sequence {place} has {sorted(row)}, sequence 0 has {sorted(rows[0])}; "
                "send zeros where a sequence lacks a modality"
            )
    return NamedSequences(ids, {name: [row[name] for row in rows] for name in rows[0]})


def check_sequences(features: Features, modalities: Mapping[str, int]) -> Sequences:
    """What `Client.predict` was given, in the form and order of `modalities` (name -> width), which
    are the model's. A ValueError names the modality and the sequence, counted from 0, with its id
    where it has one."""
    ids: Sequence[str] | None = None
    if isinstance(features, Examples | NamedSequences):
        ids, features = features.ids, features.features
    if not isinstance(features, Mapping):
        raise ValueError(
            "the features must be a dict, modality -> list of arrays (words, features), or an "
            f"Examples of rmfn_tf.data; got {type(features).__name__}"
        )
    check_modalities(features, modalities, "(words, {width})")
    for name in modalities:
        if not hasattr(features[name], "__len__"):
            raise ValueError(
                f"{name!r} must be a list of arrays (words, features), one a sequence; got "
                f"{type(features[name]).__name__}"
            )
    counts = {name: len(features[name]) for name in modalities}
    if len(set(counts.values())) > 1 or 0 in counts.values():
        raise ValueError(
            f"every modality needs as many sequences as the others, one at least; got {counts}. "
            "Send zeros where a sequence lacks a modality"
        )
    checked: Sequences = {name: [] for name in modalities}
    for row in range(next(iter(counts.values()))):
        who = f"sequence {row}" if ids is None else f"sequence {row} ({ids[row]!r})"
        for name, width in modalities.items():
            words = as_float32(features[name][row], f"{who}: {name!r}")
            if words.ndim != 2 or words.shape[1] != width or not len(words):
                raise ValueError(
                    f"{who}: {name!r} must have the shape (words, {width}), with one word at "
                    f"least; got {words.shape}"
                )
            checked[name].append(words)
        found = {name: len(words[row]) for name, words in checked.items()}
        if len(set(found.values())) > 1:
            raise ValueError(
                f"{who}: all modalities of a sequence must have as many words; got {found}"
            )
    return checked


def lengths_of(sequences: Sequences) -> np.ndarray:
    """`(N,)` int32, the number of words of each sequence."""
    return np.array([len(words) for words in next(iter(sequences.values()))], np.int32)


def check_modalities(given: Mapping[str, Any], wanted: Mapping[str, int], shape: str) -> None:
    """ValueError where a modality of the model, with its width, is missing, or another is given.
    The message has the `shape` of one array, with `{width}` in it."""
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
    """An array of numbers as float32. A ValueError that begins with `where` refuses what is ragged,
    not numbers, or too large for float32."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{where} is not an array: its rows differ in length") from error
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{where} must be numbers; got an array of dtype {array.dtype}")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32, copy=False)
    if (np.isinf(numbers) & np.isfinite(array)).any():
        raise ValueError(
            f"{where} has numbers beyond float32, whose largest is {np.finfo(np.float32).max:.3g}"
        )
    return numbers


def plan_batches(sequences: Sequences, batch_size: int, max_bytes: int = MAX_BYTES) -> list[list]:
    """The rows of the sequences in each batch: neighbours in length, so that little is padded.

    A batch has `batch_size` sequences and `max_bytes` of padded features at most; one sequence
    alone may have more.
    """
    word = 4 * sum(each[0].shape[1] for each in sequences.values())
    lengths, batches = lengths_of(sequences), list[list[int]]([[]])
    for row in np.argsort(lengths, kind="stable").tolist():
        batch = batches[-1]
        # Lengths ascend, so the batch is padded to the length of this one.
        size = (len(batch) + 1) * int(lengths[row]) * word
        if batch and (len(batch) == batch_size or size > max_bytes):
            batches.append([row])
        else:
            batch.append(row)
    return batches


def pad(sequences: Sequences, rows: list[int]) -> dict[str, np.ndarray]:
    """The request for these sequences: modality -> `(batch, time, F)` float32 with zeros behind the
    shorter ones, and `lengths` `(batch,)` int32, which tells the model where they end."""
    batch = {name: [words[row] for row in rows] for name, words in sequences.items()}
    lengths, inputs = lengths_of(batch), dict[str, np.ndarray]()
    for name, words in batch.items():
        padded = np.zeros((len(rows), lengths.max(), words[0].shape[1]), np.float32)
        for place, each in enumerate(words):
            padded[place, : len(each)] = each
        inputs[name] = padded
    return {**inputs, LENGTHS: lengths}
