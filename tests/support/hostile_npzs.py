"""NPZ files that are broken, or made to do harm: one function a file.

Where a pickle in one would run something, it would make the file MARKER beside itself.
"""

import os
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

MARKER = "it_ran"
VALUES = np.arange(8.0)
_ENTRY = b"PK\x01\x02"
# Field of an entry of the directory -> where it lies in it, and its form.
_FIELDS = {"flags": (8, "<H"), "packed": (20, "<I"), "size": (24, "<I"), "at": (42, "<I")}


class Runs:
    """Pickles as a call that makes MARKER."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder / MARKER),)


def npy(
    descr: Any = "<f8", shape: Any = (8,), values: bytes = VALUES.tobytes(), header: str = ""
) -> bytes:
    """A .npy file of any header, true or not."""
    text = header or f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin-1") + values


def write_zip(path: Path, members: Any, method: int = zipfile.ZIP_STORED) -> None:
    """A zip archive of any names and bytes; `members` is a dict or a list of pairs."""
    pairs = list(members.items()) if isinstance(members, dict) else members
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in pairs:
            archive.writestr(name, content)


def patch(path: Path, entry: int, **fields: int) -> None:
    """Writes other values into an entry of the directory."""
    data = bytearray(path.read_bytes())
    start = -1
    for _ in range(entry + 1):
        start = data.index(_ENTRY, start + 1)
    for name, value in fields.items():
        place, form = _FIELDS[name]
        struct.pack_into(form, data, start + place, value)
    path.write_bytes(data)


def a_npy_file(path: Path) -> None:
    path.write_bytes(npy())


def nothing(path: Path) -> None:
    path.touch()


def cut_off(path: Path) -> None:
    np.savez(path, a=VALUES, b=VALUES)
    path.write_bytes(path.read_bytes()[:400])


def cut_off_in_front(path: Path) -> None:
    np.savez(path, a=VALUES, b=VALUES)
    path.write_bytes(path.read_bytes()[300:])


def a_changed_value(path: Path) -> None:
    np.savez(path, a=VALUES)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(VALUES.tobytes(), VALUES[::-1].tobytes()))


def a_changed_deflate_stream(path: Path) -> None:
    np.savez_compressed(path, a=np.arange(1000.0))
    data = bytearray(path.read_bytes())
    data[300:340] = b"\xff" * 40
    path.write_bytes(data)


def an_object_array(path: Path) -> None:
    np.savez(path, a=np.array([Runs(path.parent)], object))


def a_pickle_under_a_plain_header(path: Path) -> None:
    import pickle

    write_zip(path, {"a.npy": pickle.dumps(Runs(path.parent))})


def a_structured_array(path: Path) -> None:
    np.savez(path, a=np.zeros(3, [("x", "f8"), ("y", "i4")]))


def an_array_of_dates(path: Path) -> None:
    np.savez(path, a=np.zeros(3, "M8[s]"))


def text_of_no_width(path: Path) -> None:
    write_zip(path, {"a.npy": npy("<U0", (10**18,), b"")})


def a_negative_shape(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(-2, -4))})


def a_huge_shape(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(10**9,))})


def a_shape_beyond_integers(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(10**30,))})


def nothing_of_a_huge_shape(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(0, 2**62, 2**62), values=b"")})


def too_many_dimensions(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(1,) * 100, values=b"\0" * 8)})


def a_shape_of_other_size(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(7,))})


def a_long_header(path: Path) -> None:
    write_zip(path, {"a.npy": npy(header=" " * 60_000 + "{}")})


def values_inside_a_long_header(path: Path) -> None:
    """They would be right were the header to end where no more of it is read."""
    header = npy()[10:-64].ljust(1024)
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", 5000)
    write_zip(path, {"a.npy": start + header + VALUES.tobytes()})


def a_header_of_4_gigabytes(path: Path) -> None:
    write_zip(path, {"a.npy": b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"{" * 5000})


def a_deep_header(path: Path) -> None:
    write_zip(path, {"a.npy": npy(header="(" * 900)})


def a_header_of_signs(path: Path) -> None:
    write_zip(path, {"a.npy": npy(header="-" * 900 + "1")})


def an_odd_type(path: Path) -> None:
    write_zip(path, {"a.npy": npy({"a": 1})})


def a_type_that_ends_the_process(path: Path) -> None:
    """NumPy 2.4 divides by it."""
    write_zip(path, {"a.npy": npy("m8[s/0]")})


def numbers_of_three_bytes(path: Path) -> None:
    write_zip(path, {"a.npy": npy("<f3")})


def text_of_endless_width(path: Path) -> None:
    write_zip(path, {"a.npy": npy("<U9999999999", (1,))})


def a_header_that_is_cut_off(path: Path) -> None:
    write_zip(path, {"a.npy": npy()[:9]})


def a_later_version(path: Path) -> None:
    write_zip(path, {"a.npy": npy().replace(b"NUMPY\x01", b"NUMPY\x03")})


def a_name_twice(path: Path) -> None:
    write_zip(path, [("a.npy", npy()), ("a.npy", npy())])


def a_name_in_another_folder(path: Path) -> None:
    write_zip(path, {"../a.npy": npy()})


def a_text_file_in_it(path: Path) -> None:
    write_zip(path, {"notes.txt": b"hello"})


def an_unprintable_name(path: Path) -> None:
    write_zip(path, {"\x1b[31m\n.npy": npy()})


def bzip2(path: Path) -> None:
    write_zip(path, {"a.npy": npy()}, zipfile.ZIP_BZIP2)


def lzma(path: Path) -> None:
    write_zip(path, {"a.npy": npy()}, zipfile.ZIP_LZMA)


def encrypted(path: Path) -> None:
    write_zip(path, {"a.npy": npy()})
    patch(path, 0, flags=1)


def too_many_arrays(path: Path) -> None:
    write_zip(path, {f"a{row}.npy": npy() for row in range(65)})


def a_huge_directory(path: Path) -> None:
    """200 MB of it, which take no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2 * 10**8)
        file.seek(0, 2)
        end = b"PK\x05\x06", 0, 0, 1, 1, 2 * 10**8, 0, 0
        file.write(struct.pack("<4s4H2LH", *end))


