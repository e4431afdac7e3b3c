import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured


@keras.saving.register_keras_serializable(package="rmfn_tf")
class TemporalMean(Configured):
    """Mean over the real steps of a sequence.

        y_b = Σ_t m_bt x_bt / Σ_t m_bt

    With `return_sequences` step t has the mean of the real steps up to it (zeros before the first),
    so that what is built on it sees no later step.

    Args:
        return_sequences: whether there is a mean for each step.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool; None takes all steps for real.

    Output:
        `(batch, features)`, or `(batch, time, features)`.
    """

    def __init__(self, return_sequences=False, **kwargs):
        super().__init__(**kwargs)
        self.return_sequences, self.supports_masking = return_sequences, True

    def call(self, inputs, mask=None):
        if mask is None:
            mask = ops.ones(ops.shape(inputs)[:2], "bool")
        # Long sums lose digits in half precision.
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        values = ops.where(mask[..., None], ops.cast(inputs, dtype), 0)
        count = ops.cast(mask, dtype)[..., None]
        add = ops.cumsum if self.return_sequences else ops.sum
        mean = add(values, axis=1) / ops.maximum(add(count, axis=1), 1)
        return ops.cast(mean, inputs.dtype)

    def compute_mask(self, inputs, mask=None):
        return mask if self.return_sequences else None
