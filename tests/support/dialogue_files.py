"""A small made-up copy of CMU-MOSI's dialogues: CSV files without headers, every cell quoted."""

import csv
from pathlib import Path

import numpy as np

from support.csd_files import write_csd

# Video -> utterances; more than nine, so that their order by text is not their order by number.
TRAIN = {"c-train": 2, "a_train": 12, "b": 1}
TEST = {"y": 2, "Zz": 3, "x_1": 11, "w": 1, "v": 2}
WIDTHS = {"language": 100, "acoustic": 73, "visual": 100}
FOLDERS = {"language": "text", "acoustic": "audio", "visual": "video"}
SCORES = "CMU_MOSI_Opinion_Labels.csd"

Tables = dict[str, list[list]]


def make_tables(without: tuple[str, ...] = ()) -> Tables:
    """File name -> rows of cells. One visual feature never changes; a label is positive where the
    utterance's number is odd. `without`: videos of which transcripts.csv alone knows."""
    rng = np.random.default_rng(0)
    videos = TRAIN | TEST
    names = sorted(f"{video}_{k}" for video, count in videos.items() for k in range(1, count + 1))
    transcripts = [
        [name, f"IT WAS, {name}", list(videos).index(name.rpartition("_")[0]) + 1, positive(name)]
        for name in names
    ]
    tables: Tables = {"transcripts.csv": transcripts}
    for split, those in (("train", TRAIN), ("test", TEST)):
        places = [
            place
            for place, name in enumerate(names)
            if name.rpartition("_")[0] in those and name.rpartition("_")[0] not in without
        ]
        rng.shuffle(places)
        features = {name: rng.normal(size=(len(places), width)) for name, width in WIDTHS.items()}
        features["visual"][:, 7] = 0
        tables[f"text_{split}.csv"] = [
            [place, *row] for place, row in zip(places, features["language"].tolist(), strict=True)
        ]
        for modality, folder in FOLDERS.items():
            tables[f"{folder}/{folder}_{split}0.csv"] = [
                [*row, positive(names[place])]
                for place, row in zip(places, features[modality].tolist(), strict=True)
            ]
    return tables


def positive(name: str) -> int:
    return int(name.rpartition("_")[2]) % 2


def make_scores() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Video -> scores `(n, 1)` and times `(n, 2)`: the k-th is k / 10, negative for even k."""
    scores = {}
    for video, count in (TRAIN | TEST).items():
        k = np.arange(1, count + 1)
        times = np.stack([k, k + 0.5], axis=1).astype("f4")
        scores[video] = np.where(k % 2, k, -k)[:, None].astype("f4") / 10, times
    return scores


def write_dialogues(folder: Path, tables: Tables | None = None) -> Path:
    for name, rows in (make_tables() if tables is None else tables).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    return folder


def write_scores(folder: Path, scores: dict | None = None) -> Path:
    return write_csd(folder / SCORES, make_scores() if scores is None else scores)
