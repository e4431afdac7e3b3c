"""Center and scale of every feature, for the `FeatureScaling` layer inside the model."""

from typing import TypedDict

import numpy as np

from rmfn_tf.data.examples import Examples

METHODS = ("robust", "standard", "max_abs", "none")
_IQR_OF_NORMAL = 1.349  # interquartile range of a normal distribution of deviation 1


class Scaling(TypedDict):
    """Arguments of `FeatureScaling`: `(F,)` float32 center and positive scale, and the clip."""

    center: np.ndarray
    scale: np.ndarray
    clip: float | None


def fit_scaling(
    examples: Examples, method: str = "robust", clip: float | None = 10.0
) -> dict[str, Scaling]:
    """Statistics of each feature over all steps of the given (training!) examples.

    The model computes `clip((x - center) / scale, -clip, clip)` from them, where

    - `"robust"`: median and IQR / 1.349 (COVAREP saturates and holds ±inf); the standard deviation
      where the IQR is 0;
    - `"standard"`: mean and standard deviation;
    - `"max_abs"`: 0 and the largest absolute value;
    - `"none"`: 0 and 1, never clipped: the features as they are.

    Steps that are all zero in a modality are missing there and left out; NaN and ±inf are left out
    feature by feature. A feature that is constant (to float32's resolution) gets scale 1, and one
    without any value center 0 and scale 1, so that nothing is divided by zero or near it.

    Args:
        examples: the training split alone; statistics of another split would leak into training.
        method: as above.
        clip: largest absolute value after scaling, positive, or `None`.

    Returns:
        Modality -> arguments of `FeatureScaling`, in the order of the modalities.

    Raises:
        ValueError: an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"fit_scaling: `method` must be one of {METHODS}; got {method!r}.")
    scaling: dict[str, Scaling] = {}
    for name, width in examples.widths.items():
        center, scale = np.zeros(width), np.ones(width)
        if method != "none":
            values, known = _known_values(examples.features[name])
            if known.any():
                center[known], scale[known] = _statistics(values[:, known], method)
        scaling[name] = {
            "center": center.astype(np.float32),
            "scale": scale.astype(np.float32),
            "clip": None if method == "none" or clip is None else float(clip),
        }
    return scaling


def _known_values(sequences: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The steps that are not missing, with NaN for what is not finite, and which features `(F,)`
    have any value."""
    frames = np.concatenate(sequences)
    # Float64: squares of what float32 can hold overflow in float32.
    values = frames[(frames != 0).any(axis=1)].astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    return values, ~np.isnan(values).all(axis=0)


def _statistics(values: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Center and scale `(F,)` of `(steps, F)`, NaN left out; each feature has a value."""
    largest = np.nanmax(np.abs(values), axis=0)
    if method == "max_abs":
        center, scale = np.zeros_like(largest), largest
        usable = largest >= np.finfo(np.float32).tiny
    else:
        center, scale = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        usable = _resolved(scale, largest)
    if method == "robust":
        low, center, high = np.nanpercentile(values, [25, 50, 75], axis=0)
        quartiles = (high - low) / _IQR_OF_NORMAL
        # Measured by the quartiles, not the largest value: one outlier must not flatten them.
        spread_out = _resolved(quartiles, np.maximum(np.abs(low), np.abs(high)))
        scale, usable = np.where(spread_out, quartiles, scale), spread_out | usable
    return center, np.minimum(np.where(usable, scale, 1.0), np.finfo(np.float32).max)


def _resolved(spread: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
    """Whether a spread is more than rounding in float32 (or a subnormal, zero to TensorFlow)."""
    return spread > np.maximum(np.finfo(np.float32).eps * magnitude, np.finfo(np.float32).tiny)
