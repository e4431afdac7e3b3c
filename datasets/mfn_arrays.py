"""The arrays that the authors of the Memory Fusion Network published with their code.

A folder holds, for each of the splits train, valid and test, either

    text_{split}_emb.h5   (N, steps, F)   word vectors, averaged per step
    audio_{split}.h5      (N, steps, F)
    video_{split}.h5      (N, steps, F)

each with one array under the key `d1`, or, for CMU-MOSI, all features side by side,

    X_{split}.h5          (N, steps, 325)   300 of text, 5 of COVAREP and 20 of FACET

under the key `data`; and `y_{split}.h5`, (N,) or (N, columns), under the same key. Row i of all is
sample i; ids are not stored. Steps are padded with zero rows to a fixed number, mostly in front.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import h5py

from rmfn_tf.datasets.arrays import SPLIT_IN_FILES, Stored, strip_padding, to_features, to_labels
from rmfn_tf.datasets.hdf5 import find, h5py_errors, open_h5, read_array
from rmfn_tf.datasets.source import SPLITS, Item, Report, Sample, Source, find_files

# File -> the modalities in it, side by side.
APART = {
    "text_{}_emb.h5": ("language",),
    "audio_{}.h5": ("acoustic",),
    "video_{}.h5": ("visual",),
}
TOGETHER = {"X_{}.h5": ("language", "acoustic", "visual")}
_LABELS = "y_{}.h5"


@dataclass(frozen=True)
class MfnArrays(Source):
    """What the arrays of one data set must look like."""

    widths: Mapping[str, int]
    num_columns: int = 1  # of the labels
    splits: tuple[str, ...] = SPLITS  # those that are read
    optional: tuple[str, ...] = ()  # files that a good copy may lack; zeros stand in for them
    pooled: str = ""  # the name of the one split that joins all; empty keeps them apart
    layout: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: APART)
    key: str = "d1"  # of the one array in each file

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        names = [_name(file, split) for split in self.splits for file in (*self.layout, _LABELS)]
        needed = [name for name in names if name not in self.optional]
        return find_files(folder, needed, self.optional)

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        return [name for name in self.optional if name not in files]

    def fits(self, files: Mapping[str, Path], report: Report) -> bool:
        """Whether arrays have this data set's widths: another's files have the same names."""
        for modalities, path in self._feature_files(files, self.splits[0]).items():
            report(path)
            with open_h5(path) as file, h5py_errors(path, self.key):
                shape = find(path, file, self.key, h5py.Dataset).shape
            if not shape or shape[-1] != sum(self.widths[name] for name in modalities):
                return False
        return True

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All samples without their padding, in the order of the rows, called `<split>-<row>`;
        labels are floats or, of several columns, `(columns,)` float32."""
        columns = [self.num_columns] if self.num_columns > 1 else []
        for done, split in enumerate(self.splits, start=1):
            paths = self._feature_files(files, split)
            parts = {names: self._read(path, report) for names, path in paths.items()}
            arrays = to_features(parts, self.widths)
            rows = len(next(iter(arrays.values())))
            labels = to_labels(self._read(files[_name(_LABELS, split)], report), rows, *columns)
            for row, label in enumerate(labels):
                features = strip_padding({name: array[row] for name, array in arrays.items()})
                value = label if columns else float(label)
                yield self.pooled or split, Sample(f"{split}-{row}", features, value)
            report(done, len(self.splits))

    def _feature_files(self, files: Mapping[str, Path], split: str) -> dict[tuple[str, ...], Path]:
        """Modalities -> the file with their features, of those among `files`."""
        named = {modalities: _name(file, split) for file, modalities in self.layout.items()}
        return {modalities: files[name] for modalities, name in named.items() if name in files}

    def _read(self, path: Path, report: Report) -> Stored:
        report(path)
        with open_h5(path) as file:
            return Stored(read_array(path, file, self.key), path, self.key)


def _name(file: str, split: str) -> str:
    return file.format(SPLIT_IN_FILES[split])
