"""Checks inside the served graph: a request that cannot be right is INVALID_ARGUMENT.

Names and dtypes a server checks itself, but shapes only in Python: the C++ session takes features
of any width, and one of width 1 would be spread over all and answered.
"""

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from rmfn_tf.export.contract import LENGTHS


def check_sequences(
    inputs: Mapping[str, Any], specs: Mapping[str, keras.InputSpec]
) -> dict[str, Any]:
    """Refuse other ranks and widths, modalities of different batch or time, and lengths that are
    not 1 to time.

    Args:
        inputs: Modality -> `(batch, time, F)`, and `lengths` `(batch,)`.
        specs: The signature's inputs.

    Returns:
        The inputs, to be used in place of the given ones, or the checks would be left out.
    """
    inputs = _check_shapes(inputs, specs)
    lengths = inputs[LENGTHS]
    _check_alike({name: x for name, x in inputs.items() if name != LENGTHS}, axes=2)
    first = next(name for name in inputs if name != LENGTHS)
    batch, time = tf.shape(inputs[first])[0], tf.shape(inputs[first])[1]
    tf.debugging.Assert(
        tf.equal(tf.size(lengths), batch),
        [f"`lengths` must have one number for each sequence of `{first}`; got", tf.size(lengths)],
    )
    tf.debugging.Assert(
        tf.reduce_all((lengths >= 1) & (lengths <= time)),
        [
            f"`lengths` must be from 1 to the number of words in `{first}`, which is",
            time,
            "; got",
            lengths,
        ],
        summarize=8,
    )
    return inputs


def check_words(inputs: Mapping[str, Any], specs: Mapping[str, keras.InputSpec]) -> dict[str, Any]:
    """Refuse words and states of other sizes, or of different batch.

    Args:
        inputs: Name -> `(batch, size)`.
        specs: The signature's inputs.

    Returns:
        As `check_sequences`.
    """
    inputs = _check_shapes(inputs, specs)
    _check_alike(inputs, axes=1)
    return inputs


def _check_shapes(
    inputs: Mapping[str, Any], specs: Mapping[str, keras.InputSpec]
) -> dict[str, Any]:
    """Ranks and widths; TensorFlow's message has the input's name in it, and both shapes."""
    return {
        name: tf.ensure_shape(x, specs[name].shape, name=f"input_{name}")
        for name, x in inputs.items()
    }


def _check_alike(inputs: Mapping[str, Any], axes: int) -> None:
    """The first dimensions (batch; time) are those of the first input."""
    first, *others = inputs
    wanted = tf.shape(inputs[first])[:axes]
    what = "sequences and words" if axes == 2 else "sequences"
    for name in others:
        found = tf.shape(inputs[name])[:axes]
        tf.debugging.Assert(
            tf.reduce_all(tf.equal(found, wanted)),
            [f"`{name}` must have as many {what} as `{first}`, which has", wanted, "; got", found],
        )
