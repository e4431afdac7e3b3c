"""The arrays that the authors of the Memory Fusion Network published with their code.

A folder holds, for each of the splits train, valid and test, either

    text_{split}_emb.h5   (N, steps, F)   word vectors, averaged per step
    audio_{split}.h5      (N, steps, F)
    video_{split}.h5      (N, steps, F)

each with one array under the key `d1`, or, for CMU-MOSI, all features beside each other,

    X_{split}.h5          (N, steps, 325)   300 of text, 5 of COVAREP and 20 of FACET

under the key `data`; and `y_{split}.h5`, (N,) or (N, columns), under the same key. Row i of all is
sample i; ids are not stored. Steps are padded with zero rows to a fixed number, mostly in front.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from rmfn_tf.datasets.arrays import strip_padding, to_finite_labels
from rmfn_tf.datasets.hdf5 import find, h5py_errors, open_h5, read_array
from rmfn_tf.datasets.source import SPLITS, Item, Report, Sample, Source, SourceError, find_files

# File -> the modalities in it, side by side.
APART = {
    "text_{}_emb.h5": ("language",),
    "audio_{}.h5": ("acoustic",),
    "video_{}.h5": ("visual",),
}
TOGETHER = {"X_{}.h5": ("language", "acoustic", "visual")}
_LABELS = "y_{}.h5"
_SPLIT_IN_NAMES = {"train": "train", "validation": "valid", "test": "test"}
_ONE_COPY = "row i of all files is one sample: take all files from one copy"


@dataclass(frozen=True)
class MfnArrays(Source):
    """What the arrays of one data set must look like.

    Args:
        widths: modality -> F. The order of the modalities is theirs everywhere.
        num_columns: label columns.
        splits: of train, validation, test: those to read.
        optional: splits whose text file a good copy may lack (the only kind of file that the
            published copies lack). Language is then zeros, and so not present.
        pooled: the name of the one split to which all are joined; empty keeps them apart.
        layout: file -> the modalities in it, `APART` or `TOGETHER`.
        key: of the one array in each file.
    """

    widths: Mapping[str, int]
    num_columns: int = 1
    splits: tuple[str, ...] = SPLITS
    optional: tuple[str, ...] = ()
    pooled: str = ""
    layout: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: APART)
    key: str = "d1"

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The files in `folder`, by name; `MissingFiles` names every file where any is missing."""
        optional = self.lacks({})
        names = [
            name
            for split in self.splits
            for file in (*self.layout, _LABELS)
            if (name := _name(file, split)) not in optional
        ]
        return find_files(folder, names, optional)

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        """The text files that a good copy may lack."""
        names = [
            _name(file, split)
            for split in self.optional
            for file, modalities in self.layout.items()
            if modalities == ("language",)
        ]
        return [name for name in names if name not in files]

    def fits(self, files: Mapping[str, Path], report: Report) -> bool:
        """Whether the arrays have this data set's widths: others come under the same names."""
        return all(
            self._read_width(files[name], report) == self._width(modalities)
            for split in self.splits
            for file, modalities in self.layout.items()
            if (name := _name(file, split)) in files
        )

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All samples, padding undone, in the order of the rows.

        Their ids are `<split>-<row>`, labels floats or, of several columns, `(columns,)` float32.
        A SourceError says what is wrong with widths, rows, steps or labels.
        """
        for done, split in enumerate(self.splits, start=1):
            arrays = self._read_features(files, split, report)
            labels = self._read_labels(files[_name(_LABELS, split)], arrays, report)
            for row, label in enumerate(labels):
                features = strip_padding({name: array[row] for name, array in arrays.items()})
                steps = len(next(iter(features.values())))
                yield (
                    self.pooled or split,
                    Sample(
                        id=f"{split}-{row}",
                        features={
                            name: features.get(name, np.zeros((steps, width), np.float32))
                            for name, width in self.widths.items()
                        },
                        label=label if self.num_columns > 1 else float(label),
                    ),
                )
            report(done, len(self.splits))

    def _read_features(
        self, files: Mapping[str, Path], split: str, report: Report
    ) -> dict[str, np.ndarray]:
        """modality -> `(N, steps, F)`, of the files that are there."""
        arrays: dict[str, np.ndarray] = {}
        rows_and_steps: tuple[int, ...] = ()
        for file, modalities in self.layout.items():
            path = files.get(_name(file, split))
            if path is None:
                continue
            report(path)
            array = self._read(path, rank=3)
            if array.shape[2] != self._width(modalities):
                each = " + ".join(f"{self.widths[name]} {name}" for name in modalities)
                raise SourceError.at(
                    path,
                    self.key,
                    found=f"{array.shape[2]} features a step (shape {array.shape})",
                    mend=f"This data set has {each}: it is the file of another one",
                )
            rows_and_steps = rows_and_steps or array.shape[:2]
            if array.shape[:2] != rows_and_steps:
                raise SourceError.at(
                    path,
                    self.key,
                    found=f"{array.shape[0]} rows of {array.shape[1]} steps",
                    mend=f"The files beside it have {rows_and_steps[0]} rows of "
                    f"{rows_and_steps[1]} steps, and {_ONE_COPY}",
                )
            ends = np.cumsum([self.widths[name] for name in modalities])[:-1]
            arrays |= zip(modalities, np.split(array, ends, axis=2), strict=True)
        return arrays

    def _read_labels(
        self, path: Path, features: Mapping[str, np.ndarray], report: Report
    ) -> np.ndarray:
        report(path)
        rows = len(next(iter(features.values())))
        labels = self._read(path)
        wanted = (rows,) if self.num_columns == 1 else (rows, self.num_columns)
        if labels.shape not in (wanted, (rows, self.num_columns)):
            raise SourceError.at(
                path,
                self.key,
                found=f"labels of shape {labels.shape}",
                mend=f"The feature files beside it need {wanted}: {_ONE_COPY}",
            )
        return to_finite_labels(path, self.key, labels).reshape(wanted)

    def _read(self, path: Path, rank: int | None = None) -> np.ndarray:
        with open_h5(path) as file:
            return read_array(path, file, self.key, rank=rank)

    def _read_width(self, path: Path, report: Report) -> int | None:
        report(path)
        with open_h5(path) as file, h5py_errors(path, self.key):
            shape = find(path, file, self.key, h5py.Dataset).shape
        return shape[-1] if shape else None

    def _width(self, modalities: tuple[str, ...]) -> int:
        return sum(self.widths[name] for name in modalities)


def _name(file: str, split: str) -> str:
    return file.format(_SPLIT_IN_NAMES[split])
