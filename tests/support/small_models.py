"""Tiny models by name with random inputs, for tests of what `create_model` makes."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rmfn_tf.models import create_model, model_options
from support.sequences import FEATURES, features, first

NAMES = ("rmfn", "ef_lstm")
# Not in alphabetical order: Keras sorts dictionaries, the model must not.
WIDTHS = first(FEATURES, 2)
UNITS = {"visual": 3, "language": 2}
LENGTHS = np.array([4, 2, 1, 3, 4, 2], "int32")
_OPTIONS: dict[str, dict[str, Any]] = {
    "rmfn": {"units": UNITS, "num_stages": 2, "fusion_units": 4, "summary_units": 4},
    "ef_lstm": {"units": 4},
    "bc_lstm": {"units": UNITS, "fusion_units": 3},
    "mv_lstm": {"units": UNITS},
    "gme_lstm": {"units": 3, "gate_units": 2},
    "tfn": {"units": UNITS},
    "lmf": {"units": UNITS, "rank": 2, "fusion_units": 3},
    "marn": {"units": UNITS, "num_attentions": 2, "local_units": 2, "summary_units": 3},
    "mfn": {"units": UNITS, "memory_units": 3, "net_units": 4},
    "df": {"units": UNITS},
    "ef_hcrf": {"num_states": 2, "window": 1},
    "ef_ldhcrf": {"num_states": 2},
    "mv_hcrf": {"num_states": 2, "links": "both"},
    "mv_ldhcrf": {"num_states": 2, "num_bins": 2},
}
EVERY = tuple(_OPTIONS)


def small_model(name: str, weight_seed: int = 0, **arguments: Any) -> keras.Model:
    """A model of a few hundred weights, drawn from `weight_seed`."""
    keras.utils.set_random_seed(weight_seed)
    head = {"head_units": 3} if "head_units" in model_options(name) else {}
    arguments = {"features": WIDTHS, **head, **_OPTIONS[name], **arguments}
    return create_model(name, **arguments)


def random_inputs(seed: int = 0) -> dict[str, np.ndarray]:
    """Six sequences of up to four steps, with what stands in the padding random too."""
    inputs: dict[str, np.ndarray] = features(WIDTHS, batch=len(LENGTHS), seed=seed)
    return {**inputs, "lengths": LENGTHS}


def padding() -> np.ndarray:
    """Where `random_inputs` is padded, `(batch, time)` bool."""
    return np.arange(4)[None, :] >= LENGTHS[:, None]


def random_labels(task: str, num_outputs: int, seed: int = 0) -> np.ndarray:
    """Labels of `random_inputs` as the task's loss takes them."""
    rng = np.random.default_rng(seed)
    if task == "classification":
        return rng.integers(0, num_outputs, len(LENGTHS))
    if task == "multilabel":
        return rng.integers(0, 2, (len(LENGTHS), num_outputs)).astype("float32")
    return rng.normal(size=(len(LENGTHS), num_outputs)).astype("float32")


def batches(
    task: str = "regression", num_outputs: int = 1, weight: float = 1.0, batch_size: int = 3
) -> tf.data.Dataset:
    """`random_inputs` in order as `(inputs, labels, sample weights)`."""
    weights = np.full(len(LENGTHS), weight, "float32")
    whole = (random_inputs(), random_labels(task, num_outputs), weights)
    return tf.data.Dataset.from_tensor_slices(whole).batch(batch_size)


def outputs_of(model: keras.Model, inputs: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """The model's output outside of training."""
    return np.asarray(model(random_inputs() if inputs is None else inputs, training=False))
