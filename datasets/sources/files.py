"""Which source files a folder holds, and their SHA-256."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from rmfn_tf.datasets.sources.errors import MissingFiles


def find_files(
    folder: str | Path | None, names: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Path]:
    """The source files of a folder, by name.

    Args:
        folder: where the user keeps the copy; None is an error that tells what to put there.
        names: files that must be there.
        optional: files that are taken where they are there.

    Returns:
        file name -> path, in the order of `names`, then of `optional`.

    Raises:
        MissingFiles: the folder, or any of `names`, is not there; every file wanted is named.
    """
    names, optional = list(names), list(optional)
    needs = ", ".join(names)
    if optional:
        needs += f" (and may hold {', '.join(optional)})"
    folder = find_folder(folder, needs)
    present = {name: folder / name for name in names + optional if (folder / name).is_file()}
    missing = [name for name in names if name not in present]
    if missing:
        lacks = ", ".join(missing)
        raise MissingFiles(
            f"{folder} lacks {lacks}: it must hold {needs}.",
            needs,
            lacks if present else "",
            present,
        )
    return present


def find_folder(folder: str | Path | None, needs: str = "") -> Path:
    """The user's folder.

    Args:
        folder: None is an error that tells what to put there.
        needs: what it must hold, in few words, for the message.

    Raises:
        MissingFiles: it is not there, or no folder.
    """
    wanted = f": it must hold {needs}" if needs else ""
    if folder is None:
        raise MissingFiles(f"Name the folder with the source files (manual_dir){wanted}.", needs)
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "does not exist"
        raise MissingFiles(f"The folder with the source files, {folder}, {state}{wanted}.", needs)
    return folder


def find_aligned(folder: str | Path | None, aligned: str, unaligned: str) -> dict[str, Path]:
    """The aligned one of two files, by name.

    Raises:
        MissingFiles: it is not there; where the unaligned one is, the message says why that one
            does not do.
    """
    try:
        return find_files(folder, [aligned])
    except MissingFiles as error:
        if folder is None or not (Path(folder).expanduser() / unaligned).is_file():
            raise
        raise MissingFiles(
            f"{error} {unaligned}, which is there, does not do: its modalities differ in length, "
            "so that its steps do not belong together.",
            error.needs,
            f"{aligned}; {unaligned} does not do, its modalities differ in length",
        ) from error


def hash_files(files: Mapping[str, Path]) -> dict[str, str]:
    """file name -> SHA-256 of the file's bytes in hexadecimal, in the same order."""
    hashes = {}
    for name, path in files.items():
        with path.open("rb") as stream:
            hashes[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashes
