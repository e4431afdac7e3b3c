"""Reading a pickle that nobody vouches for."""

import pickle
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.pickles.bounded_stream import BoundedStream
from rmfn_tf.datasets.sources.pickles.restricted_unpickler import RefusedError, RestrictedUnpickler

# CMU-MOSI's aligned_50.pkl holds 2,199 x 50 x 793 numbers: 0.7 GB where they are float64.
MAX_FILE_BYTES = 2**30

# First bytes of what people have in place of a pickle.
_OTHER_FORMATS = {
    b"\x1f\x8b": ("a gzip'd file", "Unpack it first (gunzip)"),
    b"PK\x03\x04": ("a zip archive", "Unpack it first (unzip)"),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it first"),
    b"Rar!": ("a rar archive", "Unpack it first"),
    b"\x89HDF": ("an HDF5 file", "Give it the name that it had"),
    b"<": ("a web page", "The download gave a page in place of the file: fetch it afresh"),
    b"version https://git-lfs": ("a Git LFS pointer", "Fetch the file itself (git lfs pull)"),
}


def read_pickle(path: Path) -> Any:
    """Reads plain data and NumPy arrays out of a pickle, and runs nothing of it.

    Known are None, bool, numbers, text, bytes, lists, tuples, dicts and sets; arrays and scalars
    of numbers and of text, and object arrays of text. Of names a pickle may use only
    `numpy.{core,_core}.multiarray.{_reconstruct,scalar}`, `numpy.{ndarray,dtype}`,
    `numpy.{core,_core}.numeric._frombuffer`, `_codecs.encode`,
    `builtins.{set,frozenset,complex}` (`__builtin__` in Python 2's) and
    `collections.OrderedDict` (read as a dict), and none is imported. Text of Python 2 is read as
    Latin-1.

    Memory stays within a small multiple of the file's size: every length is checked against what
    is left of the file, and values can be used but not copied over and over.

    Args:
        path: the file, of at most `MAX_FILE_BYTES`.

    Returns:
        The object. Arrays may be read-only.

    Raises:
        SourceError: no such file, one that is too large, cut off, damaged or of another format,
            or a pickle that asks for any other name; the message says which.
    """
    if not path.is_file():
        raise SourceError.at(path, found="no such file", mend="Put the file there")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise SourceError.at(
            path,
            found=f"{size:,} bytes",
            mend=f"No more than {MAX_FILE_BYTES:,} are read: the file cannot be what it claims",
        )
    _check_format(path)
    try:
        with path.open("rb") as file, catch_warnings():
            simplefilter("ignore", DeprecationWarning)  # of escapes in Python 2's strings
            return RestrictedUnpickler(BoundedStream(file, size), size).load()
    except RefusedError as error:
        raise SourceError.at(
            path,
            found=f"refused, since {error}, which data do not need",
            mend="Nothing of the file was run. Take it from where it was published",
        ) from error
    except (pickle.UnpicklingError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        text = str(error) or type(error).__name__
        raise SourceError.at(
            path,
            found=f"not readable as a pickle of arrays ({text.splitlines()[0][:300]})",
            mend="The file is cut off, damaged or of another kind: copy it afresh",
        ) from error


def _check_format(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(32)
    for beginning, (found, mend) in _OTHER_FORMATS.items():
        if start.startswith(beginning):
            raise SourceError.at(path, found=f"{found}, not a pickle", mend=mend)
