"""The metadata of a computational sequence: short texts about where it comes from."""

import json
from pathlib import Path

import h5py

from rmfn_tf.datasets.sources.hdf5.global_heap import read_heap_string
from rmfn_tf.datasets.sources.hdf5.reading import find_group, list_names

MAX_FIELDS = 256
MAX_TEXT_BYTES = 2**16


def read_metadata(path: Path, root: h5py.Group, key: str) -> dict[str, str]:
    """field -> text, for the fields that are one string of at most `MAX_TEXT_BYTES`.

    Nothing else here depends on metadata, so what is of another form is left out rather than an
    error, as are all fields beyond `MAX_FIELDS`; a file without metadata has none.

    Args:
        path: the file.
        root: the root group.
        key: where the metadata lie.
    """
    if root.get("metadata", getlink=True) is None:
        return {}
    group = find_group(path, root, "metadata", key)
    metadata = {}
    for name in sorted(list_names(group, MAX_FIELDS)[:MAX_FIELDS]):
        text = _read_text(path, group, name)
        if text is not None:
            metadata[name.decode("utf-8", "replace")] = _unquote(text)
    return metadata


def _read_text(path: Path, group: h5py.Group, name: bytes) -> str | None:
    """The one string under `name`; None where there is something else."""
    if group.id.links.get_info(name).type != h5py.h5l.TYPE_HARD:
        return None
    dataset = group[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.shape not in ((), (1,)):
        return None
    declared, place = dataset.id.get_type(), dataset.id.get_offset()
    if declared.get_class() != h5py.h5t.STRING or place is None:
        return None
    with path.open("rb") as stream:
        if declared.is_variable_str():
            text = read_heap_string(stream, place, MAX_TEXT_BYTES)
        elif declared.get_size() <= MAX_TEXT_BYTES:
            stream.seek(place)
            text = stream.read(declared.get_size()).rstrip(b"\0")
        else:
            text = None
    return None if text is None else text.decode("utf-8", "replace")


def _unquote(text: str) -> str:
    """The text of a JSON string; anything else stays as it is."""
    if not text.startswith('"'):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text
