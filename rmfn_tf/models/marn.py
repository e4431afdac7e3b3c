"""The body of the Multi-attention Recurrent Network."""

import keras
from keras import ops

from rmfn_tf.layers import LSTHMCell
from rmfn_tf.models.recurrent import ModalitiesCell, body_of, softmax


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MARNCell(ModalitiesCell):
    """One step of the Multi-attention Recurrent Network (Zadeh et al., AAAI 2018, 1802.00923).

        h_t^m, c_t^m = LSTHM^m(x_t^m, h_{t-1}^m, c_{t-1}^m, z_{t-1})
        a^1 .. a^K   = D_a(h_t), a softmax for each over the d coordinates of h_t
        s^m          = D_m([a^1 * h_t ; ... ; a^K * h_t] at the coordinates of modality m)
        z_t          = D_z([s^1 ; ... ; s^M])

    with h_t of all modalities side by side. RMFN asks for K highlights one after the other, each
    knowing the last; these K are independent. Each D is Dense(relu), then Dense. One softmax an
    attention is the paper's, as we read it; a public module takes one over all K·d.

    Args:
        features, units: as of `ModalitiesCell`.
        num_attentions: K.
        local_units: size of each s^m.
        summary_units: size of z.
        net_units: size of the hidden layer of each D.
        **kwargs: of `keras.layers.Layer`.

    Weights: `lsthms[m]`, each as `rmfn_tf.layers.LSTHMCell` (the authors' gates: f, i, o, g);
    `attend`, whose outputs are attention by attention, `reduce[m]` and `summarize`, each two Dense.
    """

    def __init__(
        self,
        features,
        units,
        num_attentions=4,
        local_units=32,
        summary_units=64,
        net_units=64,
        **kwargs,
    ):
        super().__init__(features, units, **kwargs)
        self.num_attentions, self.local_units = num_attentions, local_units
        self.summary_units, self.net_units = summary_units, net_units
        self.lsthms = [
            LSTHMCell(size, name=f"lsthm_{m}", dtype=self.dtype_policy)
            for m, size in enumerate(self.units)
        ]
        self.state_size = [*self.units, *self.units, summary_units]
        self.output_size = self.width + summary_units

    def build(self, input_shape):
        for cell, width in zip(self.lsthms, self.features, strict=True):
            cell.build((None, width), (None, self.summary_units))
        hidden, times = self.net_units, self.num_attentions
        self.attend = self.net("attend", self.width, hidden, times * self.width)
        self.reduce = [
            self.net(f"reduce_{m}", times * size, hidden, self.local_units)
            for m, size in enumerate(self.units)
        ]
        local = len(self.units) * self.local_units
        self.summarize = self.net("summarize", local, hidden, self.summary_units)

    def call(self, inputs, states, training=False):
        count = len(self.units)
        h, c, z = list(states[:count]), list(states[count:-1]), states[-1]
        for m, x in enumerate(self.split(inputs, self.features)):
            _, (h[m], c[m]) = self.lsthms[m](x, [h[m], c[m]], fusion=z)
        signal = ops.concatenate(h, axis=-1)
        logits = ops.reshape(self.attend(signal), (-1, self.num_attentions, self.width))
        attended = softmax(logits) * signal[:, None]
        parts = [
            net(ops.reshape(part, (-1, self.num_attentions * size)))
            for net, part, size in zip(
                self.reduce, self.split(attended, self.units), self.units, strict=True
            )
        ]
        z = self.summarize(ops.concatenate(parts, axis=-1))
        return ops.concatenate([signal, z], axis=-1), [*h, *c, z]


marn = body_of(MARNCell, "marn")
"""Gives `[h^1 ; ... ; h^M ; z]`; see `body_of` for what all such models share."""
