"""A user's own data: data.toml, which says what they are, and NPZ files with the arrays.

The files are read in the order of their names, and are all together one data set. Each has, for N
examples whose numbers of steps add up to S,

    id (N,), split (N,)        text
    num_steps (N,)             integers, at least 1
    label (N,) or (N, C)       numbers
    <modality> (S, F)          numbers: the steps of all examples, one after another

and may have `video` (N,), `segment` (N,), `words` (S,) and `intervals` (S, 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.files import find_files
from rmfn_tf.datasets.sources.own_data.arrays import SPLITS, OwnArrays
from rmfn_tf.datasets.sources.own_data.checks import check_names, check_width
from rmfn_tf.datasets.sources.own_data.description import FILE_NAME, DataDescription
from rmfn_tf.datasets.sources.own_data.npz import read_npz, read_shapes
from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.datasets.sources.sample import Sample
from rmfn_tf.datasets.sources.source import OnProgress, Source

_ARRAYS = "*.npz"


@dataclass(frozen=True)
class OwnData(Source):
    """Reads what a description says.

    Args:
        description: of the data set.
    """

    description: DataDescription

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """data.toml and every NPZ file of a folder, by name.

        Raises:
            MissingFiles: data.toml is missing, or there is no NPZ file.
        """
        names: list[str] = []
        if folder is not None:
            paths = Path(folder).expanduser().glob(_ARRAYS)
            names = sorted(path.name for path in paths if not path.name.startswith("."))
        return find_files(folder, [FILE_NAME, *(names or [_ARRAYS])])

    def read_widths(self, files: Mapping[str, Path]) -> dict[str, int]:
        """modality -> F by the first NPZ file, without reading its values.

        Args:
            files: what `find` gave.

        Raises:
            SourceError: the file is broken, or lacks an array.
        """
        path = _array_files(files)[0]
        shapes = read_shapes(path)
        names = self.description.modalities
        check_names(path, shapes, names)
        return {name: check_width(path, name, shapes[name]) for name in names}

    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All samples, in the order of the files and of their rows.

        Args:
            files: what `find` gave.
            on_progress: called after each file.

        Returns:
            Those of the splits train, validation, test that occur; features as float32, whose
            values may be NaN or infinite.

        Raises:
            SourceError: a file is broken, or its arrays are not as data.toml and the other files
                want them; the message names the file, the array, and the example.
        """
        paths = _array_files(files)
        splits: dict[str, list[Sample]] = {split: [] for split in SPLITS}
        first: dict[str, int] = {}
        home: dict[str, Path] = {}
        for done, path in enumerate(paths, start=1):
            arrays = OwnArrays.check(path, read_npz(path), self.description)
            for name, rows in arrays.features.items():
                _check_same_width(path, name, rows.shape[1], first, paths[0])
            for split, sample in arrays.samples():
                _check_new_id(path, sample.id, home)
                splits[split].append(sample)
            if on_progress is not None:
                on_progress(done, len(paths))
        return Reading({split: samples for split, samples in splits.items() if samples})


def _array_files(files: Mapping[str, Path]) -> list[Path]:
    return [path for name, path in files.items() if name != FILE_NAME]


def _check_same_width(
    path: Path, name: str, width: int, first: dict[str, int], first_path: Path
) -> None:
    if first.setdefault(name, width) != width:
        found = f"{width} features a step, and {first[name]} in {first_path.name}"
        raise SourceError.at(path, name, found=found, mend="All files must have the same number")


def _check_new_id(path: Path, id: str, home: dict[str, Path]) -> None:
    if id in home:
        where = f"which {home[id].name} has too" if home[id] != path else "there twice"
        mend = "Ids must differ over all files"
        raise SourceError.at(path, "id", found=f"{id[:80]!a}, {where}", mend=mend)
    home[id] = path
