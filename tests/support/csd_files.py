"""Small files in the form of the CMU-MultimodalSDK's computational sequences."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ROOT = "CMU_MOSI_Small"


def make_videos(num_videos: int = 3, width: int = 3, seed: int = 0) -> dict[str, tuple]:
    """video id -> (features (n, width) float32, intervals (n, 2) in seconds, one after another)."""
    rng = np.random.default_rng(seed)
    videos = {}
    for number in range(num_videos):
        rows = 4 + number
        ends = np.cumsum(rng.uniform(0.1, 1, rows))
        intervals = np.stack([np.append(0, ends[:-1]), ends], axis=1)
        videos[f"video-{number}"] = (rng.normal(size=(rows, width)).astype("f4"), intervals)
    return videos


def make_words(videos: Mapping[str, tuple]) -> dict[str, tuple]:
    """The same videos with a word in every row, as bytes."""
    return {
        video: (np.array([[b"word-%d" % row] for row in range(len(intervals))]), intervals)
        for video, (_, intervals) in videos.items()
    }


def write_csd(path: Path, videos: Mapping[str, tuple], root: str = ROOT, **options: Any) -> Path:
    """Writes a computational sequence; `options` are those of `h5py.create_dataset`."""
    with h5py.File(path, "w") as file:
        for video, (features, intervals) in videos.items():
            group = file.create_group(f"{root}/data/{video}")
            group.create_dataset("features", data=features, **options)
            group.create_dataset("intervals", data=intervals, **options)
        dataset = file.create_dataset(f"{root}/metadata/root name", (1,), h5py.string_dtype())
        dataset[0] = f'"{root}"'
    return path
