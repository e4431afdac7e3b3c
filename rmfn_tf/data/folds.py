"""Splits that never part a video: cross-validation folds, and a held-out share."""

from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from rmfn_tf.data.examples import Examples


def make_folds(examples: Examples, k: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """k folds over the videos, shuffled by the seed alone.

    Every video is in the test part of exactly one fold, with all its examples; folds differ by at
    most one video (not in examples, where videos differ in their number of segments).

    Args:
        examples: all examples to split; `examples.groups` names their videos.
        k: number of folds, 2 to the number of videos.
        seed: 0 to 2^32 - 1.

    Returns:
        k pairs `(train_indices, test_indices)`, ascending, for `examples.take`.

    Raises:
        ValueError: k or the seed is out of range.
    """
    videos = len(np.unique(examples.groups))
    if not 2 <= k <= videos:
        raise ValueError(
            f"make_folds: `k` must be 2 to {videos}, the number of videos (segments of one video "
            f"stay together); got {k}."
        )
    splitter = GroupKFold(n_splits=k, shuffle=True, random_state=seed)
    return list(splitter.split(examples.ids, groups=examples.groups))


def hold_out(
    examples: Examples,
    indices: Sequence[int] | np.ndarray,
    fraction: float = 0.15,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Sets a share of the videos among `indices` aside, as for choosing the number of epochs.

    Args:
        examples: all examples.
        indices: those to split, as the training indices of a fold (or a `(N,)` bool mask).
        fraction: share of their videos to set aside, rounded, but at least one and never all.
        seed: 0 to 2^32 - 1.

    Returns:
        `(train_indices, validation_indices)` into `examples`, ascending.

    Raises:
        ValueError: fewer than two videos, a fraction not between 0 and 1, a seed out of range.
    """
    chosen = np.arange(len(examples))[np.asarray(indices)]
    groups = examples.groups[chosen]
    videos = len(np.unique(groups))
    if videos < 2 or not 0 < fraction < 1:
        raise ValueError(
            "hold_out: there must be two videos or more to part, and a `fraction` between 0 and 1; "
            f"got {videos} and {fraction}."
        )
    aside = min(max(1, round(fraction * videos)), videos - 1)
    splitter = GroupShuffleSplit(n_splits=1, test_size=aside, random_state=seed)
    train, validation = next(splitter.split(chosen, groups=groups))
    return np.sort(chosen[train]), np.sort(chosen[validation])
