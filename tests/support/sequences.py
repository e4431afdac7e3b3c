"""Small random inputs for tests of layers, and the closeness they are held to."""

from collections.abc import Mapping

import numpy as np

# Never in alphabetical order: Keras flattens dictionaries alphabetically, the model must not.
FEATURES = {"visual": 3, "language": 4, "acoustic": 2, "gaze": 1}
UNITS = {"visual": 3, "language": 2, "acoustic": 2, "gaze": 4}


def first(sizes: Mapping[str, int], count: int) -> dict[str, int]:
    """The first `count` modalities of `sizes`."""
    return dict(list(sizes.items())[:count])


def features(
    widths: Mapping[str, int], batch: int = 3, time: int = 4, seed: int = 0, dtype: str = "float32"
) -> dict[str, np.ndarray]:
    """Normal features `{m: (batch, time, widths[m])}`."""
    rng = np.random.default_rng(seed)
    return {m: rng.normal(size=(batch, time, width)).astype(dtype) for m, width in widths.items()}


def gapped_mask(batch: int, time: int) -> np.ndarray:
    """A mask (batch, time): row 0 padded in front, row 1 behind, row 2 inside, the rest full."""
    mask = np.ones((batch, time), bool)
    mask[0, : time // 2] = False
    if batch > 1:
        mask[1, -(time // 2) :] = False
    if batch > 2:
        mask[2, 1:-1] = False
    return mask


def assert_close(actual: object, expected: object, tolerance: float, what: str = "") -> None:
    """|actual - expected| <= tolerance * max(1, |expected|) everywhere."""
    actual = np.asarray(actual, np.float64)
    expected = np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape} != {expected.shape}"
    difference = np.abs(actual - expected) / np.maximum(1.0, np.abs(expected))
    # `not <=` rather than `>`: a NaN must fail.
    worst = difference.max(initial=0.0)
    assert worst <= tolerance, f"{what}: off by {worst:.3g}, allowed {tolerance:.3g}"
