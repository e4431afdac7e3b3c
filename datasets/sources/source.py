"""What a builder needs of a source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from rmfn_tf.datasets.sources.sample import Sample


class Source(Protocol):
    """One form in which a data set lies on users' disks: it finds the files, and reads them."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Of train, validation, test: those that it has."""

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The files in `folder`, by name; `SourceError` names every file where any is missing."""

    def read(self, files: Mapping[str, Path], split: str) -> list[Sample]:
        """The samples of one of `splits`, in the order of the files; `SourceError` where a file
        cannot be right.

        Args:
            files: what `find` gave.
            split: one of `splits`.
        """
