"""The members of an NPZ file, which is a zip archive, before any of them is read."""

import contextlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rmfn_tf.datasets.sources.errors import SourceError

MAX_ARRAY_BYTES = 2**30
MAX_FILE_BYTES = 2**31  # of all arrays of a file together
MAX_ARRAYS = 64
SAVE_AGAIN = "Write it with numpy.savez or numpy.savez_compressed"
COPY_AGAIN = "The file is cut off or damaged: copy or write it afresh"
_FEWER = "Spread the examples over several files"
_NAME = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)\.npy")
_MOST_INFLATED = {  # method that NumPy writes -> bytes that one byte in the file can stand for
    zipfile.ZIP_STORED: 1,
    zipfile.ZIP_DEFLATED: 1032,
}
_ENCRYPTED = 0x1 | 0x40
_LOCAL_HEADER = 30  # bytes, before the name
_MOST_AT_ONCE = 2**20


@dataclass(frozen=True, eq=False)
class Member:
    """One `<name>.npy` of an archive that is open.

    Args:
        archive: the archive.
        info: what its directory says.
    """

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def size(self) -> int:
        """Bytes when unpacked, as the directory declares them."""
        return self.info.file_size

    def open(self) -> IO[bytes]:
        """The unpacked bytes: never more than `size`, and a wrong sum is an error at the end."""
        return self.archive.open(self.info)


@contextlib.contextmanager
def open_members(path: Path) -> Iterator[dict[str, Member]]:
    """Opens an NPZ file and checks its directory.

    Args:
        path: the file: at most `MAX_ARRAYS` members that are called `<name>.npy`, each of at most
            `MAX_ARRAY_BYTES` and all of at most `MAX_FILE_BYTES`, stored or deflated.

    Yields:
        name -> member, in the order of the file.

    Raises:
        SourceError: it is not such a file, or members share bytes or declare more than their
            bytes can hold.
    """
    if not path.is_file():
        raise SourceError.at(path, found="no such file", mend="Put the file there")
    with contextlib.ExitStack() as stack:
        with damage_as_source_error(path):
            file = stack.enter_context(_ShortReads(io.FileIO(path)))
            archive = stack.enter_context(zipfile.ZipFile(file))
        members = _by_name(path, archive)
        for name, member in members.items():
            _check_member(path, name, member.info)
        _check_room(path, archive.start_dir, members)
        yield members


@contextlib.contextmanager
def damage_as_source_error(path: Path, name: str | None = None) -> Iterator[None]:
    """What `zipfile` and `zlib` raise over damaged bytes becomes a SourceError."""
    try:
        yield
    except SourceError:
        raise
    except (
        # zipfile documents the first alone; the others come of offsets, names and streams.
        *(zipfile.BadZipFile, struct.error, zlib.error),
        *(ArithmeticError, EOFError, OSError, RuntimeError, ValueError),
    ) as error:
        what = "damaged" if name else "not readable as the zip archive that an NPZ is"
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SourceError.at(path, name, found=f"{what} ({reason})", mend=COPY_AGAIN) from error


class _ShortReads(io.BufferedReader):
    """A file of which little is read at once.

    `ZipFile` takes its whole directory into memory, however long, before one can look at it.
    """

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _MOST_AT_ONCE:
            raise zipfile.BadZipFile(f"a directory of {size:,} bytes")
        return super().read(size)


def _by_name(path: Path, archive: zipfile.ZipFile) -> dict[str, Member]:
    listed = archive.infolist()
    if len(listed) > MAX_ARRAYS:
        found = f"{len(listed)} arrays"
        raise SourceError.at(path, found=found, mend=f"At most {MAX_ARRAYS} are read")
    members: dict[str, Member] = {}
    for info in listed:
        match = _NAME.fullmatch(info.filename)
        if match is None:
            found = f"a member called {info.filename[:80]!a}, which is no <name>.npy"
            raise SourceError.at(path, found=found, mend=SAVE_AGAIN)
        if match[1] in members:
            raise SourceError.at(path, match[1], found="there twice", mend=SAVE_AGAIN)
        members[match[1]] = Member(archive, info)
    return members


def _check_member(path: Path, name: str, info: zipfile.ZipInfo) -> None:
    most_inflated = _MOST_INFLATED.get(info.compress_type)
    if info.flag_bits & _ENCRYPTED:
        raise SourceError.at(path, name, found="encrypted", mend=SAVE_AGAIN)
    if most_inflated is None:
        found = f"compressed by method {info.compress_type}"
        raise SourceError.at(path, name, found=found, mend=SAVE_AGAIN)
    if info.file_size > MAX_ARRAY_BYTES:
        found = f"{info.file_size:,} bytes, and at most {MAX_ARRAY_BYTES:,} are read"
        raise SourceError.at(path, name, found=found, mend=_FEWER)
    if info.file_size > info.compress_size * most_inflated:
        found = (
            f"{info.file_size:,} bytes declared, which its {info.compress_size:,} bytes in the "
            "file cannot hold"
        )
        raise SourceError.at(path, name, found=found, mend=COPY_AGAIN)


def _check_room(path: Path, end: int, members: Mapping[str, Member]) -> None:
    """Members that share bytes could unpack to far more than the file can hold."""
    total = sum(member.size for member in members.values())
    if total > MAX_FILE_BYTES:
        found = f"{total:,} bytes of arrays, and at most {MAX_FILE_BYTES:,} are read"
        raise SourceError.at(path, found=found, mend=_FEWER)
    last_first = sorted(members, key=lambda name: members[name].info.header_offset, reverse=True)
    for name in last_first:
        info = members[name].info
        if info.header_offset + _LOCAL_HEADER + len(name) + info.compress_size > end:
            found = "shares bytes with what comes after it"
            raise SourceError.at(path, name, found=found, mend=COPY_AGAIN)
        end = info.header_offset
