"""Small files in the form of the authors' arrays."""

from pathlib import Path

import h5py
import numpy as np

STEPS = 6
NAMES = {"train": "train", "validation": "valid", "test": "test"}  # split -> name in file names


def make_features(rows: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """(rows, STEPS, width), padded as the published ones, in front and sometimes behind: row i
    starts at step `i % 3`; the even rows end one step early."""
    array = rng.normal(size=(rows, STEPS, width))
    for row in range(rows):
        array[row, : row % 3] = 0
        array[row, STEPS - (row % 2 == 0) :] = 0
    return array


def make_arrays(
    widths: dict[str, int], num_columns: int, sizes: dict[str, int], seed: int = 0
) -> dict[str, np.ndarray]:
    """file name -> array."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for split, size in sizes.items():
        name = NAMES[split]
        for modality, pattern in (
            ("language", f"text_{name}_emb.h5"),
            ("acoustic", f"audio_{name}.h5"),
            ("visual", f"video_{name}.h5"),
        ):
            arrays[pattern] = make_features(size, widths[modality], rng)
        shape = (size,) if num_columns == 1 else (size, num_columns)
        arrays[f"y_{name}.h5"] = rng.uniform(1, 5, shape)
    return arrays


def join(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same features, all modalities of a split beside each other in one file."""
    joined = {name: array for name, array in arrays.items() if name.startswith("y_")}
    for split in (name[2:] for name in [*joined]):
        parts = [f"text_{split.replace('.', '_emb.')}", f"audio_{split}", f"video_{split}"]
        joined[f"X_{split}"] = np.concatenate([arrays[part] for part in parts], axis=2)
    return joined


def write_array(path: Path, array: np.ndarray, key: str = "d1") -> None:
    with h5py.File(path, "w") as file:
        file[key] = array


def write_arrays(folder: Path, arrays: dict[str, np.ndarray], key: str = "d1") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        write_array(folder / name, array, key)
    return folder
