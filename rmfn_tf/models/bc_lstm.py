"""The body of BC-LSTM: bidirectional LSTMs over a dialogue, by modality and then over all."""

from typing import Any

import keras

from rmfn_tf.models.rmfn import units_of


def bc_lstm(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: dict[str, int] | None = None,
    fusion_units: int = 64,
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """Bidirectional contextual LSTM (Poria et al., ACL 2017).

        s_t^m = tanh(BiLSTM^m(x^m)_t W^m + b^m)              for each modality
        e     = BiLSTM([s^1 ; ... ; s^M])

    With `return_sequences` e_t of every step, which sees the future; otherwise the forward output
    at the last real step and the backward output at the first. Both levels mask padding; the second
    of the authors' code does not, since it gets its inputs from a file. Weights are those of the
    layers `<m>_both_ways`, `<m>_dense` and `context_both_ways`, forward before backward.

    Args:
        units: hidden size of each modality's LSTM, in each direction, and of its dense layer, by
            name; None: `default_units`.
        fusion_units: hidden size of the second level, in each direction.
        dropout: rate on the inputs of all LSTMs, one mask per sequence.
        seed: random seed of the dropout.
    """
    units = units_of(inputs, units)

    def both_ways(name: str, size: int, every_step: bool) -> Any:
        lstm = keras.layers.LSTM(
            size, return_sequences=every_step, dropout=dropout, seed=seed, name=f"{name}_lstm"
        )
        return keras.layers.Bidirectional(lstm, name=f"{name}_both_ways")

    signals = []
    for m, x in inputs.items():
        signal = both_ways(m, units[m], every_step=True)(x, mask=mask)
        signals.append(keras.layers.Dense(units[m], activation="tanh", name=f"{m}_dense")(signal))
    signal = keras.layers.Concatenate(name="fusion")(signals)
    return both_ways("context", fusion_units, every_step=return_sequences)(signal, mask=mask)
