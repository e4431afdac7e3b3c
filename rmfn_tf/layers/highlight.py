import warnings

import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured, one_of

MEMORY_MODES = ("dense", "zeros")
INPUT_MODES = ("attention", "highlighted")
SCALES = ("dim", "none")


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Highlight(Configured):
    """HIGHLIGHT: one stage's softmax attention over every coordinate of the hidden signal.

    At stage k, with `h` the hidden states of all modalities side by side (`d` coordinates):

        u^[k]  = LSTM_H(input a^[k-1])      a decoder LSTM over stages of hidden size d
        a^[k]  = softmax(u^[k])             over all d coordinates jointly
        h~^[k] = d · h * a^[k]

    starting from `a^[0] = u^[0] = 0` and the memory `M(h) = tanh(h·W + b)`
    (arXiv 1808.03920, eq. 1-2; what the paper leaves open is an argument here).

    Args:
        memory_mode: LSTM_H's first memory: `"dense"` is `M(h)`, `"zeros"` is 0. `"zeros"` with
            `input_mode="attention"` makes the attention the same for every input (a warning).
        input_mode: what LSTM_H reads at stage k+1: the last `"attention"` or the last
            `"highlighted"` signal h~^[k].
        projection: whether a Dense(d) stands between u^[k] and the softmax. Without it the logits
            lie in (-1, 1), so no weight can exceed e²/(e²+d-1): nearly flat where d is large.
        scale: `"dim"` multiplies h~ by d, so that flat attention leaves h as it is; `"none"` is
            the equation letter by letter. Both give the same functions, but from `"none"` a freshly
            initialised network learns to ignore its fusion. The attention itself is never scaled.

    Call arguments:
        h: `(batch, d)`.
        states: `[input, u, memory]` of the stage before; `initial_state(h)` before the first.

    Output:
        `(h~, a, states)`: `(batch, d)`, `(batch, d)` in at least float32, three `(batch, d)`.
    """

    def __init__(
        self, memory_mode="dense", input_mode="attention", projection=False, scale="dim", **kwargs
    ):
        super().__init__(**kwargs)
        self.memory_mode = one_of("Highlight", "memory_mode", memory_mode, MEMORY_MODES)
        self.input_mode = one_of("Highlight", "input_mode", input_mode, INPUT_MODES)
        self.scale = one_of("Highlight", "scale", scale, SCALES)
        self.projection = bool(projection)
        if self.memory_mode == "zeros" and self.input_mode == "attention":
            warnings.warn(
                "Highlight with memory 'zeros' and input 'attention' never sees its input: its "
                "attention is constant. Use memory 'dense' or input 'highlighted'.",
                stacklevel=2,
            )

    def build(self, h_shape):
        width = h_shape[-1]
        policy = self.dtype_policy
        self.lstm = keras.layers.LSTMCell(width, name="lstm", dtype=policy)
        self.lstm.build((None, width))
        self.memory = self.dense = None
        if self.memory_mode == "dense":
            self.memory = keras.layers.Dense(
                width, activation="tanh", name="highlight_memory", dtype=policy
            )
            self.memory.build((None, width))
        if self.projection:
            self.dense = keras.layers.Dense(width, name="projection", dtype=policy)
            self.dense.build((None, width))

    def initial_state(self, h):
        """`[a^[0], u^[0], M(h)]` for `h` of `(batch, d)`."""
        zeros = ops.zeros_like(h)
        return [zeros, zeros, zeros if self.memory is None else self.memory(h)]

    def call(self, h, states):
        previous, hidden, memory = states
        _, (hidden, memory) = self.lstm(previous, [hidden, memory])
        logits = hidden if self.dense is None else self.dense(hidden)
        attention = ops.softmax(
            ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))
        )
        weights = attention * h.shape[-1] if self.scale == "dim" else attention
        highlighted = h * ops.cast(weights, h.dtype)
        following = attention if self.input_mode == "attention" else highlighted
        return highlighted, attention, [following, hidden, memory]
