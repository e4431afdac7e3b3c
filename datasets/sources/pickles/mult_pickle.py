"""The aligned pickles that the authors of the Multimodal Transformer (MulT) used.

`mosi_data.pkl` and `iemocap_data.pkl` are dicts of `train`, `valid` and `test`, each a dict of

    text     (N, steps, 300)
    audio    (N, steps, F)
    vision   (N, steps, F)
    labels   (N, 1, 1) scores, or (N, emotions, 2), (0, 1) where an emotion is present, else (1, 0)
    id       (N, 3)   video, start and end in seconds, as text; IEMOCAP's file has none

Steps are padded with zero rows to a fixed number. MulT's own code takes (0, 1) for present; an
author of a like file said (1, 0). An utterance of IEMOCAP has one emotion of the four, so a file
in which every row marks just one in the first place is read as (1, 0) for present.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.files import find_aligned
from rmfn_tf.datasets.sources.finite_labels import to_finite_labels
from rmfn_tf.datasets.sources.pickles.mult_ids import read_mult_ids
from rmfn_tf.datasets.sources.pickles.pickled_split import PickledSplit
from rmfn_tf.datasets.sources.pickles.restricted_pickle import read_pickle
from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.datasets.sources.sample import SPLITS, Sample
from rmfn_tf.datasets.sources.source import OnProgress, Source

IEMOCAP_EMOTIONS = ("neutral", "happy", "sad", "angry")
_KEYS = {"language": "text", "acoustic": "audio", "visual": "vision"}
_LABELS = "labels"


@dataclass(frozen=True)
class MultPickle(Source):
    """What the file of one data set must hold.

    Args:
        name: the data set in the file's name, `mosi` or `iemocap`.
        widths: modality -> F. The order of the modalities is theirs everywhere.
        emotions: the label columns, in the file's order; none where the label is one score.
        splits: of train, validation, test: those to read.
    """

    name: str
    widths: Mapping[str, int]
    emotions: tuple[str, ...] = ()
    splits: tuple[str, ...] = SPLITS

    @property
    def file_name(self) -> str:
        """The name of the aligned file."""
        return f"{self.name}_data.pkl"

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The file in `folder`, by name.

        Raises:
            MissingFiles: it is not there; the message says so too where the unaligned one is.
        """
        return find_aligned(folder, self.file_name, f"{self.name}_data_noalign.pkl")

    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All samples, padding undone, in the order of the rows.

        Args:
            files: what `find` gave.
            on_progress: not called.

        Returns:
            Samples with features as float32, and as label a float (a score) or a `(emotions,)`
            float32 array of 0 and 1. Ids: see `read_mult_ids`. They have no words.

        Raises:
            SourceError: the file is not readable, lacks a key, or holds an array of another width
                than it must have, modalities of different lengths, an id twice, or a label that
                is not finite, or not one of two where it must be.
        """
        path = files[self.file_name]
        content = read_pickle(path)
        pickled = {split: PickledSplit(path, content, split) for split in self.splits}
        features = {name: each.read_features(_KEYS, self.widths) for name, each in pickled.items()}
        labels = {
            name: self._read_labels(each, len(features[name])) for name, each in pickled.items()
        }
        if self.emotions:
            labels = _choose_present(labels)
        return Reading(
            {
                split: [
                    Sample(
                        name.id,
                        steps,
                        label if self.emotions else float(label),
                        name.video_id,
                        name.segment,
                    )
                    for name, steps, label in zip(
                        read_mult_ids(each, split, len(labels[split])),
                        features[split],
                        labels[split],
                        strict=True,
                    )
                ]
                for split, each in pickled.items()
            }
        )

    def _read_labels(self, pickled: PickledSplit, rows: int) -> np.ndarray:
        """`(rows,)` scores, or `(rows, emotions, 2)` pairs."""
        labels = pickled.read_numbers(_LABELS)
        wanted = (rows, len(self.emotions), 2) if self.emotions else (rows, 1, 1)
        if labels.shape != wanted:
            raise pickled.error(
                _LABELS,
                f"labels of shape {labels.shape}",
                f"The features beside it need {wanted}: take the file from another copy",
            )
        finite = to_finite_labels(pickled.path, _LABELS, labels.reshape(rows, -1))
        if not self.emotions:
            return finite[:, 0]
        self._check_pairs(pickled, finite.reshape(wanted))
        return finite.reshape(wanted)

    def _check_pairs(self, pickled: PickledSplit, pairs: np.ndarray) -> None:
        first, second = np.moveaxis(pairs, 2, 0)
        bad = np.argwhere((second != 0) & (second != 1) | (first != 1 - second))
        if bad.size:
            row, column = bad[0]
            raise pickled.error(
                _LABELS,
                f"({first[row, column]:g}, {second[row, column]:g}) for "
                f"{self.emotions[column]} in row {row}",
                "It must be (1, 0) or (0, 1), for absent and present",
            )


def _choose_present(labels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Split -> `(rows, emotions, 2)` pairs to split -> `(rows, emotions)` of 0 and 1.

    One decision for the whole file, since every part of it was written by the same hand.
    """
    one_in_first = all((pairs[:, :, 0].sum(axis=1) == 1).all() for pairs in labels.values())
    several = all(pairs.shape[1] > 2 for pairs in labels.values())
    present = 0 if one_in_first and several else 1
    return {split: pairs[:, :, present] for split, pairs in labels.items()}
