"""Sequences in a JSON file: what `rmfn predict --input` reads.

{"sequences": [
    {"id": "a", "language": [[0.1, 0.2], [0.3, 0.4]], "acoustic": [[1.0], [2.0]]},
    {"id": "b", "language": [[0.5, 0.6]], "acoustic": [[3.0]]}
]}
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rmfn_tf.export.client.sequences import NamedSequences

_FORM = '{"sequences": [{"id": "a", "language": [[...], ...], ...}, ...]}'


def read_sequences(path: str | Path) -> NamedSequences:
    """The sequences of a file, for `Client.predict` and `Client.explain`, which check them.

    Every sequence is an object with the same modalities, each a list of words that are lists of
    numbers (`NaN` and `Infinity` are read as such), and, if it likes, a unique `id`; the others
    are called by their place, "0", "1", ...

    Raises:
        ValueError: It is no file of this form; the message names the sequence.
        OSError: It cannot be read.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    sequences = document.get("sequences") if isinstance(document, dict) else None
    if not isinstance(sequences, list) or set(document) != {"sequences"}:
        raise ValueError(f"{path} must hold {_FORM}, and nothing beside `sequences`")
    if not sequences:
        raise ValueError(f"{path} has no sequence; one at least is needed")
    modalities = [_modalities(path, place, each) for place, each in enumerate(sequences)]
    for place, names in enumerate(modalities):
        if set(names) != set(modalities[0]):
            raise ValueError(
                f"{path}: sequence {place} has {sorted(names)}, sequence 0 has "
                f"{sorted(modalities[0])}; send zeros where a sequence lacks a modality"
            )
    ids = [str(each.get("id", place)) for place, each in enumerate(sequences)]
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise ValueError(f"{path}: the id {twice[0]!r} is there more than once")
    return NamedSequences(ids, {name: [each[name] for each in sequences] for name in modalities[0]})


def _modalities(path: str | Path, place: int, sequence: Any) -> list[str]:
    if not isinstance(sequence, dict):
        raise ValueError(f"{path}: sequence {place} must be an object; the file must hold {_FORM}")
    if not isinstance(sequence.get("id", ""), str | int):
        raise ValueError(f"{path}: the id of sequence {place} must be text; got {sequence['id']!r}")
    names = [name for name in sequence if name != "id"]
    if not names:
        raise ValueError(f"{path}: sequence {place} has no modality; the file must hold {_FORM}")
    for name in names:
        if not isinstance(sequence[name], list):
            raise ValueError(
                f"{path}: {name!r} of sequence {place} must be a list of words; got "
                f"{type(sequence[name]).__name__}"
            )
    return names
