"""The body of the Memory Fusion Network."""

import keras
from keras import ops

from rmfn_tf.models.recurrent import ModalitiesCell, body_of, softmax


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
        self.attend = self.net("attend", window, hidden, window)
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
        attended = softmax(self.attend(window)) * window
        both = ops.concatenate([attended, memory], axis=-1)
        proposed = self.propose(attended)
        memory = self.keep(both) * memory + self.add(both) * proposed
        return ops.concatenate([*h, memory], axis=-1), [*h, *after, memory]


mfn = body_of(MFNCell, "mfn")
"""Gives `[h^1 ; ... ; h^M ; u]`; see `body_of` for what all such models share."""
