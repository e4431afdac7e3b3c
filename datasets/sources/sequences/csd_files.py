"""Which of CMU-MOSI's computational sequences a folder holds.

The SDK saved them under the names they had on the server, or under its own short keys; the names
on the server changed over the years in nothing but `_` and `.`, and so those do not count here.
"""

from collections.abc import Mapping
from pathlib import Path

from rmfn_tf.datasets.sources.errors import MissingFiles, SourceError
from rmfn_tf.datasets.sources.files import find_folder

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
FEATURES = ("language", "acoustic", "visual")
WANTED = (
    f"{NAMES['labels'][0]}.csd, the times of the words from {NAMES['words'][0]}.csd or "
    f"{NAMES['language'][0]}.csd, and features from at least one of "
    f"{', '.join(f'{NAMES[part][0]}.csd ({part})' for part in FEATURES)}"
)


def find_csds(folder: str | Path | None) -> dict[str, Path]:
    """The sequences in a folder, by part: `labels`, `words`, and the modalities.

    Raises:
        MissingFiles: there are not enough to build from. It is `readable` where there are labels
            and word times, but no features.
        SourceError: two files are the same part.
    """
    folder = find_folder(folder, WANTED)
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.csd")):
        part = part_of(path.name)
        if part in found:
            raise SourceError(
                f"{folder} holds {found[part].name} and {path.name}, which are both the {part}: "
                "leave one of them."
            )
        if part:
            found[part] = path
    found = {part: found[part] for part in NAMES if part in found}
    lacks = _lacks(found)
    if lacks:
        readable = "labels" in found and ("words" in found or "language" in found)
        raise MissingFiles(
            f"{folder} lacks {' and '.join(lacks)}. CMU-MOSI is built from {WANTED}.",
            WANTED,
            " and ".join(lacks) if found else "",
            {path.name: path for path in found.values()},
            readable,
        )
    return found


def by_part(files: Mapping[str, Path]) -> dict[str, Path]:
    """`{file name: path}` -> `{part: path}`."""
    return {part: path for name, path in files.items() if (part := part_of(name))}


def part_of(file_name: str) -> str:
    """The part that a file of this name is; empty where it is none."""
    plain = _plain(file_name.removesuffix(".csd"))
    return next((part for part, names in NAMES.items() if plain in map(_plain, names)), "")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _lacks(found: Mapping[str, Path]) -> list[str]:
    lacks = []
    if "labels" not in found:
        lacks.append(f"{NAMES['labels'][0]}.csd")
    if "words" not in found and "language" not in found:
        lacks.append("word times")
    if not any(part in found for part in FEATURES):
        lacks.append(
            "features of any modality ("
            + ", ".join(f"{NAMES[part][0]}.csd" for part in FEATURES)
            + ")"
        )
    return lacks
