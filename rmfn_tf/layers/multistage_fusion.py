"""The multistage fusion of RMFN, and its three parts."""

import warnings

import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured, dropout_rate, one_of, positive_integer

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


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Summarize(keras.layers.Layer):
    """SUMMARIZE: turns the outputs of all stages into the cross-modal representation `z`.

        z = tanh(W_2 · dropout(relu(W_1 · [s^[1] .. s^[K]] + b_1)) + b_2)

    (arXiv 1808.03920, eq. 4; the form of the network is our reading.)

    Args:
        units: size of z, and of the relu layer.
        layers: 2, or 1 to leave the relu layer out (dropout then acts on the stages).
        dropout: rate in front of the last layer.
        seed: random seed of the dropout.

    Call arguments:
        stages: `(batch, K * f)`.
        dropout_mask: as `draw_dropout_mask` gives it, to use one mask for a whole sequence;
            without it a training call draws its own.
        training: whether dropout is on.

    Output:
        z, `(batch, units)`.
    """

    def __init__(self, units, layers=2, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer("Summarize", "units", units)
        self.num_layers = one_of("Summarize", "layers", layers, (1, 2))
        self.dropout = dropout_rate("Summarize", "dropout", dropout)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        policy = self.dtype_policy
        self.hidden = None
        if self.num_layers == 2:
            self.hidden = keras.layers.Dense(
                self.units, activation="relu", name="hidden", dtype=policy
            )
        self.summary = keras.layers.Dense(
            self.units, activation="tanh", name="summary", dtype=policy
        )

    def build(self, stages_shape):
        self.dropout_width = stages_shape[-1]
        if self.hidden is not None:
            self.hidden.build((None, stages_shape[-1]))
            self.dropout_width = self.units
        self.summary.build((None, self.dropout_width))

    def draw_dropout_mask(self, batch_size):
        """A mask `(batch_size, width)` of 0 and 1/(1-rate)."""
        ones = ops.ones((batch_size, self.dropout_width), dtype=self.compute_dtype)
        return keras.random.dropout(ones, self.dropout, seed=self.seed_generator)

    def call(self, stages, dropout_mask=None, training=False):
        signal = stages if self.hidden is None else self.hidden(stages)
        if training and self.dropout:
            if dropout_mask is None:
                dropout_mask = self.draw_dropout_mask(ops.shape(stages)[0])
            signal = signal * dropout_mask
        return self.summary(signal)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "layers": self.num_layers,
            "dropout": self.dropout,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="rmfn_tf")
class MultistageFusion(Configured):
    """The multistage fusion process of RMFN at one time step: h in, z out.

        for k in 1..K:  HIGHLIGHT h~^[k], a^[k] from h and stage k-1
                        FUSE      s^[k] = LSTM_F(h~^[k])
        SUMMARIZE       z = S([s^[1] .. s^[K]])

    One set of weights serves all stages (arXiv 1808.03920, eq. 1-4; see `Highlight`, `Fuse` and
    `Summarize` for each part and for what is our reading of the paper).

    Args:
        num_stages: K.
        fusion_units: size `f` of each s^[k].
        summary_units: size of z.
        highlight: `False` hands h itself to every stage: no highlight weights, no attention.
        highlight_memory_mode, highlight_input: `memory_mode` and `input_mode` of `Highlight`.
        highlight_projection, highlight_scale: its `projection` and `scale`.
        fuse_memory_mode: `memory_mode` of `Fuse`.
        summarize_layers, summarize_dropout: `layers` and `dropout` of `Summarize`.
        seed: random seed of the dropout.

    Call arguments:
        h: `(batch, d)`.
        return_attention_scores: whether to return `(z, a)`.
        dropout_mask: see `Summarize`.
        training: whether dropout is on.

    Output:
        z `(batch, summary_units)`, or `(z, a)` with a of `(batch, num_stages, d)` in at least
        float32: each row non-negative, its sum 1.

    Raises:
        ValueError: attention asked for with `highlight=False`.
    """

    def __init__(
        self,
        num_stages=3,
        fusion_units=128,
        summary_units=128,
        highlight=True,
        highlight_memory_mode="dense",
        highlight_input="attention",
        highlight_projection=False,
        highlight_scale="dim",
        fuse_memory_mode="trainable",
        summarize_layers=2,
        summarize_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        owner = "MultistageFusion"
        self.num_stages = positive_integer(owner, "num_stages", num_stages)
        self.fusion_units = positive_integer(owner, "fusion_units", fusion_units)
        self.summary_units = positive_integer(owner, "summary_units", summary_units)
        # Checked here, since with `highlight=False` there is no Highlight to check them.
        self.highlight_memory_mode = one_of(
            owner, "highlight_memory_mode", highlight_memory_mode, MEMORY_MODES
        )
        self.highlight_input = one_of(owner, "highlight_input", highlight_input, INPUT_MODES)
        self.highlight_projection = bool(highlight_projection)
        self.highlight_scale = one_of(owner, "highlight_scale", highlight_scale, SCALES)
        self.fuse_memory_mode, self.summarize_layers = fuse_memory_mode, summarize_layers
        self.summarize_dropout, self.seed = summarize_dropout, seed
        policy = self.dtype_policy
        self.highlight = None
        if highlight:
            self.highlight = Highlight(
                memory_mode=highlight_memory_mode,
                input_mode=highlight_input,
                projection=highlight_projection,
                scale=highlight_scale,
                name="highlight",
                dtype=policy,
            )
        self.fuse = Fuse(self.fusion_units, fuse_memory_mode, name="fuse", dtype=policy)
        self.summarize = Summarize(
            self.summary_units,
            layers=summarize_layers,
            dropout=summarize_dropout,
            seed=seed,
            name="summarize",
            dtype=policy,
        )

    def build(self, h_shape):
        width = h_shape[-1]
        if self.highlight is not None:
            self.highlight.build((None, width))
        self.fuse.build((None, width))
        self.summarize.build((None, self.num_stages * self.fusion_units))

    def call(self, h, return_attention_scores=False, dropout_mask=None, training=False):
        if return_attention_scores and self.highlight is None:
            raise ValueError(
                "`return_attention_scores=True` needs the highlight, but this fusion was made with "
                "`highlight=False`."
            )
        stages, scores = [], []
        fuse_state = self.fuse.initial_state(h)
        highlight_state = None if self.highlight is None else self.highlight.initial_state(h)
        highlighted = h
        for _ in range(self.num_stages):
            if self.highlight is not None:
                highlighted, attention, highlight_state = self.highlight(h, highlight_state)
                scores.append(attention)
            fused, fuse_state = self.fuse(highlighted, fuse_state)
            stages.append(fused)
        z = self.summarize(
            ops.concatenate(stages, axis=-1), dropout_mask=dropout_mask, training=training
        )
        return (z, ops.stack(scores, axis=1)) if return_attention_scores else z

    def get_config(self):
        return {**super().get_config(), "highlight": self.highlight is not None}
