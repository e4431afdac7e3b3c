"""The names in a model folder: versions, and what TensorFlow Serving does not see."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

TEMPORARY_PREFIX = ".exporting-"
REMOVED_PREFIX = ".removing-"
WITHDRAWN_PREFIX = ".withdrawn-"

_VERSION = re.compile(r"[0-9]+")
_WITHDRAWN = re.compile(re.escape(WITHDRAWN_PREFIX) + r"([0-9]+)")


def published_versions(directory: str | os.PathLike[str]) -> list[int]:
    """The version numbers in a model folder, ascending; empty where there is no such folder.

    Every entry whose name is a whole number counts, so that no name is ever given twice.
    """
    return sorted(int(name) for name in _names(directory) if _VERSION.fullmatch(name))


def withdrawn_versions(directory: str | os.PathLike[str]) -> list[int]:
    """The numbers of the versions that `rmfn rollback` has withdrawn, ascending."""
    found = (_WITHDRAWN.fullmatch(name) for name in _names(directory))
    return sorted(int(match[1]) for match in found if match)


def version_folders(directory: Path) -> Iterator[tuple[int, Path]]:
    """Number and folder of every version, in no order.

    A link or a file with a number for its name is none: publishing makes folders only, and what
    somebody else put there is theirs.
    """
    for name in _names(directory):
        path = directory / name
        if _VERSION.fullmatch(name) and path.is_dir() and not path.is_symlink():
            yield int(name), path


def _names(directory: str | os.PathLike[str]) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []
