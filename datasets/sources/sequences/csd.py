"""Computational sequences of the CMU-MultimodalSDK (.csd): HDF5 files, read video by video.

The layout is

    /<root name>/data/<video id>/features    (n, ...)   numbers, or words as bytes
    /<root name>/data/<video id>/intervals   (n, 2)     seconds
    /<root name>/metadata/<field>            (1,)       text, plain or JSON

Everything a file declares is checked before anything is allocated for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.declaration import (
    BYTES,
    MAX_ARRAY_BYTES,
    NUMBERS,
    check_declaration,
    type_name,
)
from rmfn_tf.datasets.sources.hdf5.reading import (
    errors_as_source_error,
    find_dataset,
    find_group,
    list_names,
    open_file,
)
from rmfn_tf.datasets.sources.hdf5.values import read_values
from rmfn_tf.datasets.sources.sequences.csd_metadata import read_metadata
from rmfn_tf.datasets.sources.sequences.recording import Recording

MAX_VIDEOS = 100_000  # the largest set of the field has 3,837
MAX_ID_BYTES = 256

_SAY_WHICH = "A computational sequence has one root group, which holds data and metadata"
_FRESH = "Take the file from another copy"


class Csd:
    """An open computational sequence; `open_csd` makes it.

    Attributes:
        path: the file.
        root: the name of its root group, which says which features it holds.
        metadata: field -> text; JSON strings are unquoted. Fields that are not one string of at
            most 64 KiB are left out.
        ids: the video ids, sorted by code point, surrounding white space taken off.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        root = self._find_root(file)
        self.root = root.name[1:]
        self.metadata = read_metadata(path, root, f"{self.root}/metadata")
        self._data = find_group(path, root, "data", f"{self.root}/data")
        self._names = self._name_videos()  # video id -> name in the file
        self.ids = sorted(self._names)
        self._owners: dict[int, str] = {}  # place of an array in the file -> who read it first

    def read(self, video_id: str) -> Recording:
        """The rows of one video; nothing of the others is read.

        Raises:
            SourceError: there is no such video; features or intervals are missing, not what they
                must be, or not of the same number of rows; a time is not finite; or the file is
                damaged there.
        """
        key = f"{self.root}/data/{video_id}"
        if video_id not in self._names:
            raise SourceError.at(self.path, key, found="no such video", mend="Ask for one of ids")
        with errors_as_source_error(self.path, key):
            group = find_group(self.path, self._data, self._names[video_id], key)
            features = self._read_features(group, f"{key}/features")
            stored = self._read_array(group, "intervals", f"{key}/intervals", NUMBERS)
        return _to_recording(self.path, key, features, stored)

    def _find_root(self, file: h5py.File) -> h5py.Group:
        names = [_decode_name(self.path, "/", name) for name in list_names(file, 2)]
        if len(names) != 1:
            held = "nothing" if not names else f"more than one root: {', '.join(map(repr, names))}"
            raise SourceError.at(self.path, "/", found=f"it holds {held}", mend=_SAY_WHICH)
        return find_group(self.path, file, names[0], names[0])

    def _name_videos(self) -> dict[str, str]:
        key = f"{self.root}/data"
        stored = list_names(self._data, MAX_VIDEOS)
        if len(stored) > MAX_VIDEOS:
            raise SourceError.at(
                self.path, key, found=f"more than {MAX_VIDEOS:,} videos", mend=_FRESH
            )
        names: dict[str, str] = {}
        for name in (_decode_name(self.path, key, name) for name in stored):
            if name.strip() in names:
                raise SourceError.at(
                    self.path, key, found=f"the video {name.strip()!r} twice", mend=_FRESH
                )
            names[name.strip()] = name
        if not names or "" in names:
            found = "a video without an id" if names else "no videos"
            raise SourceError.at(self.path, key, found=found, mend=_FRESH)
        return names

    def _read_features(self, group: h5py.Group, key: str) -> np.ndarray:
        """Numbers as they are; words, which need four bytes a letter, as text."""
        dataset = find_dataset(self.path, group, "features", key)
        if type_name(dataset) != "string":
            return self._read_array(group, "features", key, NUMBERS)
        words = self._read_array(group, "features", key, BYTES, MAX_ARRAY_BYTES // 4)
        return np.char.decode(words, "utf-8", "replace")

    def _read_array(
        self,
        group: h5py.Group,
        name: str,
        key: str,
        values: str,
        max_bytes: int = MAX_ARRAY_BYTES,
    ) -> np.ndarray:
        dataset = find_dataset(self.path, group, name, key)
        check_declaration(self.path, key, dataset, values, max_bytes=max_bytes)
        # A file could name one array a thousand times, and make one reading into a thousand.
        owner = self._owners.setdefault(h5py.h5o.get_info(dataset.id).addr, key)
        if owner != key:
            raise SourceError.at(self.path, key, found=f"the same array as {owner}", mend=_FRESH)
        return read_values(self.path, key, dataset)


@contextmanager
def open_csd(path: str | Path) -> Iterator[Csd]:
    """Opens a computational sequence.

    Args:
        path: the file.

    Yields:
        The `Csd`, which can be read from inside the `with` block.

    Raises:
        SourceError: no such file, or it is not a computational sequence, or a damaged one. Only
            one root group is taken, with a group `data`, no more than 100,000 videos, ids that
            are UTF-8 and differ, and nothing that lies outside the file.
    """
    path = Path(path)
    with errors_as_source_error(path):
        file = open_file(path)
    try:
        with errors_as_source_error(path):
            csd = Csd(path, file)
        yield csd  # outside: errors of the caller's own stay as they are
    finally:
        with errors_as_source_error(path):
            file.close()


def _to_recording(path: Path, key: str, features: np.ndarray, stored: np.ndarray) -> Recording:
    wanted = (len(features), 2)
    if stored.shape != wanted:
        raise SourceError.at(
            path,
            f"{key}/intervals",
            found=f"shape {stored.shape}",
            mend=f"The features beside it have {len(features)} rows, so it must be {wanted}: "
            "take the file from another copy",
        )
    intervals = stored.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(intervals).all(axis=1))
    if bad.size:
        raise SourceError.at(
            path,
            f"{key}/intervals",
            found=f"{bad.size} rows with times that are not finite, the first in row {bad[0]}",
            mend=_FRESH,
        )
    reversed_rows = intervals[:, 1] < intervals[:, 0]
    intervals[reversed_rows, 1] = intervals[reversed_rows, 0]
    return Recording(features, intervals, int(reversed_rows.sum()))


def _decode_name(path: Path, key: str, name: bytes) -> str:
    try:
        if len(name) <= MAX_ID_BYTES:
            return name.decode("utf-8")
        found = f"a name of {len(name):,} bytes"
    except UnicodeDecodeError:
        found = f"a name that is not UTF-8, {name!r}"
    raise SourceError.at(path, key, found=found, mend=_FRESH)
