"""Does the written SavedModel answer as the model does? Checked before it is published."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from rmfn_tf.export.contract import LENGTHS
from rmfn_tf.export.signature import Signature

# (batch, time): unlike each other and, by far, unlike anything a trace could have fixed.
_SHAPES = ((3, 7), (1, 1))


def check_same_outputs(
    saved_model: Path, signatures: Sequence[Signature], tolerance: float
) -> None:
    """Load a SavedModel and compare each signature with the function it was made from.

    The inputs are random, of two batch sizes and lengths. Both must give finite numbers with
    `|Δ| ≤ tolerance · max(1, |expected|)`.

    Raises:
        ValueError: They differ, or the outputs are not finite.
    """
    served = tf.saved_model.load(str(saved_model)).signatures
    for signature in signatures:
        for batch, time in _SHAPES:
            inputs = _random_inputs(signature.inputs, batch, time)
            expected = signature.function(inputs)
            received = served[signature.name](**inputs)
            for name, value in expected.items():
                _compare(
                    f"{name!r} of {signature.name!r} for {batch} sequences of up to {time} words",
                    tf.cast(value, tf.float64).numpy(),
                    tf.cast(received[name], tf.float64).numpy(),
                    tolerance,
                )


def _random_inputs(
    specs: Mapping[str, keras.InputSpec], batch: int, time: int
) -> dict[str, tf.Tensor]:
    """Standard normal features; lengths from `time` down, so that some sequences are padded."""
    generator = np.random.default_rng(0)
    inputs = {}
    for name, spec in specs.items():
        if name == LENGTHS:
            values = np.maximum(time - 2 * np.arange(batch), 1)
        else:
            sizes = (batch, time)[: len(spec.shape) - 1]
            values = generator.standard_normal((*sizes, spec.shape[-1]))
        inputs[name] = tf.constant(values, dtype=spec.dtype)
    return inputs


def _compare(what: str, expected: np.ndarray, received: np.ndarray, tolerance: float) -> None:
    if not np.isfinite(expected).all():
        raise ValueError(
            f"the model's {what} is not finite on standard normal inputs: {expected.tolist()}. "
            "Did its training diverge?"
        )
    if received.shape != expected.shape:
        raise ValueError(
            f"the exported model's {what} has shape {received.shape}, the model's own "
            f"{expected.shape}"
        )
    worst = np.max(np.abs(received - expected) / np.maximum(1, np.abs(expected)), initial=0)
    if not worst <= tolerance:
        raise ValueError(
            f"the exported model does not answer as the model does: {what} differs by {worst:.2g} "
            f"(allowed: {tolerance:.0e}). Does a layer choose its path in Python by the shape or "
            "the values of its inputs?"
        )
