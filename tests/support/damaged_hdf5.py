"""Reads damaged HDF5 files by the hundred; run as a process, since HDF5 could end it."""

import sys
import tempfile
import warnings
from pathlib import Path

import h5py
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.hdf5.reading import read_array
from rmfn_tf.datasets.sources.sequences.csd import open_csd
from support.csd_files import ROOT, make_videos, make_words
from support.damage import damaged

PACKED = {"chunks": (3, 2), "compression": "gzip", "shuffle": True, "fletcher32": True}


def make_file(folder: Path, libver: str) -> bytes:
    """A computational sequence with words, plain and packed numbers, and an array beside it."""
    path = folder / "whole.csd"
    videos = make_videos(4)
    with h5py.File(path, "w", libver=libver) as file:
        for number, (video, (features, intervals)) in enumerate(videos.items()):
            group = file.create_group(f"{ROOT}/data/{video}")
            if number == 0:
                features = make_words(videos)[video][0]
            options = PACKED if number % 2 else {}
            group.create_dataset("features", data=features, **options)
            group.create_dataset("intervals", data=intervals, **options)
        for field in ("root name", "md5"):
            dataset = file.create_dataset(f"{ROOT}/metadata/{field}", (1,), h5py.string_dtype())
            dataset[0] = '"text"'
        file.create_dataset(f"{ROOT}/array", data=np.ones((8, 3)), chunks=(2, 3), compression=4)
    return path.read_bytes()


def read_all(path: Path) -> int:
    """How many parts of the file could not be read; any error but `SourceError` goes through."""
    refused = 0
    try:
        read_array(path, f"{ROOT}/array", rank=2)
    except SourceError:
        refused += 1
    try:
        with open_csd(path) as csd:
            for video in csd.ids:
                try:
                    csd.read(video)
                except SourceError:
                    refused += 1
    except SourceError:
        refused += 1
    return refused


def main(num_examples: int) -> None:
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.csd"
        files = [make_file(Path(folder), libver) for libver in ("earliest", "latest")]
        counts = {"examples": 0, "refused": 0}

        @settings(
            max_examples=num_examples,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.one_of(*map(damaged, files)))
        def read_damaged(data: bytes) -> None:
            path.write_bytes(data)
            counts["examples"] += 1
            counts["refused"] += read_all(path) > 0

        read_damaged()
    print(counts["examples"], counts["refused"])


if __name__ == "__main__":
    main(int(sys.argv[1]))
