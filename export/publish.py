"""Publishing a version: all of it appears at once, or nothing does.

A model folder holds one folder a version, named by a whole number; TensorFlow Serving watches it
and serves the highest. It takes a version the moment the name exists, so the files are written
under a name that is no number, flushed to the disk, and then renamed in one step.
"""

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from rmfn_tf.export.flushing import flush, flush_one
from rmfn_tf.export.removal import remove, remove_leftovers, too_old
from rmfn_tf.export.versions import TEMPORARY_PREFIX, published_versions, withdrawn_versions

_NAME_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def publish(
    directory: str | os.PathLike[str],
    write: Callable[[Path], None],
    *,
    keep: int | None = None,
) -> Path:
    """Let `write` fill a new version of the model folder `directory`, and make it visible.

    `write` gets an empty folder inside `directory` whose name TensorFlow Serving ignores. When it
    returns, every file is flushed to the disk and the folder is renamed to the number after the
    highest one there, withdrawn ones included. Publishers may race, as threads, processes or
    machines on one file system: the rename is atomic and fails on a name that is taken, and the
    loser takes the next.

    What killed publishers have left in `directory` is deleted once it is a day old.

    Args:
        directory: The model folder; made, with its parents, where it is missing.
        write: Fills the folder it is given.
        keep: Once published, older versions are removed until this many are left, the new one
            counted (`rmfn_tf.export.removal`). None removes none.

    Returns:
        The published folder, `directory/<version>`.

    Raises:
        ValueError: `keep` is below 1.
        OSError: `directory` cannot be made or written. This, and whatever `write` raises, leaves
            the model folder as it was (a killed process leaves its unserved temporary folder).
            Or the version is published but an older one could not be removed; it says which.
    """
    if keep is not None and keep < 1:
        raise ValueError(f"`keep` must be 1 or more versions, or None for all; got {keep}.")
    version = _publish(Path(directory), write)
    if keep is not None:
        for folder in too_old(version, keep):
            with _explaining(f"published {version}, but cannot remove {folder}"):
                remove(folder)
    return version


def _publish(directory: Path, write: Callable[[Path], None]) -> Path:
    made: list[Path] = []
    temporary = directory / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
    failure = f"cannot publish a version in {directory}"
    try:
        with _explaining(failure):
            _make_folders(directory, made)
            temporary.mkdir()
            remove_leftovers(directory, now=temporary.stat().st_mtime)
        write(temporary)
        with _explaining(failure):
            flush(temporary)
            return _rename_to_next_version(temporary, directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        with contextlib.suppress(OSError):  # another publisher may be at work in them by now
            for folder in reversed(made):
                folder.rmdir()
        raise


@contextlib.contextmanager
def _explaining(failure: str) -> Iterator[None]:
    """Let an OSError say what could not be done, and in which model folder."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"{failure}: {reason}") from error


def _make_folders(directory: Path, made: list[Path]) -> None:
    """Make `directory` and its missing parents, adding each to `made`, outermost first."""
    missing = [folder for folder in [directory, *directory.parents] if not folder.exists()]
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # made by another publisher since
            folder.mkdir()
            made.append(folder)


def _rename_to_next_version(temporary: Path, directory: Path) -> Path:
    taken = [*published_versions(directory), *withdrawn_versions(directory)]
    version = max(taken, default=0) + 1
    while True:
        if version in withdrawn_versions(directory):  # published and withdrawn since
            version += 1
            continue
        target = directory / str(version)
        try:
            temporary.rename(target)
        except OSError as error:
            if error.errno not in _NAME_TAKEN:
                raise
            version += 1
        else:
            # The version is public from here on: a failure to flush its name cannot undo that.
            with contextlib.suppress(OSError):
                flush_one(directory)
            return target
