"""The arrays of one NPZ file of a user's own data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data.checks import (
    INTEGERS,
    NUMBERS,
    TEXT,
    check_array,
    check_names,
    check_width,
    of_example,
    read_names,
    read_text,
)
from rmfn_tf.datasets.sources.own_data.description import DataDescription
from rmfn_tf.datasets.sources.own_data.labels import read_labels
from rmfn_tf.datasets.sources.sample import SPLITS, Sample
from rmfn_tf.names import did_you_mean

_EACH_ID = "one for each id"
_EACH_STEP = "one row for each step, as num_steps adds up"


@dataclass(frozen=True, eq=False)
class OwnArrays:
    """What a file holds, checked: N examples of S steps together.

    Args:
        ids, splits, videos: N texts.
        segments: N numbers.
        labels: see `read_labels`.
        edges: where each example's steps begin, and S: N + 1 numbers.
        features: modality -> `(S, F)` float32.
        words: S words, or None.
        intervals: `(S, 2)` seconds, or None.
    """

    ids: Sequence[str]
    splits: Sequence[str]
    videos: Sequence[str]
    segments: Sequence[int]
    labels: np.ndarray
    edges: Sequence[int]
    features: Mapping[str, np.ndarray]
    words: Sequence[str] | None
    intervals: np.ndarray | None

    @classmethod
    def check(
        cls, path: Path, arrays: Mapping[str, np.ndarray], description: DataDescription
    ) -> "OwnArrays":
        """Takes the arrays of a file.

        Args:
            path: the file, for messages.
            arrays: name -> array.
            description: of the data set.

        Raises:
            SourceError: an array is missing, unknown, or holds what cannot be.
        """
        check_names(path, arrays, description.modalities)
        ids = _read_ids(path, arrays["id"])
        edges = _read_edges(path, arrays["num_steps"], ids)
        features = {
            name: _read_features(path, name, arrays[name], edges[-1])
            for name in description.modalities
        }
        return cls(
            ids=ids,
            splits=_read_splits(path, arrays["split"], ids),
            videos=_read_videos(path, arrays.get("video"), ids),
            segments=_read_segments(path, arrays.get("segment"), ids),
            labels=read_labels(path, arrays["label"], description.task, ids),
            edges=edges,
            features=features,
            words=_read_words(path, arrays.get("words"), edges[-1]),
            intervals=_read_intervals(path, arrays.get("intervals"), ids, edges),
        )

    def samples(self) -> Iterator[tuple[str, Sample]]:
        """Split and sample of each example, in the order of the rows."""
        labels = self.labels if self.labels.ndim > 1 else self.labels.tolist()
        for row, (start, end) in enumerate(pairwise(self.edges)):
            sample = Sample(
                id=self.ids[row],
                features={name: rows[start:end] for name, rows in self.features.items()},
                label=labels[row],
                video_id=self.videos[row],
                segment=self.segments[row],
                words=None if self.words is None else self.words[start:end],
                intervals=None if self.intervals is None else self.intervals[start:end],
            )
            yield self.splits[row], sample


def _read_ids(path: Path, array: np.ndarray) -> list[str]:
    rows = len(array) if array.ndim else 0
    check_array(path, "id", array, TEXT, (rows,), "one text for each example")
    if not rows:
        raise SourceError.at(path, "id", found="no examples", mend="Leave the file out")
    return read_names(path, "id", array)


def _read_edges(path: Path, array: np.ndarray, ids: Sequence[str]) -> list[int]:
    check_array(path, "num_steps", array, INTEGERS, (len(ids),), _EACH_ID)
    edges = [0]
    for row, steps in enumerate(array.tolist()):  # Python's integers: a sum cannot overflow
        if steps < 1:
            found = f"{steps} {of_example(ids, row)}"
            mend = "Every example must have a step at least"
            raise SourceError.at(path, "num_steps", found=found, mend=mend)
        edges.append(edges[-1] + steps)
    return edges


def _read_features(path: Path, name: str, array: np.ndarray, num_steps: int) -> np.ndarray:
    width = check_width(path, name, array.shape)
    check_array(path, name, array, NUMBERS, (num_steps, width), _EACH_STEP)
    with np.errstate(over="ignore"):  # beyond float32: infinite, as the other sources do
        return array.astype(np.float32)


def _read_splits(path: Path, array: np.ndarray, ids: Sequence[str]) -> list[str]:
    check_array(path, "split", array, TEXT, (len(ids),), _EACH_ID)
    splits = read_text(path, "split", array)
    for row, split in enumerate(splits):
        if split not in SPLITS:
            raise SourceError.at(
                path,
                "split",
                found=f"{split[:80]!a} {of_example(ids, row)}",
                mend=f"{did_you_mean(split, SPLITS)} Splits are {', '.join(SPLITS)}".lstrip(),
            )
    return splits


def _read_videos(path: Path, array: np.ndarray | None, ids: Sequence[str]) -> Sequence[str]:
    if array is None:
        return ids
    check_array(path, "video", array, TEXT, (len(ids),), _EACH_ID)
    return read_names(path, "video", array)


def _read_segments(path: Path, array: np.ndarray | None, ids: Sequence[str]) -> list[int]:
    if array is None:
        return [0] * len(ids)
    check_array(path, "segment", array, INTEGERS, (len(ids),), _EACH_ID)
    segments = array.tolist()
    for row, segment in enumerate(segments):
        if not 0 <= segment < 2**63:
            found = f"{segment} {of_example(ids, row)}"
            mend = "Segments of a video are numbered from 0"
            raise SourceError.at(path, "segment", found=found, mend=mend)
    return segments


def _read_words(path: Path, array: np.ndarray | None, num_steps: int) -> list[str] | None:
    if array is None:
        return None
    check_array(path, "words", array, TEXT, (num_steps,), _EACH_STEP)
    return read_text(path, "words", array)


def _read_intervals(
    path: Path, array: np.ndarray | None, ids: Sequence[str], edges: Sequence[int]
) -> np.ndarray | None:
    if array is None:
        return None
    check_array(path, "intervals", array, NUMBERS, (edges[-1], 2), _EACH_STEP)
    with np.errstate(over="ignore"):  # beyond float32: infinite, which is refused below
        seconds = array.astype(np.float32)
    right = np.isfinite(seconds).all(axis=1) & (array[:, 0] <= array[:, 1])
    if not right.all():
        step = int(np.argmin(right))
        row = int(np.searchsorted(edges, step, side="right")) - 1
        start, end = array[step]
        found = f"{start} to {end} in step {step - edges[row]} {of_example(ids, row)}"
        mend = "A step has a finite start and end in seconds, and does not end before it starts"
        raise SourceError.at(path, "intervals", found=found, mend=mend)
    return seconds
