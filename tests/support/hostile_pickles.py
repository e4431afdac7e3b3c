"""Pickles that are broken, or made to do harm: one function a file.

Where a pickle would run something, it would make the file MARKER beside itself.
"""

import collections
import functools
import gzip
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np

MARKER = "it_ran"
STOP = b"."


class _Calls:
    """Pickles as a call of `function(*arguments)`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


class _Builds(_Calls):
    """Pickles as a call, and then a state for what was returned."""

    def __init__(self, function: Any, arguments: tuple, state: Any) -> None:
        super().__init__(function, *arguments)
        self.state = state

    def __reduce__(self) -> tuple:
        return (*self.call, self.state)


def _dump(path: Path, value: Any, protocol: int = 2) -> None:
    path.write_bytes(pickle.dumps(value, protocol))


def _make_marker(path: Path) -> str:
    return f"open({str(path.with_name(MARKER))!r}, 'w')"


def builtins_eval(path):
    _dump(path, _Calls(eval, _make_marker(path)))


def builtins_exec(path):
    _dump(path, {"train": [_Calls(exec, _make_marker(path))]}, 4)


def builtins_getattr(path):
    _dump(path, _Calls(getattr, "text", "upper"), 4)


def builtins_open(path):
    _dump(path, _Calls(open, str(path.with_name(MARKER)), "w"))


def builtins_dunder_import(path):
    _dump(path, _Calls(__import__, "antigravity"))


def os_system(path):
    _dump(path, _Calls(os.system, f"touch {path.with_name(MARKER)}"))


def os_system_of_python_2(path):
    command = str(path.with_name(MARKER)).encode()
    path.write_bytes(b"cposix\nsystem\n(S'touch " + command + b"'\ntR.")


def numpy_load(path):
    _dump(path, _Calls(np.load, str(path)), 4)


def numpy_submodule(path):
    """A name with a dot leads through a module that is allowed to one that is not."""
    path.write_bytes(b"\x80\x04\x8c\x05numpy\x8c\x0ef2py.os.system\x93.")


def functools_partial(path):
    _dump(path, functools.partial(print, "ran"), 4)


def collections_defaultdict(path):
    _dump(path, collections.defaultdict(list))


def pathlib_path(path):
    _dump(path, Path("somewhere"))


def a_name_that_is_not_printable(path):
    path.write_bytes("cbuiltins\neval\x1b[31m\u202e\n.".encode())


def a_very_long_name(path):
    path.write_bytes(b"c" + b"a" * 10**6 + b"\n" + b"b" * 10**6 + b"\n.")


def instance_of_python_2(path):
    command = str(path.with_name(MARKER)).encode()
    path.write_bytes(b"(S'touch " + command + b"'\niposix\nsystem\n.")


def object_instruction(path):
    path.write_bytes(b"(cposix\nsystem\nS'true'\no.")


def new_object(path):
    _dump(path, collections.Counter("ab"), 2)


def new_object_of_an_allowed_name(path):
    path.write_bytes(b"\x80\x02cnumpy\nndarray\n)\x81.")


def persistent_id(path):
    path.write_bytes(b"Pfile:///etc/passwd\n.")


def extension(path):
    path.write_bytes(b"\x80\x02\x82\x01.")


def buffer_from_outside(path):
    array = np.zeros(3)
    path.write_bytes(pickle.dumps(array, 5, buffer_callback=lambda buffer: None))


def call_of_a_text(path):
    path.write_bytes(b"S'eval'\nS'1'\n\x85R.")


def call_of_an_array_type(path):
    path.write_bytes(b"cnumpy\nndarray\nK\x05\x85\x85R.")


def state_for_a_function(path):
    """Python's own would set attributes on whatever comes first."""
    path.write_bytes(b"c_codecs\nencode\n}S'__doc__'\nS'x'\nsb.")


def item_for_an_array(path):
    array = pickle.dumps(np.zeros(3), 2)[:-1]
    path.write_bytes(array + b"K\x00K\x01s.")


def append_to_a_tuple(path):
    path.write_bytes(b")K\x01a.")


def array_of_objects(path):
    _dump(path, np.array([1, "a", None], object))


def array_of_arrays(path):
    ragged = np.empty(2, object)
    ragged[:] = [np.zeros(2), np.zeros(3)]
    _dump(path, {"train": ragged})


def array_of_records(path):
    _dump(path, np.zeros(3, [("a", "f4"), ("b", "i4")]))


def array_of_dates(path):
    _dump(path, np.array(["2020-01-01"], "M8[D]"))


def _array(state: tuple) -> _Builds:
    from numpy._core.multiarray import _reconstruct

    return _Builds(_reconstruct, (np.ndarray, (0,), b"b"), state)


def record_that_hides_objects(path):
    """Eight bytes each, which NumPy would take for pointers."""
    hidden = _Builds(np.dtype, ("V8",), (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0))
    _dump(path, _array((1, (1,), hidden, False, struct.pack("<q", 0x4141414141414141))))


