"""What every reader of source files shares: what it yields, and the errors it raises.

    files = source.find(folder)                        # or MissingFiles, which names what is wanted
    for item in source.read(files, report): ...        # (split, Sample), Dropped, or a sentence

`guard.py` runs `read` in a process of its own.
"""

import dataclasses
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from rmfn_tf.names import unknown_name

SPLITS = ("train", "validation", "test")
# What to do about a file without the keys that it must have.
OTHER_FILE = "This is another kind of file than its name says: check where it came from"

# Called as `report(path)` when a file is begun, and as `report(done, total)` as work goes on.
Report = Callable[..., None]


class SourceError(ValueError):
    """A source file is missing, is not what its name says, or holds values that cannot be right.

    The message names the file, the key inside it, what was found there and how to mend it.
    """

    @property
    def mistakes(self) -> list[str]:
        """The lines of the message, which the command line prints as they are."""
        return str(self).splitlines()

    @classmethod
    def at(cls, path: Path, key: str | None = None, *, found: str, mend: str) -> "SourceError":
        """`<file>, key '<key>': <found>. <mend>.`, on one line whatever the file holds."""
        place = str(path) if key is None else f"{path}, key {key[:120]!r}"
        found = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in found[:300])
        return cls(f"{place}: {found}. {mend}.")

    @classmethod
    def unreadable(
        cls, path: Path, form: str, error: Exception, mend: str, key: str | None = None
    ) -> "SourceError":
        """The error about a file that a library cannot read as this form (HDF5, CSV, ...)."""
        text = (str(error).splitlines() or [type(error).__name__])[0][:200]
        return cls.at(path, key, found=f"not readable as {form} ({text})", mend=mend)