def members_that_overlap(path: Path) -> None:
    write_zip(path, {"a.npy": npy(), "b.npy": npy()})
    patch(path, 1, at=0)


def a_member_over_the_directory(path: Path) -> None:
    write_zip(path, {"a.npy": npy()})
    patch(path, 0, packed=150, size=150)


def a_member_beyond_the_end(path: Path) -> None:
    write_zip(path, {"a.npy": npy()})
    patch(path, 0, at=10**6)


def more_than_is_read(path: Path) -> None:
    write_zip(path, {"a.npy": npy()}, zipfile.ZIP_DEFLATED)
    patch(path, 0, size=2**30 + 1)


def more_than_can_be_inflated(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(10**8,))}, zipfile.ZIP_DEFLATED)
    patch(path, 0, size=8 * 10**8 + 71)


def more_than_is_stored(path: Path) -> None:
    write_zip(path, {"a.npy": npy(shape=(10**8,))})
    patch(path, 0, size=8 * 10**8 + 71)


def less_than_can_be_inflated(path: Path) -> None:
    """100 MB come out of it where 64 bytes are declared."""
    whole = npy(values=VALUES.tobytes() + b"\0" * 10**8)
    write_zip(path, {"a.npy": whole}, zipfile.ZIP_DEFLATED)
    patch(path, 0, size=len(npy()))


def less_than_was_declared(path: Path) -> None:
    """1 MB comes out of it where 100 MB are declared, and could be there."""
    short = npy(shape=(10**8,), descr="|u1", values=os.urandom(2 * 10**5))
    write_zip(path, {"a.npy": short}, zipfile.ZIP_DEFLATED)
    patch(path, 0, size=len(npy(shape=(10**8,), descr="|u1", values=b"")) + 10**8)


CASES = [
    (a_npy_file, "zip archive"),
    (nothing, "zip archive"),
    (cut_off, "zip archive"),
    (cut_off_in_front, "damaged"),
    (a_changed_value, "key 'a': damaged.*CRC"),
    (a_changed_deflate_stream, "key 'a': damaged"),
    (an_object_array, "key 'a': .*Python objects"),
    (a_pickle_under_a_plain_header, "key 'a': .*magic"),
    (a_structured_array, "key 'a': .*neither numbers nor text"),
    (an_array_of_dates, "key 'a': .*neither numbers nor text"),
    (text_of_no_width, "key 'a': .*neither numbers nor text"),
    (a_negative_shape, r"key 'a': .*shape \(-2, -4\)"),
    (a_huge_shape, "key 'a': 8,000,000,000 bytes by its header.* 64 in the archive"),
    (a_shape_beyond_integers, r"key 'a': no plain array: the shape \(1000"),
    (nothing_of_a_huge_shape, "key 'a': damaged"),
    (too_many_dimensions, "key 'a': .*shape"),
    (a_shape_of_other_size, "key 'a': 56 bytes by its header.* 64 in the archive"),
    (a_long_header, "key 'a': no plain array"),
    (values_inside_a_long_header, "key 'a': no plain array"),
    (a_header_of_4_gigabytes, "key 'a': no plain array"),
    (a_deep_header, "key 'a': no plain array"),
    (a_header_of_signs, "key 'a': no plain array"),
    (an_odd_type, "key 'a': no plain array"),
    (a_type_that_ends_the_process, "key 'a': .*neither numbers nor text"),
    (numbers_of_three_bytes, "key 'a': .*neither numbers nor text"),
    (text_of_endless_width, "key 'a': .*neither numbers nor text"),
    (a_header_that_is_cut_off, "key 'a': "),
    (a_later_version, "key 'a': .*version 3.0"),
    (a_name_twice, "key 'a': there twice"),
    (a_name_in_another_folder, r"'\.\./a\.npy', which is no <name>"),
    (a_text_file_in_it, "'notes.txt', which is no <name>"),
    (an_unprintable_name, r"'\\x1b\[31m\\n\.npy', which is no <name>"),
    (bzip2, "key 'a': compressed by method 12"),
    (lzma, "key 'a': compressed by method 14"),
    (encrypted, "key 'a': encrypted"),
    (too_many_arrays, "65 arrays"),
    (a_huge_directory, "a directory of 200,000,000 bytes"),
    (members_that_overlap, "shares bytes"),
    (a_member_over_the_directory, "key 'a': shares bytes"),
    (a_member_beyond_the_end, "key 'a': shares bytes"),
    (more_than_is_read, "key 'a': 1,073,741,825 bytes, and at most"),
    (more_than_can_be_inflated, "key 'a': 800,000,0.. bytes declared, which"),
    (more_than_is_stored, "key 'a': 800,000,0.. bytes declared, which"),
    (less_than_can_be_inflated, "key 'a': damaged.*CRC"),
    (less_than_was_declared, "key 'a': damaged.* missing"),
]
