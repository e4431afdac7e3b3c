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

TEMPORARY_PREFIX = ".exporting-"

_NAME_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def published_versions(directory: str | os.PathLike[str]) -> list[int]:
    """The version numbers in a model folder, ascending; empty where there is no such folder.

    Every entry whose name is a whole number counts, so that no name is ever given twice.
    """
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def publish(directory: str | os.PathLike[str], write: Callable[[Path], None]) -> Path:
    """Let `write` fill a new version of the model folder `directory`, and make it visible.

    `write` gets an empty folder inside `directory` whose name TensorFlow Serving ignores. When it
    returns, every file is flushed to the disk and the folder is renamed to the number after the
    highest one there. Publishers may race, as threads, processes or machines on one file system:
    the rename is atomic and fails on a name that is taken, and the loser takes the next.

    Args:
        directory: The model folder; made, with its parents, where it is missing.
        write: Fills the folder it is given.

    Returns:
        The published folder, `directory/<version>`.

    Raises:
        OSError: `directory` cannot be made or written. This, and whatever `write` raises, leaves
            the model folder as it was (a killed process leaves its unserved temporary folder).
    """
    directory = Path(directory)
    made: list[Path] = []
    temporary = directory / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
    try:
        with _naming(directory):
            _make_folders(directory, made)
            temporary.mkdir()
        write(temporary)
        with _naming(directory):
            _flush(temporary)
            return _rename_to_next_version(temporary, directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        with contextlib.suppress(OSError):  # another publisher may be at work in them by now
            for folder in reversed(made):
                folder.rmdir()
        raise


@contextlib.contextmanager
def _naming(directory: Path) -> Iterator[None]:
    """Let an OSError say which model folder could not be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot publish a version in {directory}: {reason}") from error


def _make_folders(directory: Path, made: list[Path]) -> None:
    """Make `directory` and its missing parents, adding each to `made`, outermost first."""
    missing = [folder for folder in [directory, *directory.parents] if not folder.exists()]
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):  # made by another publisher since
            folder.mkdir()
            made.append(folder)


def _flush(folder: Path) -> None:
    """Flush every file below `folder`, and the folders that name them, to the disk."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            _flush_one(Path(path, name))
        _flush_one(Path(path))


def _flush_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot flush a folder; they order its entries themselves.
        if not (path.is_dir() and error.errno in {errno.EINVAL, errno.ENOTSUP}):
            raise
    finally:
        os.close(handle)


def _rename_to_next_version(temporary: Path, directory: Path) -> Path:
    version = max(published_versions(directory), default=0) + 1
    while True:
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
                _flush_one(directory)
            return target