class MissingFiles(SourceError):
    """The folder lacks files that a build needs; the message names every file wanted.

    `readable` are the files that are there, if `verify` can report on them although they are not
    enough for a build.
    """

    def __init__(self, message: str, readable: Mapping[str, Path] | None = None) -> None:
        super().__init__(message)
        self.readable = readable or {}


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled segment: T >= 1 aligned steps (words or sentences) and one label; or, for a task
    `per_step`, T steps with a label each, at least one of them known."""

    id: str  # unique in the data set; `<split>-<row>` where the source names none
    # Modality -> `(T, F)` float32. A row of zeros is a step for which the modality has nothing.
    features: Mapping[str, np.ndarray]
    # A class, a score, or one score per label column. Per step: `(T,)` int64, -1 where a step has
    # no class, or `(T, C)` float32, a row of NaN where it has no scores.
    label: np.ndarray | float | int
    # The recording, whose segments must not be spread over splits or folds; by default the id.
    video_id: str = ""
    words: Sequence[str] | None = None  # T of them, or None where the source has none
    intervals: np.ndarray | None = None  # `(T, 2)` start and end of each step in seconds
    extra: Mapping[str, Any] = field(default_factory=dict)  # values that only this data set has

    def __post_init__(self) -> None:
        if not self.video_id:
            object.__setattr__(self, "video_id", self.id)

    @property
    def num_steps(self) -> int:
        return len(next(iter(self.features.values())))

    @property
    def labelled(self) -> np.ndarray:
        """`(T,)` bool: which steps have a label, where each step has one of its own."""
        label = np.asarray(self.label)
        return label >= 0 if label.ndim == 1 else ~np.isnan(label).any(axis=1)

    @property
    def present(self) -> dict[str, bool]:
        """Modality -> whether any of its values differs from zero."""
        return {name: bool(rows.any()) for name, rows in self.features.items()}


@dataclass(frozen=True)
class Dropped:
    """A labelled segment that does not become a sample."""

    id: str  # that the sample would have had
    video_id: str
    split: str  # empty where none is known
    reason: str  # a few words, such as "no word times"


# What a reader yields, one after the other: a split and a sample of it, a segment that was dropped,
# or a sentence about what was repaired, is absent, or looks wrong in the files.
Item = tuple[str, Sample] | Dropped | str


@dataclass(frozen=True, eq=False)
class Reading:
    """All samples of one copy of a data set, and what was left out of it."""

    splits: Mapping[str, Sequence[Sample]]  # only splits with samples
    dropped: Sequence[Dropped] = ()
    notes: Sequence[str] = ()  # sentences for people

    @classmethod
    def of(cls, items: Iterable[Item], files: Mapping[str, Path]) -> Self:
        """Gathers what a reader yields; the splits are in the order train, validation, test.

        A `SourceError` says which id is there twice, or which video has samples in two splits.
        """
        splits: dict[str, list[Sample]] = {split: [] for split in SPLITS}
        dropped: list[Dropped] = []
        notes: list[str] = []
        ids: set[str] = set()
        home: dict[str, str] = {}  # video -> split
        place = ", ".join(map(str, files.values()))
        for item in items:
            if isinstance(item, str):
                notes.append(item)
            elif isinstance(item, Dropped):
                dropped.append(item)
            else:
                split, sample = item
                splits.setdefault(split, []).append(sample)
                first = home.setdefault(sample.video_id, split)
                if first != split:
                    raise SourceError(
                        f"{place}: the video {sample.video_id[:80]!a} has segments in {first} and "
                        f"in {split} (there {sample.id[:80]!a}). Take the files from another copy, "
                        "or put each video in one split, so that a model is tested on new videos."
                    )
                if sample.id in ids:
                    raise SourceError(
                        f"{place}: the id {sample.id[:80]!a} is there twice, the second time in "
                        f"{split}. Take the files from another copy, or give each example its own."
                    )
                ids.add(sample.id)
        return cls({split: found for split, found in splits.items() if found}, dropped, notes)

    def describe(self, per_step: bool) -> dict[str, Any]:
        """Counts of what was found and left out, as plain JSON values.

        A split's `present` says how many examples have each modality. Of a task `per_step`, steps
        with and without a label are counted. `videos` has those of dropped segments too.
        """
        samples = [sample for rows in self.splits.values() for sample in rows]
        dropped = [dataclasses.asdict(each) for each in self.dropped]
        videos = {each.video_id for each in samples} | {each.pop("video_id") for each in dropped}
        modalities = list(samples[0].features) if samples else []
        splits = {}
        for split, rows in self.splits.items():
            splits[split] = {
                "examples": len(rows),
                "videos": len({sample.video_id for sample in rows}),
                "dropped": sum(each["split"] == split for each in dropped),
                "present": {name: sum(each.present[name] for each in rows) for name in modalities},
            }
            if per_step:
                labelled = np.concatenate([sample.labelled for sample in rows])
                splits[split]["labelled_steps"] = int(labelled.sum())
                splits[split]["unlabelled_steps"] = int((~labelled).sum())
        not_finite = {
            name: int(sum(np.count_nonzero(~np.isfinite(each.features[name])) for each in samples))
            for name in modalities
        }
        steps = [sample.num_steps for sample in samples] or [0]
        middle = float(np.median(steps))
        return {
            "splits": splits,
            "not_finite": not_finite,
            "videos": len(videos),
            "steps": {"shortest": min(steps), "median": middle, "longest": max(steps)},
            "with_words": sum(sample.words is not None for sample in samples),
            "dropped": dropped,
            "notes": list(self.notes),
        }

    def fingerprint(self, options: Mapping[str, str]) -> str:
        """SHA-256 over options that are not defaults, then split, id and label of each example.

        Runs record it, so that no model is evaluated by mistake on other data than it was trained
        on.
        """
        digest = hashlib.sha256()
        if options:
            digest.update(json.dumps(dict(options), sort_keys=True).encode())
        for split, samples in self.splits.items():
            for sample in samples:
                label = np.asarray(sample.label, "<f8").tobytes()
                digest.update(f"{split}\0{sample.id}\0".encode() + label)
        return digest.hexdigest()


class Source(ABC):
    """Finds and reads the files of one kind of copy; a frozen dataclass of what they must hold."""

    # Name of a field that users may set -> the values it takes, the default first.
    OPTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    # Modality -> F, its number of features in a sample, in the order of the modalities everywhere.
    widths: Mapping[str, int]

    @abstractmethod
    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """File name -> path of the files in a user's folder, or `MissingFiles`."""

    @abstractmethod
    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """Yields all samples of the files that `find` gave; a SourceError where one is wrong."""

    def fits(self, files: Mapping[str, Path], report: Report) -> bool:
        """Whether the files that `find` gave are of this data set, as far as a quick look tells:
        several data sets use the same file names. A SourceError where a file is broken."""
        return True

    def lacks(self, files: Mapping[str, Path]) -> Sequence[str]:
        """Names of files that would be taken too, but are not among those that `find` gave."""
        return ()

    def with_options(self, options: Mapping[str, str]) -> Self:
        """The same source with options set; a ValueError where there is no such option or value."""
        for name, value in options.items():
            if name not in self.OPTIONS:
                raise ValueError(unknown_name("option", name, self.OPTIONS or ["none"]))
            if value not in self.OPTIONS[name]:
                raise ValueError(unknown_name(name, value, self.OPTIONS[name]))
        return dataclasses.replace(self, **options)  # type: ignore[type-var]

    def changed_options(self) -> dict[str, str]:
        """The options that are not at their defaults."""
        values = {name: getattr(self, name) for name in self.OPTIONS}
        return {name: value for name, value in values.items() if value != self.OPTIONS[name][0]}


def find_folder(folder: str | Path | None, needs: str = "") -> Path:
    """The user's folder, or MissingFiles where there is none; `needs` says what it must hold."""
    wanted = f": it must hold {needs}" if needs else ""
    if folder is None:
        named = "--manual-dir, in Python manual_dir"
        raise MissingFiles(f"Name the folder with the source files ({named}){wanted}.")
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "does not exist"
        raise MissingFiles(f"The folder with the source files, {folder}, {state}{wanted}.")
    return folder


def find_files(
    folder: str | Path | None, names: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Path]:
    """File name -> path of all `names`, and of those `optional` ones that the folder holds.

    MissingFiles where it lacks one of `names`.
    """
    needs = ", ".join(names) + (f" (and may hold {', '.join(optional)})" if optional else "")
    folder = find_folder(folder, needs)
    present = {name: folder / name for name in (*names, *optional) if (folder / name).is_file()}
    lacks = [name for name in names if name not in present]
    if lacks:
        said = f"lacks {', '.join(lacks)}: it must hold" if present else "must hold"
        raise MissingFiles(f"{folder} {said} {needs}.")
    return present


def hash_files(files: Mapping[str, Path]) -> dict[str, str]:
    """File name -> SHA-256 of the file's bytes in hexadecimal, in the same order."""
    hashes = {}
    for name, path in files.items():
        with path.open("rb") as stream:
            hashes[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashes
