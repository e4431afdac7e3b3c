import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured, one_of, positive_integer
from rmfn_tf.layers.fuse import Fuse
from rmfn_tf.layers.highlight import INPUT_MODES, MEMORY_MODES, SCALES, Highlight
from rmfn_tf.layers.summarize import Summarize


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
