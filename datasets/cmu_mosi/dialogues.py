"""CMU-MOSI as dialogues: a video is a sequence of utterances, with features and a label for each.

The features are those of Poria et al. (ACL 2017), the files those of Ghosal et al. (EMNLP 2018);
none has a header. A row of `transcripts.csv` is an utterance: `<video>_<number>`, its text, the
number of its video, and 1 where it is positive, else 0. The first column of `text_<split>.csv`
numbers a row of `transcripts.csv`, from 0. Row i of the files of features belongs to row i of
`text_<split>.csv`; their last column is the label again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rmfn_tf.datasets.arrays import to_float32
from rmfn_tf.datasets.cmu_mosi.csd_source import FILES as CSD_FILES
from rmfn_tf.datasets.cmu_mosi.csd_source import Copy, part_of
from rmfn_tf.datasets.csd import open_csd
from rmfn_tf.datasets.source import (
    Dropped,
    Item,
    Report,
    Sample,
    Source,
    SourceError,
    find_files,
    find_folder,
)

TRANSCRIPTS = "transcripts.csv"
SPLITS = ("train", "test")
FOLDERS = {"language": "text", "acoustic": "audio", "visual": "video"}
PLACES = {split: f"text_{split}.csv" for split in SPLITS}
FEATURES = {
    (split, modality): f"{folder}/{folder}_{split}0.csv"
    for split in SPLITS
    for modality, folder in FOLDERS.items()
}
NAMES = (TRANSCRIPTS, *PLACES.values(), *FEATURES.values())
SCORES = CSD_FILES["labels"]
TRAP = (
    "Language and visual features were trained on the labels of the training videos, so scores on "
    "a part of these flatter every model: choose on test videos (dialogue_clean_a and _b)."
)
_UTTERANCE = r"(?P<video>[A-Za-z0-9_-]{1,100})_(?P<number>[0-9]{1,6})"
_DEPTH = 3  # how deep inside the user's folder the files may lie, as in a clone of the repository
_FRESH = "Take all files from one copy"


@dataclass(frozen=True)
class Dialogues(Source):
    """Which videos of the test split validate, and what the labels are."""

    widths: Mapping[str, int]
    half: str = ""  # "a" or "b": every other video of the test split, by its id, validates
    scored: bool = False  # labels are the scores of the computational sequence, else 0 and 1

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The files in a folder, or in one inside it."""
        files = find_files(_home(folder), NAMES)
        if self.scored and (scores := find_scores(folder)):
            files[scores.name] = scores
        return files

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        return [] if self.scored else [SCORES]

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All videos in the order of their ids, their utterances in the order of their numbers;
        test videos of which the copy has nothing are dropped."""
        report(files[TRANSCRIPTS])
        utterances = _read_utterances(files[TRANSCRIPTS])
        if self.scored:
            path = next(path for name, path in files.items() if part_of(name) == "labels")
            _add_scores(path, utterances, report)
        parts, features = {}, {}
        for done, split in enumerate(SPLITS, start=1):
            parts[split] = utterances.loc[_read_places(files[PLACES[split]], len(utterances))]
            for modality, width in self.widths.items():
                path = files[FEATURES[split, modality]]
                report(path)
                features[split, modality] = _read_features(path, width, parts[split])
            report(done, len(SPLITS))

        videos = {split: {*part["video"]} for split, part in parts.items()}
        test_videos = sorted({*utterances["video"]} - videos["train"])
        into = dict.fromkeys(videos["train"], "train") | dict.fromkeys(test_videos, "test")
        if self.half:
            into |= dict.fromkeys(test_videos["ab".index(self.half) :: 2], "validation")
            yield f"Every other of the {len(test_videos)} test videos in {TRANSCRIPTS} validates."
        for split, part in parts.items():
            for video, each in part.reset_index(drop=True).sort_values("number").groupby("video"):
                sample = Sample(
                    id=video,
                    features={name: features[split, name][each.index] for name in self.widths},
                    label=(each[["score"]] if self.scored else each["label"]).to_numpy(),
                    words=each["text"].tolist(),
                    intervals=each[["start", "end"]].to_numpy() if self.scored else None,
                )
                yield into[video], sample
        for video in sorted({*test_videos} - videos["test"]):
            yield Dropped(video, video, into[video], f"nothing of it in {PLACES['test']}")
        if missing := len(utterances) - sum(map(len, parts.values())):
            yield f"{missing:,} of {len(utterances):,} utterances are not in this copy."
        signs = f"Labels: negative or positive; with {SCORES} beside them, the scores."
        scores = f"Labels: the scores of {SCORES}; score >= 0 is the binary label everywhere."
        yield scores if self.scored else signs
        constant = np.ptp(features["train", "visual"], axis=0) == 0
        yield f"visual: {constant.sum()} of {constant.size} features never change in training."
        yield TRAP


def find_scores(folder: str | Path | None) -> Path | None:
    """The computational sequence with the scores, in the folder or beside the other files."""
    paths = (path for place in (find_folder(folder), _home(folder)) for path in place.glob("*.csd"))
    return next((path for path in paths if part_of(path.name) == "labels"), None)


def _home(folder: str | Path | None) -> Path:
    """The folder that holds all files: the user's or one inside it; the user's where none does."""
    folder = find_folder(folder, ", ".join(NAMES))
    for depth in range(_DEPTH + 1):
        for path in sorted(folder.glob("*/" * depth + TRANSCRIPTS)):
            if all((path.parent / name).is_file() for name in NAMES):
                return path.parent
    return folder


def _error(path: Path, row: int, found: str) -> SourceError:
    return SourceError.at(path, found=f"row {row + 1}: {found}", mend=_FRESH)


def _read_cells(path: Path, width: int, **options: Any) -> pd.DataFrame:
    """The cells of a file, `width` in each row; `options` are those of `pandas.read_csv`."""
    try:
        cells = pd.read_csv(path, header=None, encoding="utf-8-sig", **options)
    except (OSError, ValueError) as error:
        raise SourceError.unreadable(path, "CSV", error, _FRESH) from error
    if cells.shape[1] != width:
        raise _error(path, 0, f"{cells.shape[1]} cells, where {width} belong")
    return cells


def _read_numbers(path: Path, width: int) -> np.ndarray:
    """`(rows, width)` float32, finite."""
    values = to_float32(_read_cells(path, width, dtype=float).to_numpy())
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        raise _error(path, row, f"cell {column + 1} is not a finite number")
    return values


def _read_utterances(path: Path) -> pd.DataFrame:
    """A row for each utterance: id, text, label (0 or 1), video, and its number in the video."""
    cells = _read_cells(path, 4, dtype=str, keep_default_na=False)
    utterances = cells[0].str.extract(rf"^{_UTTERANCE}\Z")
    utterances["number"] = pd.to_numeric(utterances["number"])
    right = utterances["video"].notna() & cells[3].isin(["0", "1"])
    for row in np.flatnonzero(~right | utterances.duplicated())[:1]:
        found = f"{cells[0][row][:80]!a}, labelled {cells[3][row][:40]!a}"
        raise _error(path, row, f"{found}, where a new <video>_<number>, labelled 0 or 1, belongs")
    return utterances.assign(id=cells[0], text=cells[1], label=cells[3].astype(np.int64))


def _read_places(path: Path, count: int) -> np.ndarray:
    """For each row of a `text_<split>.csv`, its row in `transcripts.csv`, which has `count`."""
    places = _read_numbers(path, 101)[:, 0]
    wrong = ~np.isin(places, np.arange(count)) | pd.Series(places).duplicated()
    for row in np.flatnonzero(wrong)[:1]:
        found = f"the first cell, {places[row]:g}, is no row of {TRANSCRIPTS} (0 to {count - 1})"
        raise _error(path, row, f"{found}, or is there for the second time")
    return places.astype(np.int64)


def _read_features(path: Path, width: int, utterances: pd.DataFrame) -> np.ndarray:
    """The features `(rows, width)` of these utterances; the file must have the same labels."""
    values = _read_numbers(path, width + 1)
    if len(values) != len(utterances):
        found = f"the last row, but text_<split>.csv has {len(utterances)}"
        raise _error(path, len(values) - 1, found)
    for row in np.flatnonzero(values[:, -1] != utterances["label"])[:1]:
        found = f"the label of {utterances['id'].iat[row]} is another one in {TRANSCRIPTS}"
        raise _error(path, row, found)
    return values[:, :-1]


def _add_scores(path: Path, utterances: pd.DataFrame, report: Report) -> None:
    """Adds score, start and end (float32): the k-th utterance of a video, by number, is its k-th
    segment. A SourceError where a score contradicts a label."""
    columns = ["score", "start", "end"]
    utterances[columns] = np.float32(np.nan)
    with open_csd(path) as csd:
        copy = Copy({"labels": csd}, report)
        for video, own in utterances.sort_values("number").groupby("video"):
            scores, times = copy.rows("labels", video)
            if not np.array_equal(scores >= 0, own["label"]):
                signs = f"the signs of {len(scores)} scores are not the labels of {len(own)}"
                found = f"{signs} utterances in {TRANSCRIPTS}"
                raise SourceError.at(path, f"{csd.root}/data/{video}", found=found, mend=_FRESH)
            utterances.loc[own.index, columns] = np.column_stack([scores, times]).astype("float32")
