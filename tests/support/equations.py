"""Layers against the transcription of the equations: built, weighted and compared."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np

from rmfn_tf.layers import RMFN, MultistageFusion
from support import reference
from support.reference import Settings
from support.sequences import FEATURES, UNITS, assert_close, first
from support.weights import place_random_weights, weights_of

FUSION_UNITS = 5
SUMMARY_UNITS = 4
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def changes(settings: Settings) -> str:
    """What differs from the default, as a test's name."""
    default = asdict(Settings())
    named = [f"{k}={v}" for k, v in asdict(settings).items() if v != default[k]]
    return ",".join(named) or "default"


def make_rmfn(
    settings: Settings | None = None,
    modalities: int = 3,
    dtype: str = "float32",
    random_weights: bool = True,
    weight_seed: int = 0,
    **arguments: Any,
) -> RMFN:
    """A built RMFN of tiny sizes with random weights placed, so that no default hides anything."""
    arguments = {
        "units": first(UNITS, modalities),
        "fusion_units": FUSION_UNITS,
        "summary_units": SUMMARY_UNITS,
        "dtype": dtype,
        **asdict(settings or Settings()),
        **arguments,
    }
    with constant_attention_allowed():
        layer = RMFN(**arguments)
        layer.build({m: (None, None, FEATURES[m]) for m in first(FEATURES, modalities)})
    if random_weights:
        place_random_weights(layer, weight_seed)
    return layer


def make_fusion(settings: Settings, width: int, **arguments: Any) -> MultistageFusion:
    """A built MultistageFusion on hidden states of `width`, likewise."""
    options = asdict(settings)
    del options["feedback"]
    with constant_attention_allowed():
        fusion = MultistageFusion(
            fusion_units=FUSION_UNITS, summary_units=SUMMARY_UNITS, **options, **arguments
        )
        fusion.build((None, width))
    place_random_weights(fusion)
    return fusion


@contextmanager
def constant_attention_allowed() -> Iterator[None]:
    """Silences the one warning of the constructors; it has its own test."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*attention is constant.*")
        yield


def random_state(layer: RMFN, batch: int, seed: int = 7) -> list[np.ndarray]:
    """A state as a stretch of words leaves it: h and z inside (-1, 1), c a little outside."""
    rng = np.random.default_rng(seed)
    count = len(layer.units)
    bounds = [0.9] * count + [1.5] * count + [0.9]
    return [
        rng.uniform(-bound, bound, size=(batch, size)).astype(layer.compute_dtype)
        for bound, size in zip(bounds, layer.cell.state_size, strict=True)
    ]


def assert_equals_reference(
    layer: RMFN,
    settings: Settings,
    x: dict[str, np.ndarray],
    mask: np.ndarray | None = None,
    initial_state: list[np.ndarray] | None = None,
) -> None:
    """Outputs, states and attention of one call equal the transcription's.

    The layer must be made with `return_sequences=True, return_state=True`.
    """
    tolerance = TOLERANCE[layer.compute_dtype]
    expected = reference.rmfn(x, weights_of(layer), settings, mask, initial_state)
    results = layer(
        x,
        mask=mask,
        initial_state=initial_state,
        return_attention_scores=settings.highlight,
    )
    if settings.highlight:
        *results, attention = results
        # The layer gives attention in float32 always.
        assert_close(attention, expected.attention, max(tolerance, 1e-7), "attention")
    outputs, *states = results
    assert_close(outputs, expected.outputs, tolerance, "outputs")
    assert len(states) == len(expected.states)
    for number, (state, right) in enumerate(zip(states, expected.states, strict=True)):
        assert_close(state, right, tolerance, f"state {number}")
