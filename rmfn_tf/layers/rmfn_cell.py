import keras
from keras import ops

# Not public, but the only hook by which `keras.layers.RNN` draws a cell's dropout masks once per
# sequence and forgets them afterwards (Keras is pinned below 3.16).
from keras.src.layers.rnn.dropout_rnn_cell import DropoutRNNCell

from rmfn_tf.layers.arguments import dropout_rate, options_of, positive_integer
from rmfn_tf.layers.lsthm_cell import LSTHMCell
from rmfn_tf.layers.multistage_fusion import MultistageFusion


@keras.saving.register_keras_serializable(package="rmfn_tf")
class RMFNCell(keras.layers.Layer, DropoutRNNCell):
    """One word of the Recurrent Multistage Fusion Network, as a Keras RNN cell.

        h_t^m, c_t^m = LSTHM^m(x_t^m, h_{t-1}^m, c_{t-1}^m, z_{t-1})     for every modality m
        z_t          = MultistageFusion([h_t^m for every m])

    (arXiv 1808.03920.) The order of `units` is the order of the modalities everywhere.

    Args:
        features: width `F_m` of each modality, by name; `None` where `RMFN` tells it when built.
        units: hidden size `d_m` of each modality, by name.
        num_stages, fusion_units, summary_units, highlight: as in `RMFN`.
        highlight_memory_mode, highlight_input, highlight_projection, highlight_scale: as in `RMFN`.
        fuse_memory_mode, summarize_layers, summarize_dropout, feedback: as in `RMFN`.
        dropout, unit_forget_bias, seed: as in `RMFN`.
        **kwargs: of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        inputs: `(batch, ΣF_m)`, the modalities side by side.
        states: `[h_m for every m] + [c_m for every m] + [z]`; all zero at the start.
        training: whether dropout is on. Its masks are drawn at the first word and stay until
            `reset_dropout_mask()`, which `keras.layers.RNN` calls after each sequence; in a loop of
            your own, call it there.

    Output:
        `([h ; z], states)`, the first `(batch, Σd_m + summary_units)`.

    Example:

    >>> cell = RMFNCell(features={"words": 5, "voice": 3}, units={"words": 4, "voice": 2})
    >>> keras.layers.RNN(cell)(keras.ops.ones((2, 6, 8))).shape
    TensorShape([2, 134])
    """

    recurrent_dropout = 0.0  # of `DropoutRNNCell`

    def __init__(
        self,
        features,
        units,
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
        feedback=True,
        dropout=0.0,
        unit_forget_bias=True,
        seed=None,
        **kwargs,
    ):
        given = locals()
        super().__init__(**kwargs)
        if not isinstance(units, dict) or not units:
            raise ValueError(
                f"RMFNCell: `units` must be a dict of modality to hidden size, such as "
                f"{{'language': 128, 'acoustic': 32}}; got {units!r}."
            )
        self.units = {m: positive_integer("RMFNCell", f"units[{m!r}]", units[m]) for m in units}
        self.features: dict[str, int] = {}
        if features is not None:
            self.set_features(features)
        self.feedback = bool(feedback)
        self.dropout = dropout_rate("RMFNCell", "dropout", dropout)
        self.unit_forget_bias = bool(unit_forget_bias)
        self.seed = seed
        self.lsthm = {
            m: LSTHMCell(
                width,
                unit_forget_bias=unit_forget_bias,
                dropout=self.dropout,
                seed=None if seed is None else seed + 1 + index,
                name=m,
                dtype=self.dtype_policy,
            )
            for index, (m, width) in enumerate(self.units.items())
        }
        options = {name: given[name] for name in options_of(MultistageFusion)}
        self.fusion = MultistageFusion(**options, name="fusion", dtype=self.dtype_policy)
        sizes = list(self.units.values())
        self.state_size = [*sizes, *sizes, self.fusion.summary_units]
        self.output_size = sum(sizes) + self.fusion.summary_units
        self.summarize_dropout_mask = None

    def set_features(self, features):
        """The width of each modality, as of the constructor; before the cell is built."""
        if not isinstance(features, dict) or set(features) != set(self.units):
            raise ValueError(
                f"RMFNCell: `features` must be a dict of the width of each modality in `units`, "
                f"which are {list(self.units)}; got {features!r}."
            )
        self.features = {
            m: positive_integer("RMFNCell", f"features[{m!r}]", features[m]) for m in self.units
        }

    def build(self, inputs_shape):
        expected = sum(self.features.values())
        if inputs_shape[-1] != expected:
            raise ValueError(
                f"RMFNCell: the modalities {self.features} side by side have {expected} features; "
                f"got inputs of shape {tuple(inputs_shape)}."
            )
        fusion_shape = (None, self.fusion.summary_units) if self.feedback else None
        for m, cell in self.lsthm.items():
            cell.build((None, self.features[m]), fusion_shape)
        self.fusion.build((None, sum(self.units.values())))

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, n), dtype=self.compute_dtype) for n in self.state_size]

    def call(self, inputs, states, training=False):
        if training:
            self.get_dropout_mask(inputs)
        projections, start = {}, 0
        for m, cell in self.lsthm.items():
            x = inputs[:, start : start + self.features[m]]
            start += self.features[m]
            if training and self.dropout:
                x = x * cell.get_dropout_mask(x)
            projections[m] = cell.project(x)
        states, _ = self.step(projections, states, training=training)
        return self.output_of(states), states

    def step(self, projections, states, training=False, return_attention_scores=False):
        """One word whose inputs are already projected: `{m: (batch, 4 * d_m)}`.

        `RMFN` projects all words at once and enters here, so both run this one step function.
        Returns the new states and the attention `(batch, K, d)`, or None where it is not wanted.
        """
        h, c, z = self.split_states(states)
        fusion = z if self.feedback else None
        for m, cell in self.lsthm.items():
            h[m], c[m] = cell.step(projections[m], [h[m], c[m]], fusion)
        fused = self.fusion(
            ops.concatenate(list(h.values()), axis=-1),
            return_attention_scores=return_attention_scores,
            dropout_mask=self.summarize_dropout_mask,
            training=training,
        )
        z, attention = fused if return_attention_scores else (fused, None)
        return [*h.values(), *c.values(), z], attention

    def split_states(self, states):
        """The flat states as `{m: h}`, `{m: c}`, `z`."""
        count = len(self.units)
        h = dict(zip(self.units, states[:count], strict=True))
        c = dict(zip(self.units, states[count:-1], strict=True))
        return h, c, states[-1]

    def output_of(self, states):
        """`[h ; z]` of the flat states."""
        return ops.concatenate([*states[: len(self.units)], states[-1]], axis=-1)

    # What `keras.layers.RNN` (and `RMFN`) call before and after the loop over time.

    def get_dropout_mask(self, step_input):
        start = 0
        for m, cell in self.lsthm.items():
            cell.get_dropout_mask(step_input[:, start : start + self.features[m]])
            start += self.features[m]
        if self.fusion.summarize.dropout and self.summarize_dropout_mask is None:
            batch_size = ops.shape(step_input)[0]
            self.summarize_dropout_mask = self.fusion.summarize.draw_dropout_mask(batch_size)

    def reset_dropout_mask(self):
        for cell in self.lsthm.values():
            cell.reset_dropout_mask()
        self.summarize_dropout_mask = None

    def get_config(self):
        return {
            **self.fusion.get_config(),
            **super().get_config(),
            "features": self.features or None,
            "units": self.units,
            # JSON with sorted keys would lose the order of `units`.
            "modalities": list(self.units),
            "feedback": self.feedback,
            "dropout": self.dropout,
            "unit_forget_bias": self.unit_forget_bias,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**restore_order(config))


def restore_order(config):
    """The config with `units` in the order that its list `modalities` tells."""
    config = dict(config)
    order = config.pop("modalities")
    config["units"] = {m: config["units"][m] for m in order}
    return config
