import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rmfn_tf")
class LSTHMCell(keras.layers.LSTMCell):
    """Cell of the Long-Short Term Hybrid Memory: an LSTM whose four gates also see `z`.

    With `x` the input, `h`, `c` the states and `z` the fusion of all modalities at the step before:

        i, f, g, o = σ(a_i), σ(a_f), tanh(a_g), σ(a_o)   of   a = x·W + h·U + z·V + b
        c' = f * c + i * g
        h' = o * tanh(c')

    (LSTHM of arXiv 1808.03920 and arXiv 1802.00923). The gates are packed i, f, g, o as in
    `keras.layers.LSTMCell`, so that without `fusion` the two are equal weight for weight.

    Args:
        units: size `d` of the hidden state.
        fusion_initializer: initializer of `fusion_kernel` (V).
        **kwargs: arguments of `keras.layers.LSTMCell` but for `recurrent_dropout`.

    Call arguments:
        inputs: `(batch, features)`.
        states: `[h, c]`, each `(batch, units)`.
        fusion: `z`, `(batch, fusion_width)`; `None` for a plain LSTM step. A cell built without a
            fusion width has no V and takes no `fusion`.
        training: whether input dropout is on. The mask is drawn once per sequence, as in Keras.

    Output:
        `(h', [h', c'])`.

    Raises:
        ValueError: for `recurrent_dropout`, or `fusion` given to a cell built without it.

    Example:

    >>> cell = LSTHMCell(8)
    >>> h = keras.ops.zeros((2, 8))
    >>> output, states = cell(keras.ops.ones((2, 5)), [h, h], fusion=keras.ops.ones((2, 4)))
    >>> output.shape
    TensorShape([2, 8])
    """

    def __init__(self, units, fusion_initializer="glorot_uniform", **kwargs):
        if kwargs.get("recurrent_dropout"):
            raise ValueError(
                "LSTHMCell has no `recurrent_dropout`; use `dropout` (on the inputs). "
                f"Received: recurrent_dropout={kwargs['recurrent_dropout']}"
            )
        super().__init__(units, **{**kwargs, "implementation": 2})
        self.fusion_initializer = keras.initializers.get(fusion_initializer)
        self.fusion_kernel = None

    def build(self, inputs_shape, fusion_shape=None):
        super().build(inputs_shape)
        if fusion_shape is not None:
            self.fusion_kernel = self.add_weight(
                shape=(fusion_shape[-1], self.units * 4),
                name="fusion_kernel",
                initializer=self.fusion_initializer,
            )

    def call(self, inputs, states, fusion=None, training=False):
        if training and self.dropout:
            inputs = inputs * self.get_dropout_mask(inputs)
        h, c = self.step(self.project(inputs), states, fusion)
        return h, [h, c]

    def project(self, inputs):
        """x·W + b: the part of the gates that does not depend on time, for any leading shape."""
        projection = ops.matmul(inputs, self.kernel)
        return projection if self.bias is None else ops.add(projection, self.bias)

    def step(self, projection, states, fusion=None):
        """One step from an already projected input `(batch, 4 * units)`; returns `h', c'`."""
        h, c = states
        gates = ops.add(projection, ops.matmul(h, self.recurrent_kernel))
        if fusion is not None:
            if self.fusion_kernel is None:
                raise ValueError(
                    f"LSTHMCell {self.name!r} was built without a fusion width but got `fusion` of "
                    f"shape {fusion.shape}. Call `cell.build(inputs_shape, fusion_shape)` first."
                )
            gates = ops.add(gates, ops.matmul(fusion, self.fusion_kernel))
        i, f, g, o = ops.split(gates, 4, axis=-1)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, c

    def get_config(self):
        initializer = keras.initializers.serialize(self.fusion_initializer)
        return {**super().get_config(), "fusion_initializer": initializer}