def object_array_without_objects(path):
    """NumPy would read a thousand pointers out of an empty list."""
    _dump(path, _array((1, (1000,), np.dtype("O"), False, [])))


def array_shorter_than_it_says(path):
    _dump(path, _array((1, (1000, 1000), np.dtype("f8"), False, bytes(80))))


def array_of_a_terabyte(path):
    _dump(path, _array((1, (2**37,), np.dtype("f8"), False, bytes(8))))


def array_of_negative_size(path):
    _dump(path, _array((1, (-1, -10), np.dtype("f8"), False, bytes(80))))


def array_of_many_dimensions(path):
    _dump(path, _array((1, (1,) * 60, np.dtype("f8"), False, bytes(8))))


def array_of_no_bytes(path):
    _dump(path, _array((1, (2**60,), np.dtype("U0"), False, bytes(8))))


def array_of_numbers_for_bytes(path):
    _dump(path, _array((1, (3,), np.dtype("f8"), False, [1.0, 2.0, 3.0])))


def array_without_a_type(path):
    _dump(path, _array((1, (3,), "f8", False, bytes(24))))


def empty(path):
    path.write_bytes(b"")


def cut_off(path):
    path.write_bytes(pickle.dumps({"train": np.zeros((50, 20))}, 4)[:-3000])


def without_a_stop(path):
    path.write_bytes(pickle.dumps({"train": 1}, 4)[:-1])


def text_file(path):
    path.write_text("This is not a pickle.\n")


def web_page(path):
    path.write_text("<!DOCTYPE html><html>Google Drive can't scan this file for viruses.</html>")


def git_lfs_pointer(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")


def hdf5_file(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))


def zip_archive(path):
    path.write_bytes(b"PK\x03\x04" + bytes(600))


def gzip_bomb(path):
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for _ in range(64):
            stream.write(bytes(2**20))


def file_of_two_gigabytes(path):
    with path.open("wb") as stream:
        stream.truncate(2**31)


def length_of_4_gigabytes(path):
    path.write_bytes(b"\x80\x03B\xff\xff\xff\xff" + bytes(100) + STOP)


def length_of_an_exabyte(path):
    path.write_bytes(b"\x80\x04\x8e" + (2**60).to_bytes(8, "little") + bytes(100) + STOP)


def text_length_of_an_exabyte(path):
    path.write_bytes(b"\x80\x04\x8d" + (2**60).to_bytes(8, "little") + bytes(100) + STOP)


def bytearray_of_an_exabyte(path):
    path.write_bytes(b"\x80\x05\x96" + (2**60).to_bytes(8, "little") + bytes(100) + STOP)


def number_of_4_gigabytes(path):
    path.write_bytes(b"\x80\x02\x8b\xff\xff\xff\x7f" + bytes(100) + STOP)


def frame_of_an_exabyte(path):
    path.write_bytes(b"\x80\x04\x95" + (2**60).to_bytes(8, "little") + STOP)


def negative_length(path):
    path.write_bytes(b"T\xff\xff\xff\xff" + bytes(100) + STOP)


def million_sets(path):
    path.write_bytes(b"\x80\x04(" + b"\x8f" * 2_000_000 + b"t.")


