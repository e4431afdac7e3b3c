"""A small made-up copy of CMU-MOSI's computational sequences, under real ids.

Words touch each other, a pause after every fifth; a label row every 2.5 words or so; frames at 30
and 100 Hz, with gaps in the face.
"""

from pathlib import Path

import numpy as np

from rmfn_tf.datasets.cmu_mosi.csd_source import NAMES
from support.csd_files import write_csd

# One video of each published fold, with the number of its label rows.
SEGMENTS = {"03bSnISJMiM": 4, "WKA5OygbEKI": 2, "c7UH_rxdZv4": 3}
SPLITS = {"03bSnISJMiM": "train", "WKA5OygbEKI": "validation", "c7UH_rxdZv4": "test"}
WIDTHS = {"language": 300, "acoustic": 74, "visual": 47}
WORDS_A_SEGMENT = 5

Copy = dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]


def make_csds(segments: dict[str, int] | None = None) -> Copy:
    """Part -> video -> (features, intervals)."""
    rng = np.random.default_rng(0)
    copy: Copy = {part: {} for part in NAMES}
    for video, rows in (SEGMENTS if segments is None else segments).items():
        count = rows * WORDS_A_SEGMENT
        bounds = np.cumsum(rng.integers(10, 60, count + 1)) / 100
        words = np.stack([bounds[:-1], bounds[1:]], axis=1)
        texts = [b"sp" if row % 5 == 4 else b"word%d" % row for row in range(count)]
        cuts = np.linspace(bounds[0], bounds[-1], rows + 1)
        copy["words"][video] = np.array(texts)[:, None], words
        copy["language"][video] = rng.normal(size=(count, 300)).astype("f4"), words
        copy["labels"][video] = (
            rng.uniform(-3, 3, (rows, 1)).astype("f4"),
            np.stack([cuts[:-1], cuts[1:]], axis=1).astype("f4"),
        )
        for part, rate in (("visual", 30), ("acoustic", 100)):
            starts = np.arange(0, bounds[-1], 1 / rate) + 0.0013
            if part == "visual":
                starts = starts[np.arange(len(starts)) % 40 < 25]
            times = np.stack([starts, starts + 1 / rate], axis=1)
            copy[part][video] = rng.normal(size=(len(starts), WIDTHS[part])).astype("f4"), times
    return copy


def write_csds(folder: Path, copy: Copy) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, videos in copy.items():
        name = NAMES[part][0]
        write_csd(folder / f"{name}.csd", videos, root=name, compression="gzip")
    return folder
