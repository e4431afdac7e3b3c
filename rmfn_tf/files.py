"""Files of a run: each is there whole or not at all, and a run has one writer."""

import contextlib
import csv
import fcntl
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

LOCK = ".lock"  # in every folder that has one writer at a time


def replace_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Makes or replaces a file in one step, so that no kill or full disk leaves half of it.

    Args:
        path: the file.
        write: called with the path of a new file beside it, of the same suffix, to be written.

    Raises:
        OSError: it could not be written; what was there before still is.
    """
    partial = path.with_name(f".partial-{path.name}")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`replace_file` with text."""
    replace_file(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """`replace_file` with JSON."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file; ValueError that names it where it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: it is not JSON ({error}).") from error


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """`replace_file` with a CSV whose columns are the first row's keys."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def absolute(folder: Any) -> str:
    """A path that still holds in another working folder; the address of a bucket is absolute."""
    return str(folder) if "://" in str(folder) else os.path.abspath(folder)


class FolderInUse(ValueError):
    """Another process holds a folder."""


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Holds a folder for this process; the system lets go of it however the process ends.

    What is locked is the file `.lock` in it, opened for writing, since NFS locks nothing else. It
    is left there: were it removed, two processes could each hold a file of that name.

    Raises:
        FolderInUse: another process holds it.
    """
    path = folder / LOCK
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Not a file that went with its folder while this waited to be the next.
            is_held = os.path.samestat(os.fstat(handle), path.stat())
        except (BlockingIOError, FileNotFoundError):
            is_held = False
        if not is_held:
            raise FolderInUse(
                f"{folder} is in use by another process; wait for it to end, or stop it."
            )
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
