"""The aligned pickles of two frameworks: a dict of `train`, `valid` and `test`, dicts of arrays.

MMSA's `aligned_50.pkl` holds CMU-MOSI with BERT's features in place of word vectors,

    text, audio, vision   (N, 50, F)   one step a word piece
    regression_labels     (N,)         scores
    id                    (N,)         "VIDEO$_$CLIP"

and entries that are not read. It has no words: `raw_text` does not say which word a piece is of.

MulT's (the Multimodal Transformer's) `mosi_data.pkl` and `iemocap_data.pkl` hold

    text, audio, vision   (N, steps, F)
    labels   (N, 1, 1) scores, or (N, emotions, 2), (0, 1) where an emotion is present, else (1, 0)
    id       (N, 3)   video, start and end in seconds, as text; IEMOCAP's file has no ids

MulT's own code reads (0, 1) as present, but an author of a similar file said (1, 0). An utterance
of IEMOCAP has one of the four emotions, so if every row of a file has just one (1, 0), then (1, 0)
means present in that file.

In all these files, steps are padded with zero rows to a fixed number.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.datasets.arrays import SPLIT_IN_FILES, Stored, strip_padding, to_features, to_labels
from rmfn_tf.datasets.pickles import read_pickle
from rmfn_tf.datasets.source import (
    OTHER_FILE,
    SPLITS,
    Item,
    MissingFiles,
    Report,
    Sample,
    Source,
    SourceError,
    find_files,
)

_MODALITIES = {"language": "text", "acoustic": "audio", "visual": "vision"}
# A YouTube id can hold `_` and `-`, so only these forms tell the video from the clip.
_SEGMENT_ID = re.compile(r"(.+?)(?:\$_\$[0-9]{1,9}|\[[0-9]{1,9}\])")


@dataclass(frozen=True)
class AlignedPickle(Source):
    """What the file of one data set must hold."""

    file: str  # its name
    widths: Mapping[str, int]
    labels: str = "labels"  # the key of the labels
    emotions: tuple[str, ...] = ()  # names of the labels in the file's order; without any, a score
    ids_name_videos: bool = False  # whether every id must be `VIDEO$_$CLIP`

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The file in `folder`; MissingFiles also says that an unaligned file will not do."""
        try:
            return find_files(folder, [self.file])
        except MissingFiles as error:
            why = "An unaligned file will not do: its modalities differ in length."
            raise MissingFiles(f"{error} {why}") from error

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All samples without their padding, in the order of the rows.

        Labels are scores or, of emotions, `(emotions,)` float32 of 0 and 1. Ids are the file's own,
        `VIDEO[START-END]` where it has three texts; the part before the clip's number or the times
        is the video. Where the file has no ids, both are `<split>-<row>`.
        """
        path = files[self.file]
        report(path)
        content = read_pickle(path)
        splits = {split: _Split(path, content, split) for split in SPLITS}
        features, labels = {}, {}
        for name, split in splits.items():
            parts: dict[tuple[str, ...], Stored] = {
                (each,): split.read_numbers(_MODALITIES[each]) for each in self.widths
            }
            features[name] = to_features(parts, self.widths)
            labels[name] = self._read_labels(split, len(features[name]["language"]))
        if self.emotions:
            # The place that means present is the same in all splits: one program wrote the file.
            in_first = all((pairs[:, :, 0].sum(axis=1) == 1).all() for pairs in labels.values())
            labels = {name: pairs[:, :, 0 if in_first else 1] for name, pairs in labels.items()}
        for done, (name, split) in enumerate(splits.items(), start=1):
            ids = split.read_ids(len(labels[name]), self.ids_name_videos)
            for row, (text, video) in enumerate(ids):
                steps = strip_padding({key: array[row] for key, array in features[name].items()})
                label = labels[name][row]
                yield name, Sample(text, steps, label if self.emotions else float(label), video)
            report(done, len(splits))

    def _read_labels(self, split: "_Split", rows: int) -> np.ndarray:
        """`(rows,)` scores, or `(rows, emotions, 2)` pairs."""
        stored = split.read_numbers(self.labels)
        if not self.emotions:
            return to_labels(stored, rows)
        pairs = to_labels(stored, rows, len(self.emotions), 2)
        first, second = np.moveaxis(pairs, 2, 0)
        for row, column in np.argwhere((second != 0) & (second != 1) | (first != 1 - second))[:1]:
            pair = f"({first[row, column]:g}, {second[row, column]:g})"
            found = f"{pair} for {self.emotions[column]} in row {row}"
            raise stored.error(found, "It must be (1, 0) or (0, 1), for absent and present")
        return pairs


class _Split:
    """One split's arrays, of which row i is sample i, each checked when it is asked for."""

    def __init__(self, path: Path, content: Any, split: str) -> None:
        self._path, self._name, self._key = path, split, SPLIT_IN_FILES[split]
        values = content.get(self._key) if isinstance(content, dict) else None
        if not isinstance(values, dict):
            found = f"no dict of arrays here; the file holds {_names(content)}"
            raise SourceError.at(path, self._key, found=found, mend=OTHER_FILE)
        self._values = values

    def read_numbers(self, key: str) -> Stored:
        """An array of integers or floats, of any shape."""
        values = self._get(key)
        try:
            array = np.asarray(values)
        except (ValueError, RecursionError):  # lists of different lengths
            array = np.zeros(0, object)
        if array.dtype.kind not in "fiu":
            found = f"a {type(values).__name__}, as an array {array.dtype} of shape {array.shape}"
            raise self._error(key, found, "It must be numbers, without gaps")
        return Stored(array, self._path, f"{self._key}/{key}")

    def read_ids(self, rows: int, ids_name_videos: bool) -> list[tuple[str, str]]:
        """The id and the video of every row."""
        if "id" not in self._values and not ids_name_videos:
            return [(f"{self._name}-{row}",) * 2 for row in range(rows)]
        values = self._get("id")
        try:
            table = np.array([] if isinstance(values, str) else list(values))
            if table.dtype.kind == "S":
                table = np.char.decode(table, "utf-8", "replace")
            cells = np.char.strip(table.reshape(len(table), -1)).tolist()
        except (TypeError, ValueError, SystemError):  # no text, or no Unicode
            cells = []
        if len(cells) != rows or len(cells[0]) not in (1, 3):
            wanted = f"It must hold a text, or video, start and end, for each of the {rows} rows"
            raise self._error("id", f"a {type(values).__name__} of another form", wanted)
        return [self._to_id(row, texts, ids_name_videos) for row, texts in enumerate(cells)]

    def _to_id(self, row: int, texts: list[str], ids_name_videos: bool) -> tuple[str, str]:
        if not all(text and text.isprintable() for text in texts):
            wanted = "An id must be readable text"
            raise self._error("id", f"{ascii(texts)[:80]} in row {row}", wanted)
        if len(texts) == 3:
            return f"{texts[0]}[{texts[1]}-{texts[2]}]", texts[0]
        found = _SEGMENT_ID.fullmatch(texts[0])
        if ids_name_videos and not found:
            wanted = 'An id must be "VIDEO$_$CLIP", or the clips of a video cannot be kept together'
            raise self._error("id", f"{texts[0][:80]!a} in row {row}", wanted)
        return texts[0], found[1] if found else texts[0]

    def _get(self, key: str) -> Any:
        if key not in self._values:
            raise self._error(key, f"no such key; it holds {_names(self._values)}", OTHER_FILE)
        return self._values[key]

    def _error(self, key: str, found: str, mend: str) -> SourceError:
        return SourceError.at(self._path, f"{self._key}/{key}", found=found, mend=mend)


def _names(values: Any) -> str:
    if not isinstance(values, dict):
        return f"a {type(values).__name__}"
    return ", ".join(ascii(str(name)[:40]) for name in list(values)[:12]) or "nothing"
