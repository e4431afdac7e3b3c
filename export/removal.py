"""Deleting folders of a model folder under the eyes of a server.

A version must not be seen half deleted, so it first gets a name that TensorFlow Serving ignores, in
one step; what a server has open by then it reads to its end. A kill leaves the rest under that
name, and a later publish deletes it.
"""

import contextlib
import os
import shutil
import uuid
from pathlib import Path

from rmfn_tf.export.versions import REMOVED_PREFIX, TEMPORARY_PREFIX, version_folders

LEFTOVER_AGE = 24 * 60 * 60  # seconds; no export and no removal is at work for so long


def too_old(version: Path, keep: int) -> list[Path]:
    """The versions beside `version` that are older than it, but for the `keep - 1` newest.

    Versions newer than `version`, as another publisher may just have made, are none of its
    business; nor are withdrawn ones, links, and files.

    Args:
        version: `directory/<number>`.
        keep: How many versions up to `version` there may be, 1 or more.

    Returns:
        Their folders, the oldest first.
    """
    newest = int(version.name)
    older = sorted(each for each in version_folders(version.parent) if each[0] < newest)
    return [folder for _, folder in older[: max(len(older) - keep + 1, 0)]]


def remove(folder: Path) -> None:
    """Delete a version; nothing where another process has done so.

    Raises:
        OSError: It could not be deleted. Where it could be renamed, a server sees it no longer.
    """
    hidden = folder.with_name(f"{REMOVED_PREFIX}{uuid.uuid4().hex}")
    with contextlib.suppress(FileNotFoundError):
        os.utime(folder)  # the age of a leftover counts from here, not from its export
        folder.rename(hidden)
        shutil.rmtree(hidden)


def remove_leftovers(directory: Path, now: float) -> None:
    """Delete what killed exports and removals have left, once it is a day old.

    Younger folders may belong to a process that is at work. What cannot be deleted stays: it is in
    nobody's way.

    Args:
        directory: The model folder.
        now: The time as its file system has it, in seconds; clocks of machines differ.
    """
    for prefix in (TEMPORARY_PREFIX, REMOVED_PREFIX):
        for folder in directory.glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                if now - folder.stat().st_mtime > LEFTOVER_AGE:
                    shutil.rmtree(folder)
