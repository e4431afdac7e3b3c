"""Small made-up copies of CMU-MOSI and IEMOCAP, each in one of the forms that users hold."""

from pathlib import Path
from typing import Any

import numpy as np

from support.dialogue_files import write_dialogues
from support.mfn_files import STEPS, write_array
from support.mosi_csds import make_csds, write_csds
from support.pickle_files import KEYS, make_mmsa, make_mult, write_pickle

SIZES = {"train": 4, "validation": 2, "test": 3}
NAMES = {"train": "train", "validation": "valid", "test": "test"}  # split -> name in the files
MOSI = {"language": 300, "acoustic": 5, "visual": 20}
MOSI_BERT = {"language": 768, "acoustic": 5, "visual": 20}
IEMOCAP = {"language": 300, "acoustic": 74, "visual": 35}


def widen(data: dict[str, dict[str, Any]], widths: dict[str, int]) -> dict[str, dict[str, Any]]:
    """The same samples with F features a modality: the columns that are there, again and again."""
    for values in data.values():
        for modality, width in widths.items():
            array = values[KEYS[modality]]
            values[KEYS[modality]] = array.take(np.arange(width) % array.shape[2], axis=2)
    return data


def mosi_mmsa() -> dict[str, dict[str, Any]]:
    return widen(make_mmsa(), MOSI_BERT)


def mosi_mult() -> dict[str, dict[str, Any]]:
    return widen(make_mult(), MOSI)


def iemocap_mult(ids: bool = False) -> dict[str, dict[str, Any]]:
    return widen(make_mult(emotions=4, ids=ids), IEMOCAP)


def mosi_arrays() -> dict[str, np.ndarray]:
    """file name -> array; row i starts at step `i % 3`, the even rows end one step early."""
    rng = np.random.default_rng(0)
    arrays = {}
    for split, rows in SIZES.items():
        features = rng.normal(size=(rows, STEPS, sum(MOSI.values())))
        for row in range(rows):
            features[row, : row % 3] = 0
            features[row, STEPS - (row % 2 == 0) :] = 0
        arrays[f"X_{NAMES[split]}.h5"] = features
        arrays[f"y_{NAMES[split]}.h5"] = rng.uniform(-3, 3, (rows, 1))
    return arrays


def write_mosi_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        write_array(folder / name, array, key="data")
    return folder


def write_copy(name: str, folder: Path) -> Path:
    """A copy that the config `name`, as `cmu_mosi/mmsa_aligned`, builds from."""
    match name:
        case "cmu_mosi/mfn_arrays":
            return write_mosi_arrays(folder, mosi_arrays())
        case "cmu_mosi/mmsa_aligned":
            return write_pickle(folder / "aligned_50.pkl", mosi_mmsa()).parent
        case "cmu_mosi/mult_aligned":
            return write_pickle(folder / "mosi_data.pkl", mosi_mult()).parent
        case "cmu_mosi/csd_selected" | "cmu_mosi/csd_selected_20" | "cmu_mosi/csd_raw":
            return write_csds(folder, make_csds())
        case "cmu_mosi/dialogue":
            return write_dialogues(folder)
        case "iemocap/mult_aligned":
            return write_pickle(folder / "iemocap_data.pkl", iemocap_mult()).parent
    raise KeyError(name)
