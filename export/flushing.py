"""Making files and their names last through a power cut."""

import errno
import os
from pathlib import Path


def flush(folder: Path) -> None:
    """Flush every file below `folder`, and the folders that name them, to the disk."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            flush_one(Path(path, name))
        flush_one(Path(path))


def flush_one(path: Path) -> None:
    """Flush one file, or the names in one folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot flush a folder; they order its entries themselves.
        if not (path.is_dir() and error.errno in {errno.EINVAL, errno.ENOTSUP}):
            raise
    finally:
        os.close(handle)
