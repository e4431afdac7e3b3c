"""What a builder needs of the reader of one kind of copy."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Self

from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.names import did_you_mean

OnProgress = Callable[[int, int], None]


class Source(ABC):
    """Finds and reads the files of one kind of copy; a frozen dataclass of what they must be.

    Attributes:
        OPTIONS: name of a field that users may set -> the values it takes, the default first.
    """

    OPTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @abstractmethod
    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The files in a user's folder, by name.

        Raises:
            MissingFiles: any is missing; the message names every file wanted.
        """

    @abstractmethod
    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All samples.

        Args:
            files: what `find` gave.
            on_progress: called as `on_progress(done, total)` where reading takes long.

        Raises:
            SourceError: a file cannot be right.
        """

    def fits(self, files: Mapping[str, Path]) -> bool:
        """Whether files of these names are of this data set, by what can be seen at a glance.

        Data sets share names of files. Where a glance does not tell, it is True.

        Args:
            files: what `find` gave.

        Raises:
            SourceError: a file cannot be right.
        """
        return True

    def with_options(self, options: Mapping[str, str]) -> Self:
        """The same source with options set.

        Raises:
            ValueError: no such option, or not one of its values.
        """
        for name, value in options.items():
            if name not in self.OPTIONS:
                known = ", ".join(self.OPTIONS) or "none"
                raise ValueError(
                    f"Unknown option {name!r}.{did_you_mean(name, self.OPTIONS)} Options that "
                    f"these files have: {known}."
                )
            if value not in self.OPTIONS[name]:
                raise ValueError(
                    f"Option {name} must be one of {', '.join(self.OPTIONS[name])}; got {value!r}."
                )
        return dataclasses.replace(self, **options)  # type: ignore[type-var]

    def changed_options(self) -> dict[str, str]:
        """The options that are not at their defaults."""
        values = {name: getattr(self, name) for name in self.OPTIONS}
        return {name: value for name, value in values.items() if value != self.OPTIONS[name][0]}
