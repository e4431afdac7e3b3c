"""Publishing a version: all of it appears at once, or nothing does.

A model folder holds one folder a version, named by a whole number; TensorFlow Serving watches it
and serves the highest. It takes a version the moment the name exists, so the files are written
under a name that is not a number, flushed to the disk, and then renamed in one step. To remove a
version, its folder is first renamed to a name that is not a number, and then deleted.
"""

import contextlib
import errno
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from rmfn_tf.files import sync_folder

_NAME_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def published_versions(directory: str | os.PathLike[str]) -> list[int]:
    """The version numbers in a model folder, ascending; empty where there is no such folder.

    Every entry whose name is a whole number counts, so that no name is ever given twice.
    """
    names = os.listdir(directory) if os.path.isdir(directory) else []
    return sorted(int(name) for name in names if re.fullmatch("[0-9]+", name))


def publish(
    directory: str | os.PathLike[str],
    write: Callable[[Path], None],
    *,
    keep: int | None = None,
) -> Path:
    """Let `write` fill a new version of the model folder `directory`, and make it visible.

    Several threads, processes or machines may publish at once: the rename is atomic and fails if
    the name is taken, and then the next number is tried. A publisher that is killed leaves a folder
    `.exporting-...` or `.removing-...` behind, which no server looks at.

    Args:
        directory: The model folder; made, with its parents, where it is missing.
        write: Fills the empty folder that it is given.
        keep: Once the version is published, the oldest ones are removed until this many are left,
            the new one counted. Newer versions, links and files stay. None removes nothing.

    Returns:
        The published folder, `directory/<version>`.

    Raises:
        ValueError: `keep` is below 1.
        OSError: `directory` cannot be made or written. This, and whatever `write` raises, leaves
            the versions as they were. Or the version is published but an older one could not be
            removed; the message says which.
    """
    if keep is not None and keep < 1:
        raise ValueError(f"`keep` must be 1 or more versions, or None for all; got {keep}.")
    directory = Path(directory)
    is_new = not directory.exists()
    hidden = directory / f".exporting-{uuid.uuid4().hex}"
    try:
        with _explaining(f"cannot publish a version in {directory}"):
            hidden.mkdir(parents=True)
            write(hidden)
            for folder, _, names in os.walk(hidden, topdown=False):
                for name in names:
                    with Path(folder, name).open("rb") as file:
                        os.fsync(file.fileno())
                sync_folder(Path(folder))
            version = _rename_to_next_version(hidden, directory)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        if is_new:
            with contextlib.suppress(OSError):  # another publisher was faster
                directory.rmdir()
        raise
    if keep is not None:
        older = [
            directory / str(number)
            for number in published_versions(directory)
            if number < int(version.name)
        ]
        older = [path for path in older if path.is_dir() and not path.is_symlink()]
        for path in older[: max(len(older) - keep + 1, 0)]:
            hidden = path.with_name(f".removing-{uuid.uuid4().hex}")
            with (
                _explaining(f"published {version}, but cannot remove {path}"),
                contextlib.suppress(FileNotFoundError),  # another publisher was faster
            ):
                path.rename(hidden)
                shutil.rmtree(hidden)
    return version


def _rename_to_next_version(hidden: Path, directory: Path) -> Path:
    number = max(published_versions(directory), default=0) + 1
    while True:
        version = directory / str(number)
        try:
            hidden.rename(version)
        except OSError as error:
            if error.errno not in _NAME_TAKEN:
                raise
            number += 1
        else:
            sync_folder(directory)
            return version


@contextlib.contextmanager
def _explaining(failure: str) -> Iterator[None]:
    """Put before the message of an OSError what could not be done, and where."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, f"{failure}: {reason}") from error
