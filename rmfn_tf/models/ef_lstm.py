"""The body of the early-fusion LSTM: one LSTM over all modalities side by side."""

from typing import Any

import keras


def ef_lstm(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: int = 128,
    num_layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """The last layer's output, `(batch, units)`, twice that where it is bidirectional.

    Args:
        units: hidden size of every layer.
        num_layers: how many LSTMs are stacked.
        bidirectional: whether each also reads the sequence backwards.
        dropout: rate on every layer's inputs, one mask per sequence.
        seed: random seed of the dropout.
    """
    if num_layers < 1:
        raise ValueError(f"ef_lstm: `num_layers` must be at least 1; got {num_layers!r}.")
    signal = keras.layers.Concatenate(name="early_fusion")(list(inputs.values()))
    for index in range(num_layers):
        layer = keras.layers.LSTM(
            units,
            return_sequences=return_sequences or index < num_layers - 1,
            dropout=dropout,
            seed=seed,
            name=f"lstm_{index + 1}",
        )
        if bidirectional:
            layer = keras.layers.Bidirectional(layer, name=f"bidirectional_{index + 1}")
        signal = layer(signal, mask=mask)
    return signal
