"""The body of the Memory Fusion Network."""

from typing import Any

import keras
from keras import ops

from rmfn_tf.models.recurrent import ModalitiesCell, apply, read_steps, softmax


def mfn(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: dict[str, int] | None = None,
    memory_units: int = 64,
    net_units: int = 64,
    dropout: float = 0.0,
) -> Any:
    """`[h^1 ; ... ; h^M ; u]` of `MFNCell` after the last real step, or after each.

    Args:
        units: hidden size of each modality, by name; None: `default_units`.
        memory_units, net_units: of `MFNCell`.
        dropout: rate on the inputs, one mask per sequence. (The authors' code has dropout inside
            the four networks instead.)
    """
    options = {"memory_units": memory_units, "net_units": net_units, "name": "mfn"}
    return read_steps(MFNCell, inputs, mask, return_sequences, units, dropout, **options)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MFNCell(ModalitiesCell):
    """One step of the Memory Fusion Network (Zadeh et al., AAAI 2018, arXiv 1802.00927).

        h_t^m, c_t^m = LSTM^m(x_t^m, h_{t-1}^m, c_{t-1}^m)
        c*    = [c_{t-1} ; c_t]                 of all modalities, the earlier ones first
        ĉ     = softmax(D_a(c*)) * c*           delta-memory attention
        û     = tanh(D_u(ĉ))
        γ1,γ2 = σ(D_1([ĉ ; u_{t-1}])), σ(D_2([ĉ ; u_{t-1}]))
        u_t   = γ1 * u_{t-1} + γ2 * û           multi-view gated memory

    Each D is Dense(relu), then Dense. The states start at zero.

    Args:
        features, units: as of `ModalitiesCell`.
        memory_units: size of u.
        net_units: size of the hidden layer of each D.
        **kwargs: of `keras.layers.Layer`.

    Weights: `lstms[m]`, each as `keras.layers.LSTMCell` (gates i, f, g, o as in PyTorch); `attend`,
    `propose`, `keep` (γ1) and `add` (γ2), each two Dense layers.
    """

    def __init__(self, features, units, memory_units=64, net_units=64, **kwargs):
        super().__init__(features, units, **kwargs)
        self.memory_units, self.net_units = memory_units, net_units
        self.lstms = [
            keras.layers.LSTMCell(size, name=f"lstm_{m}", dtype=self.dtype_policy)
            for m, size in enumerate(self.units)
        ]
        self.state_size = [*self.units, *self.units, memory_units]
        self.output_size = self.width + memory_units

    def build(self, input_shape):
        for lstm, width in zip(self.lstms, self.features, strict=True):
            lstm.build((None, width))
        window, hidden, memory = 2 * self.width, self.net_units, self.memory_units
        self.attend = self.net("attend", window, hidden, window, None)
        self.propose = self.net("propose", window, hidden, memory, "tanh")
        self.keep = self.net("keep", window + memory, hidden, memory, "sigmoid")
        self.add = self.net("add", window + memory, hidden, memory, "sigmoid")

    def call(self, inputs, states, training=False):
        count = len(self.units)
        h, before, memory = list(states[:count]), list(states[count:-1]), states[-1]
        after = list(before)
        for m, x in enumerate(self.split(inputs, self.features)):
            _, (h[m], after[m]) = self.lstms[m](x, [h[m], before[m]])
        window = ops.concatenate([*before, *after], axis=-1)
        attended = softmax(apply(self.attend, window)) * window
        both = ops.concatenate([attended, memory], axis=-1)
        proposed = apply(self.propose, attended)
        memory = apply(self.keep, both) * memory + apply(self.add, both) * proposed
        return ops.concatenate([*h, memory], axis=-1), [*h, *after, memory]

    def get_config(self):
        sizes = {"memory_units": self.memory_units, "net_units": self.net_units}
        return {**super().get_config(), **sizes}
