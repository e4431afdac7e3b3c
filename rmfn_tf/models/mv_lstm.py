"""The body of the Multi-View LSTM."""

import keras
import numpy as np
from keras import ops

from rmfn_tf.models.recurrent import ModalitiesCell, body_of


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MVLSTMCell(ModalitiesCell):
    """One step of the Multi-View LSTM (Rajagopalan et al., ECCV 2016): a view for each modality.

        a^m     = x_t^m W^m + Σ_n p^{mn}(h_{t-1}^n) U^{mn} + b^m
        i,f,g,o = σ(a_i), σ(a_f), tanh(a_g), σ(a_o)
        c_t^m   = f * c_{t-1}^m + i * g ;   h_t^m = o * tanh(c_t^m)

    `p^{mm}` keeps the first ⌊α d_m⌋ units of the view's own past, `p^{mn}` the first ⌊β d_n⌋ of
    another's; the rest is 0. (α, β): view-specific (1, 0), coupled (0, 1), fully connected (1, 1),
    hybrid in between.

    Args:
        features, units: as of `ModalitiesCell`.
        alpha, beta: shares from 0 to 1.
        cell_tanh: False gives `h = o * c`, the default of the authors' code.
        **kwargs: of `keras.layers.Layer`.

    Weights of each view: `kernel_m` (F_m, 4 d_m), `recurrent_kernel_m` (Σ d_n, 4 d_m), whose rows
    are the U^{mn} of all n in order, and `bias_m` (4 d_m,), 1 at the forget gates at the start. The
    gates are packed i, f, g, o; those of the authors' code i, f, o, g.
    """

    def __init__(self, features, units, alpha=1.0, beta=0.5, cell_tanh=True, **kwargs):
        super().__init__(features, units, **kwargs)
        for name, value in (("alpha", alpha), ("beta", beta)):
            if not 0 <= value <= 1:
                raise ValueError(f"MVLSTMCell: `{name}` must be from 0 to 1; got {value!r}.")
        self.alpha, self.beta, self.cell_tanh = float(alpha), float(beta), bool(cell_tanh)
        self.state_size = [*self.units, *self.units]
        self.output_size = self.width

    def build(self, input_shape):
        self.weights_of, self.seen = [], []
        for m, (width, size) in enumerate(zip(self.features, self.units, strict=True)):
            kernel = self.add_weight(name=f"kernel_{m}", shape=(width, 4 * size))
            recurrent = self.add_weight(
                name=f"recurrent_kernel_{m}",
                shape=(self.width, 4 * size),
                initializer="orthogonal",
            )
            bias = self.add_weight(
                name=f"bias_{m}", shape=(4 * size,), initializer=_one_at_forget_gates
            )
            self.weights_of.append((kernel, recurrent, bias))
            shares = [self.alpha if n == m else self.beta for n in range(len(self.units))]
            parts = [
                np.arange(d) < int(share * d + 1e-9)
                for d, share in zip(self.units, shares, strict=True)
            ]
            self.seen.append(np.concatenate(parts).astype("float32"))

    def call(self, inputs, states, training=False):
        count = len(self.units)
        h, c = list(states[:count]), list(states[count:])
        past = ops.concatenate(h, axis=-1)
        for m, x in enumerate(self.split(inputs, self.features)):
            kernel, recurrent, bias = self.weights_of[m]
            seen = past * ops.cast(self.seen[m], past.dtype)
            gates = ops.matmul(x, kernel) + ops.matmul(seen, recurrent) + bias
            i, f, g, o = ops.split(gates, 4, axis=-1)
            c[m] = ops.sigmoid(f) * c[m] + ops.sigmoid(i) * ops.tanh(g)
            h[m] = ops.sigmoid(o) * (ops.tanh(c[m]) if self.cell_tanh else c[m])
        return ops.concatenate(h, axis=-1), [*h, *c]


def _one_at_forget_gates(shape, dtype=None):
    return ops.cast(np.repeat([0.0, 1.0, 0.0, 0.0], shape[0] // 4), dtype)


mv_lstm = body_of(MVLSTMCell, "mv_lstm")
"""Gives `[h^1 ; ... ; h^M]`; see `body_of` for what all such models share."""
