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
    Item,
    Report,
    Sample,
    Source,
    SourceError,
    find_files,
)

_MODALITIES = {"language": "text", "acoustic": "audio", "visual": "vision"}
# A YouTube id can hold `_` and `-`, so only these forms tell the video from the clip or the times.
_SEGMENT_ID = re.compile(r"(.+?)(?:\$_\$[0-9]{1,9}|\[[^\[\]]+\])")


@dataclass(frozen=True)
class AlignedPickle(Source):
    """What the file of one data set must hold."""

    file: str  # its name
    widths: Mapping[str, int]
    labels: str = "labels"  # the key of the labels
    emotions: tuple[str, ...] = ()  # names of the labels in the file's order; without any, a score
    ids_name_videos: bool = False  # whether every id must be `VIDEO$_$CLIP`

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        return find_files(folder, [self.file])

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All samples without their padding, in the order of the rows.

        Labels are scores or, of emotions, `(emotions,)` float32 of 0 and 1. Ids are the file's own,
        `VIDEO[START-END]` where it has three texts; the part before the clip's number or the times
        is the video. Where the file has no ids, both are `<split>-<row>`.
        """
        path = files[self.file]
        report(path)
        content = read_pickle(path)
        features, labels = {}, {}
        for split, key in SPLIT_IN_FILES.items():
            parts: dict[tuple[str, ...], Stored] = {
                (name,): _get_numbers(path, content, f"{key}/{_MODALITIES[name]}")
                for name in self.widths
            }
            features[split] = to_features(parts, self.widths)
            stored = _get_numbers(path, content, f"{key}/{self.labels}")
            labels[split] = self._to_labels(stored, len(features[split]["language"]))
        if self.emotions:
            # The place that means present is the same in all splits: one program wrote the file.
            in_first = all((pairs[:, :, 0].sum(axis=1) == 1).all() for pairs in labels.values())
            labels = {split: pairs[:, :, 0 if in_first else 1] for split, pairs in labels.items()}
        for done, (split, key) in enumerate(SPLIT_IN_FILES.items(), start=1):
            ids = [(f"{split}-{row}",) * 2 for row in range(len(labels[split]))]
            if "id" in content[key] or self.ids_name_videos:
                ids = self._to_ids(_get(path, content, f"{key}/id"), len(ids))
            for row, ((name, video), label) in enumerate(zip(ids, labels[split], strict=True)):
                steps = strip_padding({each: array[row] for each, array in features[split].items()})
                yield split, Sample(name, steps, label if self.emotions else float(label), video)
            report(done, len(SPLIT_IN_FILES))

    def _to_labels(self, stored: Stored, rows: int) -> np.ndarray:
        """`(rows,)` scores, or `(rows, emotions, 2)` pairs."""
        if not self.emotions:
            return to_labels(stored, rows)
        pairs = to_labels(stored, rows, len(self.emotions), 2)
        is_right = np.isin(pairs, (0, 1)).all(axis=2) & (pairs.sum(axis=2) == 1)
        for row, column in np.argwhere(~is_right)[:1]:
            found = f"{pairs[row, column].tolist()} for {self.emotions[column]} in row {row}"
            raise stored.error(found, "It must be (1, 0) or (0, 1), for absent and present")
        return pairs

    def _to_ids(self, stored: Stored, rows: int) -> list[tuple[str, str]]:
        """The id and the video of every row."""
        try:
            cells = np.char.strip(np.array(list(stored.values)).astype(str))
            cells = cells.reshape(len(cells), -1)
            if len(cells) != rows:
                raise ValueError(f"{len(cells)} of them")
            names = ["{}[{}-{}]".format(*each) if len(each) == 3 else each.item() for each in cells]
        except (TypeError, ValueError, SystemError) as error:  # no text, or no Unicode
            mend = f"It must hold a text, or video, start and end, for each of the {rows} rows"
            raise stored.error("not the ids of the samples", mend) from error
        ids = []
        for row, name in enumerate(names):
            segment = _SEGMENT_ID.fullmatch(name)
            if not name or not name.isprintable() or (self.ids_name_videos and not segment):
                form = '"VIDEO$_$CLIP"' if self.ids_name_videos else "readable text"
                mend = f"An id must be {form}, so that the clips of a video can be kept together"
                raise stored.error(f"{name[:80]!a} in row {row}", mend)
            ids.append((name, segment[1] if segment else name))
        return ids


def _get(path: Path, content: Any, key: str) -> Stored:
    """Whatever the file holds under `<split>/<name>`."""
    values = content
    for name in key.split("/"):
        if not isinstance(values, dict) or name not in values:
            raise SourceError.at(path, key, found="no such key", mend=OTHER_FILE)
        values = values[name]
    return Stored(values, path, key)


def _get_numbers(path: Path, content: Any, key: str) -> Stored:
    """An array of integers or floats, of any shape."""
    stored = _get(path, content, key)
    try:
        array = np.asarray(stored.values)
    except (ValueError, RecursionError):  # lists of different lengths
        array = np.zeros(0, object)
    if array.dtype.kind not in "fiu":
        found = f"a {type(stored.values).__name__} of type {array.dtype}"
        raise stored.error(found, "It must be numbers, without gaps")
    return stored._replace(values=array)
