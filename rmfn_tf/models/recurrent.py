"""What networks have in common that read all modalities step by step in one Keras cell."""

from typing import Any

import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured
from rmfn_tf.models.rmfn import Body, units_of, with_options_of


class ModalitiesCell(Configured):
    """A cell of `keras.layers.RNN` whose inputs are the modalities side by side.

    Args:
        features: width of each modality, in order.
        units: hidden size of each modality, in the same order.
        **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, features, units, **kwargs):
        super().__init__(**kwargs)
        self.features, self.units = list(features), list(units)
        self.width = sum(self.units)

    def split(self, values, sizes):
        """`(batch, Σ sizes)` as a list of `(batch, size)`."""
        ends = [sum(sizes[: place + 1]) for place in range(len(sizes) - 1)]
        return ops.split(values, ends, axis=-1) if ends else [values]

    def net(self, name, inputs, hidden, outputs, activation=None):
        """Dense(relu), then Dense: a small network of the cell, built for so many inputs."""
        layers = [
            keras.layers.Dense(hidden, "relu", name="hidden", dtype=self.dtype_policy),
            keras.layers.Dense(outputs, activation, name="output", dtype=self.dtype_policy),
        ]
        net = keras.Sequential(layers, name=name)
        net.build((None, inputs))
        return net


def softmax(logits: Any) -> Any:
    """Over the last axis, in float32 at least."""
    dtype = keras.backend.result_type(logits.dtype, "float32")
    return ops.cast(ops.softmax(ops.cast(logits, dtype), axis=-1), logits.dtype)


def body_of(cell_class: Any, name: str) -> Body:
    """The body of a model that reads all modalities step by step in a `ModalitiesCell`.

    It gives the cell's output after the last real step, or after each. Its hyperparameters are

        units: hidden size of each modality, by name; None: `default_units`.
        dropout: rate on the inputs, one mask per sequence.

    and the arguments of the cell that have a default.

    Args:
        cell_class: of the cell.
        name: of the cell.
    """

    @with_options_of(cell_class)
    def build(
        inputs: dict[str, Any],
        mask: Any,
        return_sequences: bool,
        *,
        units: dict[str, int] | None = None,
        dropout: float = 0.0,
        **options: Any,
    ) -> Any:
        widths, sizes = [x.shape[-1] for x in inputs.values()], units_of(inputs, units)
        views = [
            keras.layers.SpatialDropout1D(dropout, name=f"{m}_dropout")(x)
            for m, x in inputs.items()
        ]
        signal = keras.layers.Concatenate(name="modalities")(views)
        cell = cell_class(widths, list(sizes.values()), name=name, **options)
        steps = keras.layers.RNN(cell, return_sequences=return_sequences, name="steps")
        return steps(signal, mask=mask)

    return build
