"""CMU-MOSI as the authors of the Memory Fusion Network published it with their code.

A folder holds, for each of the splits train, valid and test,

    X_{split}.h5   (N, steps, 325)   300 of text, 5 of COVAREP and 20 of FACET beside each other
    y_{split}.h5   (N,) or (N, 1)

each with one array under the key `data`. Row i of both is sample i; ids are not stored. Steps are
padded with zero rows to a fixed number, mostly in front.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.files import find_files
from rmfn_tf.datasets.sources.finite_labels import to_finite_labels
from rmfn_tf.datasets.sources.hdf5.reading import read_array
from rmfn_tf.datasets.sources.padding import strip_padding
from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.datasets.sources.sample import SPLITS, Sample
from rmfn_tf.datasets.sources.source import OnProgress, Source

KEY = "data"
_SPLIT_IN_NAMES = {"train": "train", "validation": "valid", "test": "test"}


@dataclass(frozen=True)
class MosiArrays(Source):
    """What the arrays must look like.

    Args:
        widths: modality -> F, in the order in which they lie beside each other in X.
        splits: of train, validation, test: those to read.
    """

    widths: Mapping[str, int]
    splits: tuple[str, ...] = SPLITS

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The files in `folder`, by name; `MissingFiles` names every file where any is missing."""
        return find_files(
            folder, [_file_name(part, split) for split in self.splits for part in "Xy"]
        )

    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All samples, padding undone, in the order of the rows.

        Args:
            files: what `find` gave.
            on_progress: not called.

        Returns:
            Samples with the id `<split>-<row>`, features as float32 and the score as label.

        Raises:
            SourceError: a file is not readable, X has another rank or width than it must have, y
                has other rows than X, or a label is not finite.
        """
        return Reading({split: self._read_split(files, split) for split in self.splits})

    def _read_split(self, files: Mapping[str, Path], split: str) -> list[Sample]:
        features = self._read_features(files[_file_name("X", split)])
        labels = _read_labels(files[_file_name("y", split)], len(features))
        ends = np.cumsum(list(self.widths.values()))[:-1]
        return [
            Sample(
                id=f"{split}-{row}",
                features=strip_padding(
                    dict(zip(self.widths, np.split(steps, ends, axis=1), strict=True))
                ),
                label=float(label),
            )
            for row, (steps, label) in enumerate(zip(features, labels, strict=True))
        ]

    def _read_features(self, path: Path) -> np.ndarray:
        array = read_array(path, KEY, rank=3)
        if array.shape[2] != sum(self.widths.values()):
            each = " + ".join(f"{width} {name}" for name, width in self.widths.items())
            raise SourceError.at(
                path,
                KEY,
                found=f"{array.shape[2]} features a step (shape {array.shape})",
                mend=f"CMU-MOSI has {sum(self.widths.values())} ({each}): it is the file of "
                "another data set",
            )
        with np.errstate(over="ignore"):  # beyond float32: infinite, as COVAREP's own infinities
            return array.astype(np.float32)


def _read_labels(path: Path, num_rows: int) -> np.ndarray:
    labels = read_array(path, KEY)
    if labels.shape not in ((num_rows,), (num_rows, 1)):
        raise SourceError.at(
            path,
            KEY,
            found=f"labels of shape {labels.shape}",
            mend=f"The X file beside it needs {(num_rows,)}: take all files from one copy",
        )
    return to_finite_labels(path, KEY, labels).reshape(num_rows)


def _file_name(part: str, split: str) -> str:
    return f"{part}_{_SPLIT_IN_NAMES[split]}.h5"
