"""A file that gives no more than it holds."""

import pickle
from typing import BinaryIO

# The published pickles take under 100,000; a million empty sets would take 200 MB.
MAX_READS = 2**20


class BoundedStream:
    """The read side of a file, as an unpickler wants it, in bounded memory and time.

    A read of more bytes than are left fails before anything is allocated for it. Every
    instruction of a pickle takes a read, so the number of reads bounds the number of objects.

    Args:
        file: the file, at its beginning.
        size: its size in bytes.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size
        self._reads = 0

    def read(self, size: int) -> bytes:
        """Just `size` bytes; `UnpicklingError` where fewer are left."""
        self._count()
        if size > self._left:
            raise pickle.UnpicklingError(f"{size:,} bytes declared, {self._left:,} left")
        data = self._file.read(size)
        if len(data) < size:
            raise pickle.UnpicklingError("the file became shorter while it was read")
        self._left -= size
        return data

    def readline(self) -> bytes:
        """The bytes up to and with the next end of line; `UnpicklingError` where there is none."""
        self._count()
        line = self._file.readline(self._left)
        if not line.endswith(b"\n"):
            raise pickle.UnpicklingError("a line without an end")
        self._left -= len(line)
        return line

    def _count(self) -> None:
        self._reads += 1
        if self._reads > MAX_READS:
            raise pickle.UnpicklingError(f"more than {MAX_READS:,} steps")
