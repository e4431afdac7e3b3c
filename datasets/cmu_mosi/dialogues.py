"""CMU-MOSI as dialogues: a video is a sequence of utterances, with features and a label for each.

The features are those of Poria et al. (ACL 2017), the files those of Ghosal et al. (EMNLP 2018),
none of which has a header. A row of `transcripts.csv` is an utterance: `<video>_<number>`, its text,
the number of its video, and whether it is positive. `text_<split>.csv` has such a row, from 0, in its
first column; row i of the files of features is of row i of `text_<split>.csv`, and their last column
is the label again.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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
TRAP = (
    "Language and visual features were trained on the labels of the training videos, a split of "
    "which flatters every model: choose on videos of the test split (dialogue_clean_a and _b)."
)
_UTTERANCE = re.compile(r"([\w-]{1,100})_([0-9]{1,6})", re.ASCII)
_DEPTH = 3  # folders inside the user's in which the files may lie, as in a clone of the repository
_FRESH = "Take all files from one copy"


class _Utterances(NamedTuple):
    """What transcripts.csv says, row by row."""

    ids: list[str]
    videos: np.ndarray
    numbers: np.ndarray  # of the utterance in its video: their order
    texts: list[str]
    labels: np.ndarray  # 0 or 1


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
                raise MissingFiles(f"{folder} lacks {CSD_FILES['labels']}, which has the scores.")
            files[scores.name] = scores
        return files

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        """The scores, where they are not there."""
        return [] if self.scored else [CSD_FILES["labels"]]

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All videos, by their ids, and their utterances by their numbers; videos of the test split
        of which the copy has nothing are dropped."""
        report(files[TRANSCRIPTS])
        utterances = _read_utterances(files[TRANSCRIPTS])
        videos, numbers, labels = utterances.videos, utterances.numbers, utterances.labels
        rows, features = {}, {}
        for done, split in enumerate(SPLITS, start=1):
            rows[split] = _read_places(files[PLACES[split]], len(videos))
            for modality, width in self.widths.items():
                path = files[FEATURES[split, modality]]
                report(path)
                features[split, modality] = _read_features(path, width, utterances, rows[split])
            report(done, len(SPLITS))
        for row in np.flatnonzero(np.isin(videos[rows["test"]], videos[rows["train"]]))[:1]:
            name = utterances.ids[rows["test"][row]]
            found = f"{name}, and {PLACES['train']} has utterances of the same video"
            raise _error(files[PLACES["test"]], row, found)

        test_videos = sorted(set(videos) - set(videos[rows["train"]]))
        into = dict.fromkeys(videos, "train") | dict.fromkeys(test_videos, "test")
        if self.half:
            into |= dict.fromkeys(test_videos["ab".index(self.half) :: 2], "validation")
        scores, times = labels.astype(np.float32), np.full((len(videos), 2), np.nan, np.float32)
        if self.scored:
            path = next(path for name, path in files.items() if part_of(name) == "labels")
            here = np.concatenate([rows[split] for split in SPLITS])
            _fill_scores(path, utterances, sorted(set(videos[here])), (scores, times), report)
        for split in SPLITS:
            for video in sorted(set(videos[rows[split]])):
                at = np.flatnonzero(videos[rows[split]] == video)
                at = at[np.argsort(numbers[rows[split][at]])]
                steps = rows[split][at]
                yield (
                    into[video],
                    Sample(
                        id=video,
                        features={name: features[split, name][at] for name in self.widths},
                        label=scores[steps, np.newaxis] if self.scored else labels[steps],
                        words=[utterances.texts[step] for step in steps],
                        intervals=times[steps],
                    ),
                )
        missing = np.setdiff1d(np.arange(len(videos)), np.concatenate(list(rows.values())))
        for video in sorted(set(test_videos) - set(videos[rows["test"]])):
            yield Dropped(video, video, into[video], f"nothing of it in {PLACES['test']}")
        if missing.size:
            yield f"{missing.size:,} of {len(videos):,} utterances are not in this copy."
        if self.half:
            yield f"Every other of the {len(test_videos)} test videos in {TRANSCRIPTS} validates."
        sequence = CSD_FILES["labels"]
        yield (
            f"Labels: the scores of {sequence}; score >= 0 is the binary label everywhere."
            if self.scored
            else f"Labels: negative or positive; with {sequence} beside them, the scores."
        )
        constant = np.ptp(features["train", "visual"], axis=0) == 0
        yield f"visual: {constant.sum()} of {constant.size} features never change in training."
        yield TRAP


def find_scores(folder: str | Path | None) -> Path | None:
    """The computational sequence with the scores: in the folder, or beside the other files."""
    for place in (find_folder(folder), _home(folder)):
        for path in sorted(place.glob("*.csd")):
            if part_of(path.name) == "labels":
                return path
    return None


def _home(folder: str | Path | None) -> Path:
    """Where all files lie, the folder or one inside it; the folder where they lie nowhere."""
    folder = find_folder(folder, ", ".join(NAMES))
    for depth in range(_DEPTH + 1):
        for path in sorted(folder.glob("*/" * depth + TRANSCRIPTS)):
            if all((path.parent / name).is_file() for name in NAMES):
                return path.parent
    return folder


def _error(path: Path, row: int, found: str, mend: str = _FRESH) -> SourceError:
    return SourceError.at(path, found=f"row {row + 1}: {found}", mend=mend)


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
    """`(rows, columns)` float32."""
    values = to_float32(cells.apply(pd.to_numeric, errors="coerce").to_numpy(float))
    for row, column in np.argwhere(~np.isfinite(values))[:1]:
        found = f"{cells.iat[row, column][:40]!a} is not a finite number"
        raise _error(path, row, f"cell {cells.columns[column] + 1}: {found}")
    return values


def _read_utterances(path: Path) -> _Utterances:
    cells = _read_cells(path, 4)
    labels = _to_numbers(path, cells[[3]])[:, 0]
    names: dict[tuple[str, int], str] = {}
    for row, (name, label) in enumerate(zip(cells[0], labels, strict=True)):
        match = _UTTERANCE.fullmatch(name)
        if match is None:
            raise _error(path, row, f"the id {name[:80]!a} is no <video>_<number>")
        utterance = match[1], int(match[2])
        if utterance in names:
            raise _error(path, row, f"the utterance {name} is there twice")
        if label not in (0, 1):
            raise _error(path, row, f"the label of {name} is {label:g}, where 0 or 1 belongs")
        names[utterance] = name
    videos, numbers = zip(*names, strict=True)
    texts = cells[1].tolist()
    return _Utterances(
        list(names.values()), np.array(videos), np.array(numbers), texts, labels.astype(np.int64)
    )


def _read_places(path: Path, rows: int) -> np.ndarray:
    """The rows of transcripts.csv, from 0, that the rows of a file stand for."""
    values = _to_numbers(path, _read_cells(path, 101))[:, 0]
    right = (values == values.round()) & (values >= 0) & (values < rows)
    for row in np.flatnonzero(~right)[:1]:
        found = (
            f"{values[row]:g} in the first cell is no row of {TRANSCRIPTS}, from 0 to {rows - 1}"
        )
        raise _error(path, row, found)
    places = values.astype(np.int64)
    first = np.unique(places, return_index=True)[1]
    for row in np.setdiff1d(np.arange(len(places)), first)[:1]:
        raise _error(path, row, f"row {places[row]} of {TRANSCRIPTS} is named for the second time")
    return places


def _read_features(
    path: Path, width: int, utterances: _Utterances, places: np.ndarray
) -> np.ndarray:
    """`(rows, width)` of the utterances at these places, whose labels must be the same here."""
    values = _to_numbers(path, _read_cells(path, width + 1))
    if len(values) != len(places):
        found = f"{len(values)} rows, and {len(places)} in the file of places beside it"
        raise _error(path, len(values) - 1, found)
    features, labels = values[:, :-1], values[:, -1]
    for row in np.flatnonzero(labels != utterances.labels[places])[:1]:
        name, label = utterances.ids[places[row]], utterances.labels[places[row]]
        found = f"the label of {name} is {labels[row]:g} here, and {label} in {TRANSCRIPTS}"
        raise _error(path, row, found)
    return features


def _fill_scores(
    path: Path,
    utterances: _Utterances,
    videos: list[str],
    into: tuple[np.ndarray, np.ndarray],
    report: Report,
) -> None:
    """Puts score and times of each utterance of these videos into arrays: the k-th of a video, by
    number, is its k-th segment. A SourceError where a score and a binary label contradict."""
    with open_csd(path) as csd:
        copy = Copy(report)
        copy.csds["labels"] = csd
        for video in videos:
            rows = np.flatnonzero(utterances.videos == video)
            rows = rows[np.argsort(utterances.numbers[rows])]
            scores, times = np.zeros(0), np.zeros((0, 2))
            if video in csd.ids:
                scores, times = copy.rows("labels", video)
            key = f"{csd.root}/data/{video}"
            if len(scores) != len(rows):
                found = f"{len(scores)} segments, and {len(rows)} utterances in {TRANSCRIPTS}"
                raise SourceError.at(path, key, found=found, mend=_FRESH)
            for place in np.flatnonzero((scores >= 0) != utterances.labels[rows])[:1]:
                name, label = utterances.ids[rows[place]], utterances.labels[rows[place]]
                found = f"score {scores[place]:g} in row {place}"
                mend = f"The label of {name} in {TRANSCRIPTS} is {label}. {_FRESH}"
                raise SourceError.at(path, key, found=found, mend=mend)
            into[0][rows], into[1][rows] = scores, times