def nested_key(path):
    """A tuple in a tuple, 300,000 deep, as a key: Python would overflow its stack over it."""
    path.write_bytes(b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s.")


def colliding_keys(path):
    """Numbers that all have the hash 0: n of them take n * n / 2 comparisons."""
    prime = 2**61 - 1
    keys = b"".join(b"\x8a\x0b" + (n * prime).to_bytes(11, "little") + b"N" for n in range(100_000))
    path.write_bytes(b"\x80\x02}(" + keys + b"u.")


def encoded_again_and_again(path):
    """One text of a megabyte, of which 20,000 calls would each make another."""
    text = b"X" + (2**20).to_bytes(4, "little") + b"a" * 2**20 + b"q\x00"
    name = b"c_codecs\nencode\nq\x01X\x06\x00\x00\x00latin1q\x02"
    path.write_bytes(b"\x80\x02(" + text + name + b"h\x01h\x00h\x02\x86R" * 20_000 + b"t.")


def sets_made_again_and_again(path):
    """One list of 100,000 numbers, of which 20,000 calls would each make a set."""
    items = (
        b"](" + b"".join(b"M" + struct.pack("<H", n % 2**16) for n in range(100_000)) + b"eq\x00"
    )
    path.write_bytes(
        b"\x80\x02(" + items + b"cbuiltins\nset\nq\x01" + b"h\x01h\x00\x85R" * 20_000 + b"t."
    )


def memo_at_the_far_end(path):
    """Python's own unpickler (the one in C) would make room for 2,147,483,647 places."""
    path.write_bytes(b"\x80\x02]r\xff\xff\xff\x7fK\x01b.")


def protocol_of_the_future(path):
    path.write_bytes(b"\x80\x06N.")


def half_a_surrogate_pair_for_a_name(path):
    path.write_bytes(b"\x80\x04\x8c\x03\xed\xa0\x80\x8c\x04eval\x93.")


REFUSED = "refused, since it"
BROKEN = "not readable as a pickle of arrays"

CASES = [
    (builtins_eval, rf"{REFUSED} asks for __builtin__\.eval"),
    (builtins_exec, rf"{REFUSED} asks for builtins\.exec"),
    (builtins_getattr, rf"{REFUSED} asks for builtins\.getattr"),
    (builtins_open, rf"{REFUSED} asks for io\.open"),
    (builtins_dunder_import, rf"{REFUSED} asks for __builtin__\.__import__"),
    (os_system, rf"{REFUSED} asks for (posix|nt)\.system"),
    (os_system_of_python_2, rf"{REFUSED} asks for posix\.system"),
    (numpy_load, rf"{REFUSED} asks for numpy\.load"),
    (numpy_submodule, rf"{REFUSED} asks for numpy\.f2py\.os\.system"),
    (functools_partial, rf"{REFUSED} asks for functools\.partial"),
    (collections_defaultdict, rf"{REFUSED} asks for collections\.defaultdict"),
    (pathlib_path, rf"{REFUSED} asks for pathlib"),
    (a_name_that_is_not_printable, r"asks for builtins\.eval\\x1b\[31m\\u202e"),
    (a_very_long_name, r"asks for a{60}\.b{60},"),
    (instance_of_python_2, f"{REFUSED} holds the instruction INST"),
    (object_instruction, f"{REFUSED} asks for posix"),
    (new_object, f"{REFUSED} asks for collections.Counter"),
    (new_object_of_an_allowed_name, f"{REFUSED} holds the instruction NEWOBJ"),
    (persistent_id, f"{REFUSED} holds the instruction PERSID"),
    (extension, f"{REFUSED} holds the instruction EXT1"),
    (buffer_from_outside, f"{REFUSED} holds the instruction NEXT_BUFFER"),
    (call_of_a_text, f"{REFUSED} would call a str"),
    (call_of_an_array_type, f"{REFUSED} would call a"),
    (state_for_a_function, f"{REFUSED} would change a method"),
    (item_for_an_array, f"{REFUSED} would change a ndarray like a dict"),
    (append_to_a_tuple, f"{REFUSED} would change a tuple like a list"),
    (array_of_objects, f"{BROKEN} .an object array that holds int, not text"),
    (array_of_arrays, f"{BROKEN} .an object array that holds ndarray, not text"),
    (array_of_records, f"{BROKEN} .an array of type 'V8'"),
    (array_of_dates, f"{BROKEN} .an array of type 'M8'"),
    (record_that_hides_objects, f"{BROKEN} .an array of type 'V8'"),
    (object_array_without_objects, r"an object array of shape \(1000,\) without its objects"),
    (array_shorter_than_it_says, r"shape \(1000, 1000\) .* of which there are 80"),
    (array_of_a_terabyte, r"1,099,511,627,776 bytes, of which there are 8"),
    (array_of_negative_size, "an array of an impossible shape"),
    (array_of_many_dimensions, "an array of an impossible shape"),
    (array_of_no_bytes, "whose values take no bytes"),
    (array_of_numbers_for_bytes, "values stored as list, not as bytes"),
    (array_without_a_type, "an array without a type"),
    (empty, f"{BROKEN} .1 bytes declared, 0 left"),
    (cut_off, f"{BROKEN} .8,000 bytes declared"),
    (without_a_stop, f"{BROKEN} .1 bytes declared, 0 left"),
    (text_file, BROKEN),
    (web_page, "a web page, not a pickle. .*fetch it afresh"),
    (git_lfs_pointer, "a Git LFS pointer, not a pickle. Fetch the file itself"),
    (hdf5_file, "an HDF5 file, not a pickle"),
    (zip_archive, "a zip archive, not a pickle. Unpack it first"),
    (gzip_bomb, "a gzip'd file, not a pickle. Unpack it first"),
    (file_of_two_gigabytes, "2,147,483,648 bytes. No more than 1,073,741,824 are read"),
    (length_of_4_gigabytes, "4,294,967,295 bytes declared, 101 left"),
    (length_of_an_exabyte, "1,152,921,504,606,846,976 bytes declared"),
    (text_length_of_an_exabyte, "1,152,921,504,606,846,976 bytes declared"),
    (bytearray_of_an_exabyte, "1,152,921,504,606,846,976 bytes declared"),
    (number_of_4_gigabytes, "2,147,483,647 bytes declared"),
    (frame_of_an_exabyte, BROKEN),
    (negative_length, "negative byte count"),
    (million_sets, "more than 1,048,576 steps"),
    (nested_key, "a key of type tuple, not text"),
    (colliding_keys, "a key of type int, not text"),
    (encoded_again_and_again, "the same values used again and again"),
    (sets_made_again_and_again, "the same values used again and again"),
    (memo_at_the_far_end, f"{REFUSED} would change a list like a Unbuilt"),
    (protocol_of_the_future, "unsupported pickle protocol: 6"),
    (half_a_surrogate_pair_for_a_name, r"asks for \\ud800\.eval"),
]
