"""What a user says of their own data, in the file data.toml beside them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data.mistakes import description_mistakes
from rmfn_tf.task import Task

FILE_NAME = "data.toml"
_MAX_BYTES = 2**16


@dataclass(frozen=True)
class DataDescription:
    """The name, the arrays and the task of a data set of one's own.

    Args:
        name: of the config: `custom/<name>`.
        modalities: names of the feature arrays, in the order that they have everywhere.
        task: what the labels are.
        description: one line about the data; may be empty.
    """

    name: str
    modalities: tuple[str, ...]
    task: Task
    description: str = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads data.toml.

        Raises:
            SourceError: no such file, no TOML, or mistakes in it; all of them are named.
        """
        values = _read_toml(path)
        mistakes = description_mistakes(values)
        if mistakes:
            raise SourceError("\n".join(f"{path}, {mistake}" for mistake in mistakes))
        return cls(
            name=values["name"],
            modalities=tuple(values["modalities"]),
            task=Task.from_json(values["task"]),
            description=values.get("description", ""),
        )

    @classmethod
    def of_build(cls, name: str, metadata: Mapping[str, Any]) -> Self:
        """What a build of the data keeps of it (`builder.info.metadata`)."""
        return cls(
            name=name,
            modalities=tuple(metadata["modalities"]),
            task=Task.from_json(metadata["task"]),
            description=metadata["description"],
        )


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        mend = "`rmfn data template` writes one that can be changed"
        raise SourceError.at(path, found="no such file", mend=mend)
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        found = f"more than {_MAX_BYTES:,} bytes"
        raise SourceError.at(path, found=found, mend="A description has a few lines")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))  # Windows' editors write the mark
    except (ValueError, RecursionError) as error:
        found = f"not valid TOML: {(str(error).splitlines() or [''])[0][:200]}"
        raise SourceError.at(path, found=found, mend="See https://toml.io") from error
