"""The arrays that the authors of the Memory Fusion Network published with their code.

A folder holds, for each of the splits train, valid and test,

    text_{split}_emb.h5   (N, steps, F)   word vectors, averaged per step
    audio_{split}.h5      (N, steps, F)
    video_{split}.h5      (N, steps, F)
    y_{split}.h5          (N,) or (N, columns)

each with one array under the key `d1`. Row i of all four is sample i; ids are not stored. Steps
are padded with zero rows to a fixed number, mostly in front.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.files import find_files
from rmfn_tf.datasets.sources.finite_labels import to_finite_labels
from rmfn_tf.datasets.sources.hdf5.reading import (
    errors_as_source_error,
    find_dataset,
    open_file,
    read_array,
)
from rmfn_tf.datasets.sources.padding import strip_padding
from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.datasets.sources.sample import SPLITS, Sample
from rmfn_tf.datasets.sources.source import OnProgress, Source

KEY = "d1"
_SPLIT_IN_NAMES = {"train": "train", "validation": "valid", "test": "test"}
_NAMES = {
    "language": "text_{}_emb.h5",
    "acoustic": "audio_{}.h5",
    "visual": "video_{}.h5",
    "label": "y_{}.h5",
}


@dataclass(frozen=True)
class MfnArrays(Source):
    """What the arrays of one data set must look like.

    Args:
        widths: modality -> F. The order of the modalities is theirs everywhere.
        num_columns: label columns; 1 means `y` of rank 1.
        splits: of train, validation, test: those to read.
        optional: splits whose text file a good copy may lack (the only kind of file that the
            published copies lack). Language is then zeros, and so not present.
    """

    widths: Mapping[str, int]
    num_columns: int
    splits: tuple[str, ...] = SPLITS
    optional: tuple[str, ...] = ()

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The files in `folder`, by name; `MissingFiles` names every file where any is missing."""
        names: list[str] = []
        optional: list[str] = []
        for split in self.splits:
            for part in (*self.widths, "label"):
                may_lack = part == "language" and split in self.optional
                (optional if may_lack else names).append(_file_name(part, split))
        return find_files(folder, names, optional)

    def fits(self, files: Mapping[str, Path]) -> bool:
        """Whether the arrays have this data set's widths: others come under the same names."""
        return all(
            _read_width(files[name]) == self.widths[modality]
            for split in self.splits
            for modality in self.widths
            if (name := _file_name(modality, split)) in files
        )

    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All samples, padding undone, in the order of the rows.

        Args:
            files: what `find` gave.
            on_progress: not called.

        Returns:
            Samples with the id `<split>-<row>`, features as float32, and as label a float
            (one column) or a `(columns,)` float32 array.

        Raises:
            SourceError: a file is not readable, or an array has another rank or width than it
                must have, other rows or steps than the arrays beside it, or a label that is not
                finite.
        """
        return Reading({split: self._read_split(files, split) for split in self.splits})

    def _read_split(self, files: Mapping[str, Path], split: str) -> list[Sample]:
        arrays = {
            modality: self._read_features(files[_file_name(modality, split)], modality)
            for modality in self.widths
            if _file_name(modality, split) in files
        }
        _check_rows_and_steps(arrays, files, split)
        label_file = files[_file_name("label", split)]
        labels = self._read_labels(label_file, modality_rows=next(iter(arrays.values())).shape[0])
        return [
            Sample(
                id=f"{split}-{row}",
                features=self._features_of_row(arrays, row),
                label=labels[row] if self.num_columns > 1 else float(labels[row]),
            )
            for row in range(len(labels))
        ]

    def _read_features(self, path: Path, modality: str) -> np.ndarray:
        array = read_array(path, KEY, rank=3)
        if array.shape[2] != self.widths[modality]:
            raise SourceError.at(
                path,
                KEY,
                found=f"{array.shape[2]} {modality} features a step (shape {array.shape})",
                mend=f"This data set has {self.widths[modality]}: it is the file of another one",
            )
        with np.errstate(over="ignore"):  # beyond float32: infinite, as COVAREP's own infinities
            return array.astype(np.float32)

    def _read_labels(self, path: Path, modality_rows: int) -> np.ndarray:
        labels = read_array(path, KEY, rank=1 if self.num_columns == 1 else 2)
        wanted = (modality_rows,) if self.num_columns == 1 else (modality_rows, self.num_columns)
        if labels.shape != wanted:
            raise SourceError.at(
                path,
                KEY,
                found=f"labels of shape {labels.shape}",
                mend=f"The feature files beside it need {wanted}: take all files from one copy",
            )
        return to_finite_labels(path, KEY, labels)

    def _features_of_row(self, arrays: Mapping[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
        features = strip_padding({name: array[row] for name, array in arrays.items()})
        steps = len(next(iter(features.values())))
        return {
            name: features.get(name, np.zeros((steps, width), np.float32))
            for name, width in self.widths.items()
        }


def _read_width(path: Path) -> int | None:
    with errors_as_source_error(path, KEY), open_file(path) as file:
        shape = find_dataset(path, file, KEY, KEY).shape
    return shape[-1] if shape else None


def _file_name(part: str, split: str) -> str:
    return _NAMES[part].format(_SPLIT_IN_NAMES[split])


def _check_rows_and_steps(
    arrays: Mapping[str, np.ndarray], files: Mapping[str, Path], split: str
) -> None:
    first = next(iter(arrays))
    for modality, array in arrays.items():
        if array.shape[:2] != arrays[first].shape[:2]:
            raise SourceError.at(
                files[_file_name(modality, split)],
                KEY,
                found=f"{array.shape[0]} rows of {array.shape[1]} steps",
                mend=f"{_file_name(first, split)} has {arrays[first].shape[0]} rows of "
                f"{arrays[first].shape[1]} steps, and row i of all files is one sample: take all "
                "files from one copy",
            )
