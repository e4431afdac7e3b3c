import keras
from keras import ops

from rmfn_tf.layers.arguments import dropout_rate, one_of, positive_integer


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
