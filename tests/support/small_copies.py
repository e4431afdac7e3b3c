"""Small made-up copies of data sets, each in one of the forms that users hold."""

from pathlib import Path
from typing import Any

import numpy as np

from support.dialogue_files import write_dialogues
from support.mfn_files import join, make_arrays, write_arrays
from support.mosi_csds import make_csds, write_csds
from support.pickle_files import KEYS, make_mmsa, make_mult, write_pickle
from support.small_ict_mmmo import WIDTHS as ICT_MMMO

SIZES = {"train": 4, "validation": 2, "test": 3}
MOSI = {"language": 300, "acoustic": 5, "visual": 20}
MOSI_BERT = {"language": 768, "acoustic": 5, "visual": 20}
IEMOCAP = {"language": 300, "acoustic": 74, "visual": 35}
POM = {"language": 300, "acoustic": 43, "visual": 41}


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


def write_copy(name: str, folder: Path) -> Path:
    """A copy that the config `name`, as `cmu_mosi/mmsa_aligned`, builds from."""
    match name:
        case "cmu_mosi/mfn_arrays":
            return write_arrays(folder, join(make_arrays(MOSI, 1, SIZES)), key="data")
        case "cmu_mosi/mmsa_aligned":
            return write_pickle(folder / "aligned_50.pkl", mosi_mmsa()).parent
        case "cmu_mosi/mult_aligned":
            return write_pickle(folder / "mosi_data.pkl", mosi_mult()).parent
        case "cmu_mosi/csd_selected" | "cmu_mosi/csd_selected_20" | "cmu_mosi/csd_raw":
            return write_csds(folder, make_csds())
        case "cmu_mosi/dialogue" | "cmu_mosi/dialogue_clean_a" | "cmu_mosi/dialogue_clean_b":
            return write_dialogues(folder)
        case "iemocap/mult_aligned":
            return write_pickle(folder / "iemocap_data.pkl", iemocap_mult()).parent
        case "ict_mmmo/mfn_arrays" | "ict_mmmo/trimodal" | "pom/mfn_arrays":
            widths, columns = (ICT_MMMO, 1) if name.startswith("ict_mmmo") else (POM, 17)
            arrays = make_arrays(widths, columns, SIZES)
            del arrays["text_train_emb.h5"]
            return write_arrays(folder, arrays)
    raise KeyError(name)
