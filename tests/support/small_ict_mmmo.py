"""A small made-up copy of ICT-MMMO's arrays, and what tests do with its builds."""

from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from support.mfn_files import make_arrays, write_array

NAME = "ict_mmmo/mfn_arrays"
VERSION_FOLDER = Path("ict_mmmo/mfn_arrays/2.0.0")
WIDTHS = {"language": 300, "acoustic": 74, "visual": 36}
SIZES = {"train": 3, "validation": 2, "test": 4}


def small_arrays() -> dict[str, np.ndarray]:
    """All files; the second sample of the test split has no acoustic features."""
    arrays = make_arrays(WIDTHS, 1, SIZES)
    arrays["audio_test.h5"][1] = 0
    return arrays


def change_labels(folder: Path, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Writes other labels of the test split, and gives them."""
    labels = arrays["y_test.h5"] + 0.25
    write_array(folder / "y_test.h5", labels)
    return labels


def read(builder, split: str) -> list[dict]:
    return list(tfds.as_numpy(builder.as_dataset(split=split)))


def names_in(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.iterdir())
