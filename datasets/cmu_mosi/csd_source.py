"""CMU-MOSI from its computational sequences: frames to words to labelled segments.

The SDK saved them under the names they had on the server, or under its own short keys; the names
on the server changed over the years in nothing but `_` and `.`, and so those do not count here.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar, get_args

import numpy as np

from rmfn_tf.datasets.alignment import (
    WORD_SHIFTS,
    Frames,
    Mode,
    Pauses,
    Words,
    align_video,
    choose_word_shift,
    match_words,
)
from rmfn_tf.datasets.arrays import to_finite_labels
from rmfn_tf.datasets.cmu_mosi.folds import PUBLISHED_FOLDS
from rmfn_tf.datasets.csd import Csd, open_csd
from rmfn_tf.datasets.source import (
    Dropped,
    Item,
    MissingFiles,
    Report,
    Sample,
    Source,
    SourceError,
    find_folder,
)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


# Part -> its name, and what else it is called.
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


Counts = Counter[Hashable]  # what a report says at the end -> how often it was met


@dataclass(frozen=True)
class CsdSource(Source):
    """What the sequences must be, and what is made of them.

    Args:
        stored_widths: language, acoustic and visual -> F in the file. Their order is that of the
            modalities everywhere.
        columns: modality -> which of its features are taken, from 0; of others all.
        last: how many words of each segment are taken, from its end; None takes all.
        mode: as in `align_video`.
        pauses: likewise.
        word_shift: whether words sit one row late (`word_shift.py`): `"0"`, `"1"`, `"auto"` to look
            whether they do, and `"default"`: auto in default mode, 0 in mmsdk mode.
    """

    OPTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": get_args(Mode),
        "pauses": get_args(Pauses),
        "word_shift": WORD_SHIFTS,
    }

    stored_widths: Mapping[str, int]
    columns: Mapping[str, Sequence[int]] = field(default_factory=dict)
    last: int | None = None
    mode: Mode = "default"
    pauses: Pauses = "keep"
    word_shift: str = "default"

    @property
    def widths(self) -> dict[str, int]:
        """Modality -> F of what is made."""
        return {m: len(self.columns.get(m, range(n))) for m, n in self.stored_widths.items()}

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The sequences in a folder. Where features alone are missing they can be read, though not
        built from; two files of the same part are a SourceError."""
        folder = find_folder(folder, WANTED)
        found: dict[str, Path] = {}
        for path in sorted(folder.glob("*.csd")):
            part = _part_of(path.name)
            if part in found:
                raise SourceError(
                    f"{folder} holds {found[part].name} and {path.name}, which are both the "
                    f"{part}: leave one of them."
                )
            if part:
                found[part] = path
        features = f"features of any modality ({', '.join(FILES[part] for part in FEATURES)})"
        needs = {
            FILES["labels"]: {"labels"},
            "word times": {"words", "language"},
            features: set(FEATURES),
        }
        files = {found[part].name: found[part] for part in NAMES if part in found}
        missing = [what for what, parts in needs.items() if not parts & found.keys()]
        if missing:
            lacks = " and ".join(missing)
            message = f"{folder} lacks {lacks}. CMU-MOSI is built from {WANTED}."
            lacks = lacks if found else ""
            raise MissingFiles(message, WANTED, lacks, files, readable=missing == [features])
        return files

    def lacks(self, files: Mapping[str, Path]) -> list[str]:
        """The sequences that would be taken too."""
        parts = {_part_of(name) for name in files}
        return [FILES[part] for part in NAMES if part not in parts]

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All labelled segments with words, called `VIDEO[ROW]`, one video in memory at a time.

        Files of labels and word times are enough; a modality without a file, or without the video,
        is zeros.
        """
        with ExitStack() as stack:
            csds: dict[str, Csd] = {}
            for name, path in files.items():
                if part := _part_of(name):
                    report(path)
                    csds[part] = stack.enter_context(open_csd(path))
            if self.pauses != "keep" and "words" not in csds:
                raise SourceError(
                    f"{', '.join(map(str, files.values()))}: which words are pauses cannot be told "
                    f"without {FILES['words']}. Put it there, or keep the pauses."
                )
            shift, said = self._choose_shift(csds, report)
            yield said
            counts: Counts = Counter()
            videos = csds["labels"].ids
            for done, video in enumerate(videos, start=1):
                yield from self._read_video(video, csds, shift, counts, report)
                report(done, len(videos))
            yield from _to_notes(csds, counts)

    def _choose_shift(self, csds: Mapping[str, Csd], report: Report) -> tuple[bool, str]:
        """Whether the words are to be moved, and a sentence about it."""
        choice = self.word_shift
        if choice == "default":
            choice = "auto" if self.mode == "default" else "look"
        if choice in ("auto", "look") and "words" not in csds:
            return False, (
                "Word times: taken as stored. Whether words sit one row late cannot be seen "
                f"without {FILES['words']}; --word-shift 1 moves them."
            )
        videos = csds["words"].ids if "words" in csds else []
        found = (_read(csds, video, report, Counter(), "words") for video in videos)
        return choose_word_shift(choice, (Words(times, texts[:, 0]) for texts, times in found))

    def _read_video(
        self, video: str, csds: Mapping[str, Csd], shift: bool, counts: Counts, report: Report
    ) -> Iterator[Item]:
        read = partial(_read, csds, video, report, counts)
        scores, segments = read("labels")
        here = {part for part, csd in csds.items() if video in csd.ids}
        split = PUBLISHED_FOLDS.get(video, "")
        reason = ""
        if not split:
            reason = "in none of the published folds"
        elif not here & {"words", "language"}:
            reason = "no word times"
        elif "words" not in here and self.pauses != "keep":
            reason = "no words to tell pauses by"
        if reason:
            yield from (Dropped(f"{video}[{k}]", video, split, reason) for k in range(len(scores)))
            return

        frames = {}
        for part, width in self.stored_widths.items():
            features, times = np.zeros((0, width)), np.zeros((0, 2))
            if part in here:
                features, times = read(part, width)
            elif part in csds:
                counts["no video", part] += 1
            frames[part] = Frames(features[:, self.columns.get(part, slice(None))], times)
        vectors = frames["language"]
        words = Words(vectors.intervals)
        if "words" in here:
            texts, times = read("words")
            words = Words(times, texts[:, 0])
        if len(vectors.intervals) and match_words(vectors, words) is None:
            counts["other times"] += 1
            if shift:  # they were made of the words, and sit as late
                frames["language"] = Frames(vectors.features[1:], vectors.intervals[:-1])
        found = align_video(
            words, frames, segments, mode=self.mode, pauses=self.pauses, shift=shift
        )
        counts["no length"] += found.words_left_out
        counts["out of step"] += found.out_of_step
        counts.update({("not finite", name): n for name, n in found.frames_left_out.items()})
        for row, reason in found.dropped.items():
            yield Dropped(f"{video}[{row}]", video, split, reason)
        last = slice(-self.last if self.last else None, None)
        for each in found.segments:
            name, score = f"{video}[{each.row}]", float(scores[each.row, 0])
            kept = {part: rows[last] for part, rows in each.features.items()}
            spoken = None if each.texts is None else each.texts[last].tolist()
            yield split, Sample(name, kept, score, video, spoken, each.intervals[last])


def _part_of(file_name: str) -> str:
    """The part that a file of this name is; empty where it is none."""
    return _PARTS.get(_plain(file_name.removesuffix(".csd")), "")


def _read(
    csds: Mapping[str, Csd], video: str, report: Report, counts: Counts, part: str, width: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """The features `(n, width)` and times `(n, 2)` of one video; labels are finite."""
    csd = csds[part]
    report(csd.path)
    recording = csd.read(video)
    counts["reversed"] += recording.num_reversed
    features, times = recording.features, recording.intervals
    key = f"{csd.root}/data/{video}/features"
    is_text = features.dtype.kind == "U"
    if is_text != (part == "words") or features.size != len(times) * width:
        kind = "text" if is_text else features.dtype
        wanted = {"words": "one word", "labels": "one score"}.get(part, f"{width} features")
        found = f"{kind} of shape {features.shape}, not {wanted} a row"
        mend = "It is another file than its name says: take it from another copy"
        raise SourceError.at(csd.path, key, found=found, mend=mend)
    features = features.reshape(len(times), width)
    return to_finite_labels(csd.path, key, features) if part == "labels" else features, times


def _to_notes(csds: Mapping[str, Csd], counts: Counts) -> Iterator[str]:
    """Sentences about what is absent and what was left out."""
    for part in FEATURES:
        if part not in csds:
            yield f"{part}: no file ({FILES[part]}), so zeros, marked as not present."
        if count := counts["no video", part]:
            yield f"{part}: {count} of the videos are not in {csds[part].path.name}: zeros there."
        if count := counts["not finite", part]:
            yield f"{part}: {count:,} rows that hold NaN or infinities are left out."
    said = {
        "out of step": "segments in which a modality lacks words that another has (the SDK's "
        "rule): zeros there.",
        "reversed": "rows end before they start: taken as without length.",
        "other times": "videos whose word vectors have other times than the words: averaged over "
        "each word.",
        "no length": "words have no length: left out.",
    }
    for key, text in said.items():
        if counts[key]:
            yield f"{counts[key]:,} {text}"
    lacking = sorted(PUBLISHED_FOLDS.keys() - csds["labels"].ids)
    if lacking:
        shown = ", ".join(lacking[:5]) + ", ..." * (len(lacking) > 5)
        published = f"{len(lacking)} of the {len(PUBLISHED_FOLDS)} published videos"
        yield f"{published} have no labels here: {shown}."
