"""Which kind of copy lies in a folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rmfn_tf.datasets.sources.errors import MissingFiles, SourceError
from rmfn_tf.datasets.sources.source import Source

_FILES_SHOWN = 3


@dataclass(frozen=True)
class Detected:
    """What a folder holds.

    Args:
        name: the config that reads it.
        why: one line: which files say so, and what else they would do for.
    """

    name: str
    why: str


def detect(
    folder: str | Path,
    sources: Mapping[str, Source],
    terms: str = "",
    partly: bool = False,
) -> Detected:
    """Looks into a folder for files that one of the sources reads.

    Args:
        folder: the user's.
        sources: config -> what reads it, the one to be preferred first.
        terms: where people get the files and on what terms, for the error.
        partly: also take files that can be read but are too few to build from.

    Raises:
        NothingFits: none of the sources finds its files; says of each which files it lacks.
    """
    found: dict[str, Mapping[str, Path]] = {}
    lacking: dict[str, MissingFiles] = {}
    for name, source in sources.items():
        try:
            found[name] = source.find(folder)
        except MissingFiles as error:
            lacking[name] = error
    if partly and not found:
        found = {name: error.found for name, error in lacking.items() if error.readable}
    if not found:
        raise NothingFits(folder, lacking, terms)
    # Where no widths are right, reading says what is wrong with them.
    fitting = [name for name in found if _fits(sources[name], found[name])] or list(found)
    first, *others = fitting
    return Detected(first, _reason(folder, first, list(found[first]), others))


class NothingFits(MissingFiles):
    """No source finds its files in a folder.

    Args:
        folder: the user's.
        lacking: config -> what it lacks.
        terms: where people get the files and on what terms.

    Attributes:
        mistakes: the lines of the message.
    """

    def __init__(self, folder: str | Path, lacking: Mapping[str, MissingFiles], terms: str) -> None:
        alike: dict[str, list[str]] = {}
        for name, error in lacking.items():
            there = f". All of this is there but {error.lacks}" if error.lacks else ""
            alike.setdefault(f"{error.needs}{there}.", []).append(name)
        needs = [f"- {', '.join(names)}: {text}" for text, names in alike.items()]
        self.mistakes = [f"{folder} holds nothing that can be built from. It needs, for", *needs]
        self.mistakes += [terms] if terms else []
        super().__init__("\n".join(self.mistakes))


def _fits(source: Source, files: Mapping[str, Path]) -> bool:
    try:
        return source.fits(files)
    except SourceError:
        return True  # a broken file of the right name: reading it says so


def _reason(folder: str | Path, name: str, files: list[str], others: list[str]) -> str:
    shown = ", ".join(files[:_FILES_SHOWN])
    if len(files) > _FILES_SHOWN:
        shown += f" and {len(files) - _FILES_SHOWN} more"
    also = f" (they do for {', '.join(others)} too)" if others else ""
    return f"{name}, since {folder} holds {shown}{also}"
