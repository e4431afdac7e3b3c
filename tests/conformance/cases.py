"""What runs through the same checks: every public layer and every registered model.

A new layer joins with one line in `CASES`, a new model with one in `support/small_models.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

import keras
import numpy as np

from rmfn_tf import layers
from rmfn_tf.task import KINDS
from support.sequences import features
from support.small_models import EVERY, UNITS, WIDTHS, small_model

SMALL = {"num_stages": 2, "fusion_units": 3, "summary_units": 4}


@dataclass(frozen=True)
class Case:
    """A layer or model, and how to call it.

    `make()` gives a fresh one under the global dtype policy. `example(batch, time)` gives the
    tuple of its positional call arguments: nested NumPy arrays with the batch first; of an array
    of rank 3 the second axis is time, and may be of any length. `unused` are the weights that
    such a call does not touch.
    """

    name: str
    make: Callable[[], keras.layers.Layer]
    example: Callable[[int, int], tuple[Any, ...]]
    unused: frozenset[str] = frozenset()


def vectors(*widths: int) -> Callable[[int, int], tuple[Any, ...]]:
    """Arguments of shape (batch, width): a vector each; a list of widths is a list of vectors."""

    def example(batch: int, time: int) -> tuple[Any, ...]:
        rng = np.random.default_rng(0)
        return keras.tree.map_structure(
            lambda width: rng.uniform(-1, 1, size=(batch, width)).astype("float32"), widths
        )

    return example


def sequence(batch: int, time: int) -> tuple[Any, ...]:
    return (features({"only": 3}, batch, time)["only"],)


def modalities(batch: int, time: int) -> tuple[Any, ...]:
    return (features(WIDTHS, batch, time),)


def lengths_and_sequence(batch: int, time: int) -> tuple[Any, ...]:
    return np.arange(batch, dtype="int32") % (time + 1), *sequence(batch, time)


def modalities_and_lengths(batch: int, time: int) -> tuple[Any, ...]:
    lengths = np.arange(time, time + batch, dtype="int32") % time + 1
    return ({**features(WIDTHS, batch, time), "lengths": lengths},)


def model(name: str, task: str) -> Case:
    """A model by its registered name; the first word of the case's name."""
    # The nets of the gates learn from a term of the loss alone.
    unused = frozenset({"gates"} if name == "gme_lstm" else ())
    make = partial(small_model, name, task=task, num_outputs=2)
    return Case(f"{name} {task}", make, modalities_and_lengths, unused)


OTHER_READINGS = {
    "feedback": False,
    "highlight_input": "highlighted",
    "highlight_projection": True,
    "highlight_scale": "none",
    "fuse_memory_mode": "zeros",
    "summarize_layers": 1,
    "dropout": 0.3,
    "summarize_dropout": 0.3,
}

CASES = [
    Case("SequenceMask", layers.SequenceMask, lengths_and_sequence),
    Case("FeatureScaling", lambda: layers.FeatureScaling(0.5, [1.0, 2.0, 3.0], 1.5), sequence),
    Case("LSTHMCell", lambda: layers.LSTHMCell(2), vectors(3, [2, 2])),
    Case("LSTHMCell with fusion", lambda: layers.LSTHMCell(2), vectors(3, [2, 2], 4)),
    # The two first memories are for `initial_state`, not for a call.
    Case("Highlight", layers.Highlight, vectors(3, [3, 3, 3]), frozenset({"highlight_memory"})),
    Case("Fuse", lambda: layers.Fuse(2), vectors(3, [2, 2]), frozenset({"fuse_memory"})),
    Case("Summarize", lambda: layers.Summarize(4, dropout=0.3), vectors(6)),
    Case("TemporalMean", layers.TemporalMean, sequence),
    Case("MultistageFusion", lambda: layers.MultistageFusion(**SMALL), vectors(5)),
    Case("RMFNCell", lambda: layers.RMFNCell(WIDTHS, UNITS, **SMALL), vectors(7, [3, 2, 3, 2, 4])),
    Case(
        "RMFN returning everything",
        lambda: layers.RMFN(UNITS, return_sequences=True, return_state=True, **SMALL),
        modalities,
    ),
    Case("RMFN read otherwise", lambda: layers.RMFN(UNITS, **OTHER_READINGS, **SMALL), modalities),
    Case(
        "RMFN without highlight", lambda: layers.RMFN(UNITS, highlight=False, **SMALL), modalities
    ),
    *[model(name, task) for name, task in zip(EVERY, cycle(KINDS), strict=False)],
]
