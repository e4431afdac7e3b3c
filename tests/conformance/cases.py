"""What runs through the same checks: every public layer and every registered model.

A new layer or model joins with one line in `CASES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from rmfn_tf import layers
from rmfn_tf.models import create_model, model_options
from support.sequences import features

WIDTHS = {"visual": 3, "language": 4}
UNITS = {"visual": 3, "language": 2}
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


def model(
    name: str, task: str, unused: frozenset[str] = frozenset(), **hyperparameters: Any
) -> Case:
    """A model by its registered name; the first word of the case's name."""
    if "head_units" in model_options(name):
        hyperparameters["head_units"] = 4

    def make() -> keras.Model:
        return create_model(name, features=WIDTHS, task=task, num_outputs=2, **hyperparameters)

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
    model("rmfn", "regression", units=UNITS, **SMALL),
    model("ef_lstm", "classification", units=3),
    model("bc_lstm", "regression", units=UNITS, fusion_units=3),
    model("mv_lstm", "regression", units=UNITS),
    # The gates' nets learn from a term of the loss alone.
    model("gme_lstm", "regression", frozenset({"gates"}), units=3, gate_units=2),
    model("tfn", "multilabel", units=UNITS),
    model("lmf", "regression", units=UNITS, rank=2, fusion_units=3),
    model("marn", "regression", units=UNITS, num_attentions=2, summary_units=3),
    model("mfn", "classification", units=UNITS, memory_units=3, net_units=4),
    model("df", "regression", units=UNITS),
    model("ef_hcrf", "regression", num_states=2, window=1),
    model("ef_ldhcrf", "classification", num_states=2),
    model("mv_hcrf", "multilabel", num_states=2, links="both"),
    model("mv_ldhcrf", "regression", num_states=2, num_bins=2),
]
