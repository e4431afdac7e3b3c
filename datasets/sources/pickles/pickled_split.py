"""One split of a pickled data set: a dict of arrays, of which row i is sample i."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.padding import strip_padding

_SPLIT_IN_FILES = {"train": "train", "validation": "valid", "test": "test"}
_MAX_COLUMNS = 3
_NUMBERS = (float, np.floating)
_OTHER_FILE = "This is another kind of file than its name says: check where it came from"


class PickledSplit:
    """A split's arrays, each checked when it is asked for.

    Args:
        path: the pickle, for messages.
        content: what `read_pickle` gave: a dict of `train`, `valid` and `test`.
        split: train, validation or test.

    Raises:
        SourceError: it is not such a dict.
    """

    def __init__(self, path: Path, content: Any, split: str) -> None:
        self.path = path
        self._key = _SPLIT_IN_FILES[split]
        values = _get(path, content, self._key, "")
        if not isinstance(values, dict):
            raise self.error(None, f"a {type(values).__name__}, not a dict of arrays", _OTHER_FILE)
        self._values = values

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def read_features(
        self, keys: Mapping[str, str], widths: Mapping[str, int]
    ) -> list[dict[str, np.ndarray]]:
        """The features of every sample, padding undone.

        Args:
            keys: modality -> its key in the file.
            widths: modality -> F, in the order of the modalities.

        Returns:
            For each sample: modality -> `(T, F)` float32.

        Raises:
            SourceError: an array is missing, is not `(N, steps, F)` numbers, or the modalities
                have not the same rows and steps.
        """
        arrays = {name: self._read_modality(name, keys[name], widths[name]) for name in widths}
        first = next(iter(arrays))
        for name, array in arrays.items():
            if array.shape[:2] != arrays[first].shape[:2]:
                raise self.error(
                    keys[name],
                    f"{array.shape[0]} rows of {array.shape[1]} steps",
                    f"{keys[first]!r} beside it has {arrays[first].shape[0]} rows of "
                    f"{arrays[first].shape[1]} steps: the modalities of this file are not "
                    "aligned, and the file whose modalities are is wanted",
                )
        return [
            _to_float32(strip_padding({name: array[row] for name, array in arrays.items()}))
            for row in range(len(arrays[first]))
        ]

    def read_numbers(self, key: str) -> np.ndarray:
        """An array of integers or floats, of any shape with at least one row."""
        array = _get(self.path, self._values, key, f"{self._key}/")
        if isinstance(array, list) and all(isinstance(value, _NUMBERS) for value in array):
            array = np.array(array)
        if not isinstance(array, np.ndarray):
            raise self.error(key, f"a {type(array).__name__}, not an array", _OTHER_FILE)
        if array.dtype.kind not in "fiu":
            raise self.error(key, f"values of type {array.dtype}", "It must hold numbers")
        if array.ndim == 0 or 0 in array.shape:
            raise self.error(key, f"shape {array.shape}", "It must have at least one row")
        return array

    def read_texts(self, key: str, rows: int) -> list[list[str]]:
        """For each of `rows` rows, its text, or its few texts; from arrays or lists."""
        values = _get(self.path, self._values, key, f"{self._key}/")
        if not _is_sequence(values) or len(values) != rows:
            raise self.error(
                key,
                f"{len(values)} rows" if _is_sequence(values) else f"a {type(values).__name__}",
                f"It must hold a text for each of the {rows} rows",
            )
        try:
            return [self._to_texts(key, row) for row in values]
        except SourceError:
            raise
        except ValueError:
            raise self.error(key, "texts that are not Unicode", _OTHER_FILE) from None

    def error(self, key: str | None, found: str, mend: str) -> SourceError:
        """An error about a key of this split."""
        place = self._key if key is None else f"{self._key}/{key}"
        return SourceError.at(self.path, place, found=found, mend=mend)

    def _read_modality(self, modality: str, key: str, width: int) -> np.ndarray:
        array = self.read_numbers(key)
        if array.ndim != 3:
            raise self.error(key, f"shape {array.shape}", "It must be (rows, steps, features)")
        if array.shape[2] != width:
            raise self.error(
                key,
                f"{array.shape[2]} {modality} features a step (shape {array.shape})",
                f"The published file has {width}: it is the file of another data set or feature "
                "set",
            )
        return array

    def _to_texts(self, key: str, row: Any) -> list[str]:
        cells = [row] if isinstance(row, str | bytes) else row
        if not _is_sequence(cells) or not 1 <= len(cells) <= _MAX_COLUMNS:
            raise self.error(key, f"a {type(row).__name__} among the texts", _OTHER_FILE)
        texts = []
        for cell in cells:
            text = cell.decode("utf-8") if isinstance(cell, bytes) else cell
            if not isinstance(text, str):
                raise self.error(key, f"a {type(cell).__name__} among the texts", _OTHER_FILE)
            text.encode("utf-8")  # half a surrogate pair can be read but not stored
            texts.append(str(text).strip())
        return texts


def _is_sequence(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return values.ndim > 0
    return isinstance(values, list | tuple)


def _to_float32(features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    with np.errstate(over="ignore"):  # beyond float32: infinite, as COVAREP's own infinities
        return {name: rows.astype(np.float32) for name, rows in features.items()}


def _get(path: Path, values: Any, key: str, place: str) -> Any:
    """`values[key]`, where `values` is a dict that has it."""
    if not isinstance(values, dict):
        raise SourceError.at(path, found=f"a {type(values).__name__}, not a dict", mend=_OTHER_FILE)
    if key not in values:
        names = [name for name in list(values)[:12] if isinstance(name, str)]
        held = ", ".join(ascii(name[:40]) for name in names)
        raise SourceError.at(
            path,
            f"{place}{key}",
            found=f"no such key; it holds {held or 'nothing like it'}",
            mend=_OTHER_FILE,
        )
    return values[key]
