"""The body of Deep Fusion: a dense net for each modality, and one over what they say."""

from typing import Any

import keras

from rmfn_tf.layers import TemporalMean
from rmfn_tf.models.rmfn import units_of


def df(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: dict[str, int] | None = None,
    num_layers: int = 2,
    opinion_units: int = 1,
    dropout: float = 0.0,
) -> Any:
    """Deep multimodal fusion (Nojavanasghari et al., ICMI 2016).

        v_m = dense relu layers on the mean of x^m over the real steps
        y_m = v_m W_m + b_m                       what this modality says by itself
        y   = the head of `create_model` on [y_1 ; v_1 ; ... ; y_M ; v_M]

    all trained together. That the head also sees the last hidden layers v_m is our reading.

    Args:
        units: size of the hidden layers of each modality, by name; None: `default_units`.
        num_layers: hidden layers of each modality.
        opinion_units: size of each `y_m`.
        dropout: rate after each hidden layer.
    """
    units = units_of(inputs, units)
    said = []
    for m, x in inputs.items():
        signal = TemporalMean(return_sequences, name=f"{m}_mean")(x, mask=mask)
        for layer in range(1, num_layers + 1):
            signal = keras.layers.Dense(units[m], activation="relu", name=f"{m}_{layer}")(signal)
            signal = keras.layers.Dropout(dropout, name=f"{m}_dropout_{layer}")(signal)
        said += [keras.layers.Dense(opinion_units, name=f"{m}_opinion")(signal), signal]
    return keras.layers.Concatenate(name="late_fusion")(said)
