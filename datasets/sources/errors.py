"""The one kind of error that a broken or missing source file gives."""

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
