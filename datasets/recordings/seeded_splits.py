"""Train, validation and test for recordings that come without."""

from collections.abc import Sequence

import numpy as np

SHARES = {"test": 0.2, "validation": 0.1}


def split_videos(videos: Sequence[str], seed: int) -> dict[str, str]:
    """Video -> split: 70, 10 and 20 per cent of the videos, drawn by the seed alone.

    Args:
        videos: ids, each once; their order does not matter.
        seed: 0 or more.

    Raises:
        ValueError: fewer than three videos, or a negative seed.
    """
    if seed < 0:
        raise ValueError(f"The seed of the splits must be 0 or more; got {seed}.")
    if len(videos) < 3:
        raise ValueError(
            f"At least three videos with words are needed for train, validation and test; got "
            f"{len(videos)}. Give the segments a column split."
        )
    drawn = np.random.default_rng(seed).permutation(sorted(videos)).tolist()
    splits = dict.fromkeys(drawn, "train")
    first = 0
    for split, share in SHARES.items():
        last = first + max(1, round(share * len(drawn)))
        splits |= dict.fromkeys(drawn[first:last], split)
        first = last
    return splits
