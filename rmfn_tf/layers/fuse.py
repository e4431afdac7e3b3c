import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured, one_of, positive_integer


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Fuse(Configured):
    """FUSE: an LSTM over stages that joins what was highlighted with all earlier stages.

        s^[k] = LSTM_F(input h~^[k])

    The hidden state starts at 0, the memory at one trained row shared by all (the paper:
    "random orthogonal"; drawn once by the initializer, never at call time).
    (arXiv 1808.03920, eq. 3.)

    Args:
        units: size `f` of s.
        memory_mode: `"trainable"` row `(1, f)`, or `"zeros"`.

    Call arguments:
        highlighted: h~^[k], `(batch, d)`.
        states: `[s, memory]` of the stage before; `initial_state(h)` before the first.

    Output:
        `(s, states)`: `(batch, f)` and two `(batch, f)`.
    """

    def __init__(self, units, memory_mode="trainable", **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer("Fuse", "units", units)
        self.memory_mode = one_of("Fuse", "memory_mode", memory_mode, ("trainable", "zeros"))
        self.lstm = keras.layers.LSTMCell(self.units, name="lstm", dtype=self.dtype_policy)

    def build(self, highlighted_shape):
        self.lstm.build((None, highlighted_shape[-1]))
        self.fuse_memory = None
        if self.memory_mode == "trainable":
            self.fuse_memory = self.add_weight(
                shape=(1, self.units), name="fuse_memory", initializer="orthogonal"
            )

    def initial_state(self, h):
        """`[0, memory]`, each `(batch, f)`, for `h` of `(batch, d)`."""
        zeros = ops.zeros((ops.shape(h)[0], self.units), dtype=self.compute_dtype)
        return [zeros, zeros if self.fuse_memory is None else zeros + self.fuse_memory]

    def call(self, highlighted, states):
        return self.lstm(highlighted, states)
