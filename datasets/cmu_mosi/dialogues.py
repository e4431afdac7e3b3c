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

import numpy as np
import pandas as pd

from rmfn_tf.datasets.arrays import to_float32
from rmfn_tf.datasets.cmu_mosi.csd_source import FILES as CSD_FILES
from rmfn_tf.datasets.cmu_mosi.csd_source import Copy, part_of
from rmfn_tf.datasets.csd import open_csd
from rmfn_tf.datasets.source import (
    Dropped,
    Item,
    MissingFiles,
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
        if self.scored:
            scores = find_scores(folder)
            if scores is None:
                raise MissingFiles(f"{folder} lacks {SCORES}, which has the scores.")
            files[scores.name] = scores
        return files

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        return [] if self.scored else [SCORES]

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All videos in the order of their ids, their utterances in the order of their numbers;
        test videos of which the copy has nothing are dropped."""
        report(files[TRANSCRIPTS])
        utterances = _read_utterances(files[TRANSCRIPTS])
        rows, features = {}, {}
        for done, split in enumerate(SPLITS, start=1):
            rows[split] = _read_places(files[PLACES[split]], len(utterances))
            for modality, width in self.widths.items():
                path = files[FEATURES[split, modality]]
                report(path)
                features[split, modality] = _read_features(path, width, utterances.loc[rows[split]])
            report(done, len(SPLITS))
        videos = {split: utterances["video"].to_numpy()[rows[split]] for split in SPLITS}
        for row in np.flatnonzero(np.isin(videos["test"], videos["train"]))[:1]:
            found = f"the video {videos['test'][row]} is in {PLACES['train']} too"
            raise _error(files[PLACES["test"]], row, found)
        if self.scored:
            path = next(path for name, path in files.items() if part_of(name) == "labels")
            _add_scores(path, utterances, np.unique(np.concatenate([*videos.values()])), report)

        test_videos = sorted({*utterances["video"]} - {*videos["train"]})
        into = dict.fromkeys(videos["train"], "train") | dict.fromkeys(test_videos, "test")
        if self.half:
            into |= dict.fromkeys(test_videos["ab".index(self.half) :: 2], "validation")
            yield f"Every other of the {len(test_videos)} test videos in {TRANSCRIPTS} validates."
        for split in SPLITS:
            steps = utterances.loc[rows[split]].reset_index(drop=True).sort_values("number")
            for video, each in steps.groupby("video"):
                yield (
                    into[video],
                    Sample(
                        id=video,
                        features={name: features[split, name][each.index] for name in self.widths},
                        label=(each[["score"]] if self.scored else each["label"]).to_numpy(),
                        words=each["text"].tolist(),
                        intervals=each[["start", "end"]].to_numpy() if self.scored else None,
                    ),
                )
        for video in sorted({*test_videos} - {*videos["test"]}):
            yield Dropped(video, video, into[video], f"nothing of it in {PLACES['test']}")
        if missing := len(utterances) - sum(map(len, rows.values())):
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


def _read_cells(path: Path, width: int) -> pd.DataFrame:
    """The cells of a file as text; those that a row lacks are empty."""
    options = {"header": None, "keep_default_na": False, "skip_blank_lines": False}
    try:
        cells = pd.read_csv(path, dtype=str, encoding="utf-8-sig", **options)
    except (OSError, ValueError) as error:
        raise SourceError.unreadable(path, "CSV", error, _FRESH) from error
    if cells.shape[1] != width:
        raise _error(path, 0, f"{cells.shape[1]} cells, where {width} belong")
    return cells


def _to_numbers(path: Path, cells: pd.DataFrame) -> np.ndarray:
    """`(rows, columns)` float32, finite."""
    values = to_float32(cells.apply(pd.to_numeric, errors="coerce").to_numpy(float))
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        found = f"{cells.iat[row, column][:40]!a} is not a finite number"
        raise _error(path, row, f"cell {cells.columns[column] + 1}: {found}")
    return values


def _read_utterances(path: Path) -> pd.DataFrame:
    """A row for each utterance: id, text, label (0 or 1), video, and its number in the video."""
    cells = _read_cells(path, 4)
    labels = _to_numbers(path, cells[[3]])[:, 0]
    parts = cells[0].str.extract(rf"^{_UTTERANCE}\Z")
    named = parts["video"].notna()
    utterances = parts.assign(id=cells[0], text=cells[1], label=labels.astype(np.int64))
    utterances["number"] = pd.to_numeric(parts["number"])
    for wrong, what in (
        (~named, "no <video>_<number>"),
        (utterances.duplicated(["video", "number"]), "an utterance that is there twice"),
        (~np.isin(labels, (0, 1)), "labelled neither 0 nor 1"),
    ):
        for row in np.flatnonzero(wrong)[:1]:
            raise _error(path, row, f"{cells[0][row][:80]!a} is {what}")
    return utterances


def _read_places(path: Path, count: int) -> np.ndarray:
    """For each row of a `text_<split>.csv`, its row in `transcripts.csv`, from 0; `count` is the
    number of rows there."""
    places = _to_numbers(path, _read_cells(path, 101))[:, 0]
    known = np.isin(places, np.arange(count))
    for wrong, what in (
        (~known, f"not a row of {TRANSCRIPTS} (0 to {count - 1})"),
        (pd.Series(places).duplicated(), "there for the second time"),
    ):
        for row in np.flatnonzero(wrong)[:1]:
            raise _error(path, row, f"the first cell, {places[row]:g}, is {what}")
    return places.astype(np.int64)


def _read_features(path: Path, width: int, utterances: pd.DataFrame) -> np.ndarray:
    """The features `(rows, width)` of these utterances; the file must have the same labels."""
    values = _to_numbers(path, _read_cells(path, width + 1))
    if len(values) != len(utterances):
        found = f"the last row, but text_<split>.csv has {len(utterances)}"
        raise _error(path, len(values) - 1, found)
    labels = utterances["label"].to_numpy()
    for row in np.flatnonzero(values[:, -1] != labels)[:1]:
        found = f"label {values[row, -1]:g}, and {labels[row]} in {TRANSCRIPTS}"
        raise _error(path, row, f"{utterances['id'].iat[row]} has the {found}")
    return values[:, :-1]


def _add_scores(path: Path, utterances: pd.DataFrame, videos: np.ndarray, report: Report) -> None:
    """Adds score, start and end (float32) to the utterances of these videos: the k-th utterance of
    a video, by number, is its k-th segment. A SourceError where a score contradicts a label."""
    columns = ["score", "start", "end"]
    utterances[columns] = np.float32(np.nan)
    with open_csd(path) as csd:
        copy = Copy(report)
        copy.csds["labels"] = csd
        for video in videos:
            own = utterances[utterances["video"] == video].sort_values("number")
            scores, times = copy.rows("labels", video)
            key = f"{csd.root}/data/{video}"
            if len(scores) != len(own):
                found = f"{len(scores)} segments, and {len(own)} utterances in {TRANSCRIPTS}"
                raise SourceError.at(path, key, found=found, mend=_FRESH)
            for row in np.flatnonzero((scores >= 0) != own["label"])[:1]:
                name, label = own["id"].iat[row], own["label"].iat[row]
                found = f"score {scores[row]:g} in row {row}, and {name} has the label {label}"
                raise SourceError.at(path, key, found=f"{found} in {TRANSCRIPTS}", mend=_FRESH)
            utterances.loc[own.index, columns] = np.column_stack([scores, times]).astype("float32")
