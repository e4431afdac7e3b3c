"""Small files in the form of the authors' arrays."""

from pathlib import Path

import h5py
import numpy as np

STEPS = 6
NAMES = {"train": "train", "validation": "valid", "test": "test"}  # split -> name in file names


def make_arrays(
    widths: dict[str, int], num_columns: int, sizes: dict[str, int], seed: int = 0
) -> dict[str, np.ndarray]:
    """file name -> array, as the published ones: padded in front, the even rows behind too.

    Row i starts at step `i % 3`; the even rows end one step early.
    """
    rng = np.random.default_rng(seed)
    arrays = {}
    for split, size in sizes.items():
        name = NAMES[split]
        for modality, pattern in (
            ("language", f"text_{name}_emb.h5"),
            ("acoustic", f"audio_{name}.h5"),
            ("visual", f"video_{name}.h5"),
        ):
            array = rng.normal(size=(size, STEPS, widths[modality]))
            for row in range(size):
                array[row, : row % 3] = 0
                array[row, STEPS - (row % 2 == 0) :] = 0
            arrays[pattern] = array
        shape = (size,) if num_columns == 1 else (size, num_columns)
        arrays[f"y_{name}.h5"] = rng.uniform(1, 5, shape)
    return arrays


def write_array(path: Path, array: np.ndarray, key: str = "d1") -> None:
    with h5py.File(path, "w") as file:
        file[key] = array


def write_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        write_array(folder / name, array)
    return folder
