"""The one place in the tests that knows where a layer keeps its weights."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

# The end of the owner's path -> the name in the transcription.
OWNERS = {
    ("highlight", "lstm"): "highlight",
    ("highlight", "highlight_memory"): "highlight_memory",
    ("highlight", "projection"): "highlight_projection",
    ("fuse", "lstm"): "fuse",
    ("summarize", "hidden"): "summarize_hidden",
    ("summarize", "summary"): "summarize_output",
}


def weights_of(layer: keras.layers.Layer) -> dict[str, Any]:
    """The weights of an RMFN, RMFNCell or MultistageFusion in float64, as `reference` names them.

    `lsthm` holds the modalities in the order of `layer.units`.
    """
    return arranged(layer, layer.trainable_weights)


def arranged(layer: keras.layers.Layer, values: Iterable[Any]) -> dict[str, Any]:
    """One value for each of `layer.trainable_weights`, such as gradients, likewise named."""
    found: dict[str, Any] = {"lsthm": {m: {} for m in getattr(layer, "units", ())}}
    for weight, value in zip(layer.trainable_weights, values, strict=True):
        *owner, leaf = weight.path.split("/")
        # In two steps, since a Keras variable refuses NumPy's request for a copy.
        value = np.array(np.asarray(value), np.float64)
        if leaf == "fuse_memory":
            found["fuse_memory"] = value
        elif tuple(owner[-2:]) in OWNERS:
            found.setdefault(OWNERS[tuple(owner[-2:])], {})[leaf] = value
        else:
            found["lsthm"][owner[-1]][leaf] = value
    return found


def place_random_weights(layer: keras.layers.Layer, seed: int = 0) -> None:
    """Overwrites every trainable weight: kernels N(0, 1/fan_in), biases N(0, 0.3²).

    Of about default scale, but with nothing left at a value that could hide a mistake (zero
    biases, forget biases of one, a fuse memory of unit norm). The few relu units of a tiny
    Summarize get biases around 0.5: with all of them dead, z would be the same whatever the input.
    """
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_weights:
        spread = 0.3 if len(weight.shape) == 1 else weight.shape[0] ** -0.5
        value = rng.normal(scale=spread, size=weight.shape)
        if weight.path.endswith("summarize/hidden/bias"):
            value += 0.5
        weight.assign(value)
