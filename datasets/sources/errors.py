"""The errors that broken and missing source files give."""

from collections.abc import Mapping
from pathlib import Path


class SourceError(ValueError):
    """A source file is missing, is not what its name says, or holds what cannot be right.

    The message names the file, the key inside it, what was found there and how to mend it.
    """

    @classmethod
    def at(cls, path: Path, key: str | None = None, *, found: str, mend: str) -> "SourceError":
        """`<file>, key '<key>': <found>. <mend>.`, for errors about one place in one file."""
        place = str(path) if key is None else f"{path}, key {key!r}"
        return cls(f"{place}: {found}. {mend}.")


class MissingFiles(SourceError):
    """The folder lacks files that a build needs.

    Args:
        message: which, and every file wanted.
        needs: every file wanted, in few words.
        lacks: those that are missing, where others are there.
        found: file name -> path of those that are there.
        readable: whether those are enough to be read, though not to build from.
    """

    def __init__(
        self,
        message: str,
        needs: str = "",
        lacks: str = "",
        found: Mapping[str, Path] | None = None,
        readable: bool = False,
    ) -> None:
        super().__init__(message)
        self.needs, self.lacks = needs, lacks
        self.found = dict(found or {})
        self.readable = readable
