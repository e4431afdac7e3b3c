"""CMU-MOSI from its computational sequences: frames to words to labelled segments.

The SDK saves a sequence under its name on the server, or under a short key. Over the years some
names on the server changed in `_` and `.`, so only letters and digits of a name are compared.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, get_args

import numpy as np

from rmfn_tf.datasets.alignment.align import (
    OUT_OF_STEP,
    Frames,
    Mode,
    Pauses,
    Words,
    align_video,
    match_words,
)
from rmfn_tf.datasets.alignment.word_shift import WORD_SHIFTS, choose_word_shift
from rmfn_tf.datasets.arrays import Stored, to_labels
from rmfn_tf.datasets.csd import Csd, open_csd
from rmfn_tf.datasets.source import (
    OTHER_FILE,
    Dropped,
    Item,
    MissingFiles,
    Report,
    Source,
    SourceError,
    find_folder,
)
from rmfn_tf.names import shorten


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


_FOLDS = tomllib.loads(Path(__file__).with_name("folds.toml").read_text("utf-8"))
PUBLISHED_FOLDS = {video: split for split, videos in _FOLDS.items() for video in videos}

# Part -> its name, and its other names.
NAMES = {
    "labels": ("CMU_MOSI_Opinion_Labels", "Opinion Segment Labels"),
    "words": ("CMU_MOSI_TimestampedWords", "CMU_MOSI_ModifiedTimestampedWords", "words"),
    "language": (
        "CMU_MOSI_TimestampedWordVectors",
        "CMU_MOSI_TimestampedWordVectors_1.1",
        "glove_vectors",
    ),
    "acoustic": ("CMU_MOSI_COVAREP", "COVAREP"),
    "visual": ("CMU_MOSI_Visual_Facet_41", "CMU_MOSI_VisualFacet_4.1", "FACET_4.1"),
}
_PARTS = {_plain(name): part for part, names in NAMES.items() for name in names}
FILES = {part: f"{names[0]}.csd" for part, names in NAMES.items()}
FEATURES = ("language", "acoustic", "visual")
WANTED = (
    f"{FILES['labels']}, the times of the words from {FILES['words']} or {FILES['language']}, and "
    f"features from at least one of {', '.join(f'{FILES[part]} ({part})' for part in FEATURES)}"
)
UNSEEN = (
    "Word times: taken as stored. Whether words sit one row late cannot be seen without "
    f"{FILES['words']}; --word-shift 1 moves them."
)


@dataclass(frozen=True)
class CsdSource(Source):
    """What the sequences must be, and what is made of them."""

    OPTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": get_args(Mode),
        "pauses": get_args(Pauses),
        "word_shift": WORD_SHIFTS,
    }

    stored_widths: Mapping[str, int]  # language, acoustic and visual -> F in the file
    # Modality -> the columns that are taken, from 0. One that is not among the keys has all.
    columns: Mapping[str, Sequence[int]] = field(default_factory=dict)
    last: int | None = None  # take only the last so many words of a segment; None: all
    mode: Mode = "default"  # as in `align_video`
    pauses: Pauses = "keep"  # as in `align_video`
    word_shift: str = "default"  # as in `choose_word_shift`

    @property
    def widths(self) -> dict[str, int]:  # type: ignore[override]
        return {m: len(self.columns.get(m, range(n))) for m, n in self.stored_widths.items()}

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The sequences in a folder; where only features are missing, `MissingFiles` has the others
        as `readable`. Two files of the same part are a SourceError."""
        folder = find_folder(folder, WANTED)
        found: dict[str, Path] = {}
        for path in sorted(filter(Path.is_file, folder.glob("*.csd"))):
            part = part_of(path.name)
            if part and found.setdefault(part, path) != path:
                raise SourceError(
                    f"{folder} holds {found[part].name} and {path.name}, which are both the "
                    f"{part}: leave one of them."
                )
        files = {found[part].name: found[part] for part in NAMES if part in found}
        needs = {
            FILES["labels"]: {"labels"},
            "word times": {"words", "language"},
            "features of any modality": set(FEATURES),
        }
        lacks = [what for what, parts in needs.items() if not parts & found.keys()]
        if lacks:
            said = f"lacks {' and '.join(lacks)}: it must hold" if found else "must hold"
            readable = files if lacks == ["features of any modality"] else {}
            raise MissingFiles(f"{folder} {said} {WANTED}.", readable)
        return files

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        parts = {part_of(name) for name in files}
        return [FILES[part] for part in NAMES if part not in parts]

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All labelled segments with words, called `VIDEO[ROW]`, one video in memory at a time; a
        modality without a file, or without the video, is zeros."""
        with ExitStack() as stack:
            csds: dict[str, Csd] = {}
            for name, path in files.items():
                report(path)
                csds[part_of(name)] = stack.enter_context(open_csd(path))
            copy = Copy(csds, report)
            if self.pauses != "keep" and "words" not in csds:
                raise SourceError(
                    f"{', '.join(map(str, files.values()))}: which words are pauses cannot be told "
                    f"without {FILES['words']}. Put it there, or keep the pauses."
                )
            shift, said = False, UNSEEN
            if "words" in csds or self.word_shift in ("0", "1"):
                words = map(copy.words, csds["words"].ids if "words" in csds else [])
                shift, said = choose_word_shift(self.word_shift, self.mode, words)
                copy.counts.clear()  # of the words, which are read again
            yield said
            videos = csds["labels"].ids
            for done, video in enumerate(videos, start=1):
                yield from self._read_video(video, copy, shift)
                report(done, len(videos))
            yield from copy.notes()

    def _read_video(self, video: str, copy: "Copy", shift: bool) -> Iterator[Item]:
        labels, segments = copy.rows("labels", video)
        ids = [f"{video}[{row}]" for row in range(len(labels))]
        here = {part for part, csd in copy.csds.items() if video in csd.ids}
        split = PUBLISHED_FOLDS.get(video, "")
        reason = ""
        if not split:
            reason = "in none of the published folds"
        elif not here & {"words", "language"}:
            reason = "no word times"
        elif "words" not in here and self.pauses != "keep":
            reason = "no words to tell pauses by"
        if reason:
            yield from (Dropped(each, video, split, reason) for each in ids)
            return

        frames = {}
        for part, width in self.stored_widths.items():
            features, times = np.zeros((0, width)), np.zeros((0, 2))
            if part in here:
                features, times = copy.rows(part, video, width)
            elif part in copy.csds:
                file = copy.csds[part].path.name
                copy.counts[f"videos are not in {file}: {part} is zeros there."] += 1
            frames[part] = Frames(features[:, self.columns.get(part, slice(None))], times)
        vectors = frames["language"]
        words = copy.words(video) if "words" in here else Words(vectors.intervals)
        if len(vectors.intervals) and match_words(vectors, words) is None:
            said = "have word vectors of other times than the words: averaged over each word."
            copy.counts[f"videos {said}"] += 1
            if shift:  # they were made from the words, and so sit one row late too
                frames["language"] = Frames(vectors.features[1:], vectors.intervals[:-1])
        found = align_video(
            words, frames, segments, mode=self.mode, pauses=self.pauses, shift=shift
        )
        copy.counts["words have no length: left out."] += found.words_left_out
        copy.counts[OUT_OF_STEP] += found.out_of_step
        for name, count in found.frames_left_out.items():
            copy.counts[f"rows of {name} hold NaN or infinities: left out."] += count
        yield from found.items(video, split, ids, labels.tolist(), self.last)


def part_of(file_name: str) -> str:
    """The part (`labels`, `words`, ...) that a file of this name holds; "" where it is none."""
    return _PARTS.get(_plain(file_name.removesuffix(".csd")), "")


@dataclass(frozen=True)
class Copy:
    """The open sequences of one copy by their parts, and counts of what is odd in them."""

    csds: Mapping[str, Csd]
    report: Report
    counts: Counter[str] = field(default_factory=Counter)  # end of a sentence -> number before it

    def words(self, video: str) -> Words:
        texts, times = self.rows("words", video)
        return Words(times, texts[:, 0])

    def rows(self, part: str, video: str, width: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The features `(n, width)`, or finite labels `(n,)`, and times `(n, 2)` of a video."""
        csd = self.csds[part]
        self.report(csd.path)
        features, times, num_reversed = csd.read(video)
        self.counts["rows end before they start: taken as without length."] += num_reversed
        stored = Stored(features, csd.path, f"{csd.root}/data/{video}/features")
        is_text = features.dtype.kind == "U"
        if is_text != (part == "words") or features.size != len(times) * width:
            kind = "text" if is_text else features.dtype
            wanted = {"words": "one word", "labels": "one score"}.get(part, f"{width} features")
            found = f"{kind} of shape {features.shape}, not {wanted} a row"
            raise stored.error(found, OTHER_FILE)
        if part == "labels":
            return to_labels(stored, len(times)), times
        return features.reshape(len(times), width), times

    def notes(self) -> Iterator[str]:
        for part in FEATURES:
            if part not in self.csds:
                yield f"{part}: no file ({FILES[part]}), so zeros, marked as not present."
        yield from (f"{count:,} {said}" for said, count in self.counts.items() if count)
        lacking = sorted(PUBLISHED_FOLDS.keys() - self.csds["labels"].ids)
        if lacking:
            published = f"{len(lacking)} of the {len(PUBLISHED_FOLDS)} published videos"
            yield f"{published} have no labels here: {shorten(lacking)}."
