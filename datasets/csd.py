"""Computational sequences of the CMU-MultimodalSDK (.csd): HDF5 files, read video by video.

The layout is

    /<root name>/data/<video id>/features    (n, ...)   numbers, or words as bytes
    /<root name>/data/<video id>/intervals   (n, 2)     seconds

beside `/<root name>/metadata`, which is not read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from rmfn_tf.datasets.hdf5 import BYTES, NUMBERS, find, h5py_errors, open_h5, read_array
from rmfn_tf.datasets.source import SourceError

_FRESH = "Take the file from another copy"


class Recording(NamedTuple):
    """What a computational sequence holds of one video: n rows, each with its time.

    Rows may be out of time order, overlap, or have no length. A row that ends before it starts in
    the file ends where it starts here, so that no word or frame lies in it.
    """

    features: np.ndarray  # `(n, ...)` numbers in the file's own type, or text
    intervals: np.ndarray  # `(n, 2)` float64 seconds, finite, start <= end
    num_reversed: int  # rows that end before they start in the file


class Csd:
    """An open computational sequence; `open_csd` makes it.

    `root` is the name of its root group, `ids` are the video ids, sorted by code point.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        roots = list(file)
        if len(roots) != 1:
            mend = "A computational sequence has one, with data and metadata"
            raise SourceError.at(path, found=f"{len(roots)} root groups", mend=mend)
        self.root = roots[0]
        self._data = find(path, find(path, file, self.root, h5py.Group), "data", h5py.Group)
        self.ids = sorted(self._data, key=str)
        for name in self.ids:
            if not isinstance(name, str) or not name.isprintable():  # bytes where it is not UTF-8
                found = f"{name[:40]!a} for the id of a video"
                raise SourceError.at(path, f"{self.root}/data", found=found, mend=_FRESH)

    def read(self, video_id: str) -> Recording:
        """The rows of one video; a SourceError where it is not there or cannot be right."""
        key = f"{self.root}/data/{video_id}"
        with h5py_errors(self.path, key):
            group = find(self.path, self._data, video_id, h5py.Group)
            features = read_array(self.path, group, "features", NUMBERS + BYTES)
            stored = read_array(self.path, group, "intervals")
        if features.dtype.kind == BYTES:
            features = np.char.decode(features, "utf-8", "replace")
        intervals = stored.astype(np.float64)
        finite = np.isfinite(intervals).all(axis=-1)
        has_pairs = intervals.shape == (len(features), 2)
        if not has_pairs or not finite.all():
            found = f"times that are not finite in row {finite.argmin()}"
            found = found if has_pairs else f"shape {intervals.shape}"
            mend = f"Each of the {len(features)} rows needs a start and an end in seconds. {_FRESH}"
            raise SourceError.at(self.path, f"{key}/intervals", found=found, mend=mend)
        ends_early = intervals[:, 1] < intervals[:, 0]
        intervals[ends_early, 1] = intervals[ends_early, 0]
        return Recording(features, intervals, int(ends_early.sum()))


@contextmanager
def open_csd(path: str | Path) -> Iterator[Csd]:
    """Opens a computational sequence to read from inside the `with` block; a SourceError where the
    file is none."""
    path = Path(path)
    with open_h5(path) as file:
        with h5py_errors(path):
            csd = Csd(path, file)
        yield csd
