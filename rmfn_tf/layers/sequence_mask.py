import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rmfn_tf")
class SequenceMask(keras.layers.Layer):
    """Turns lengths into the mask of right-padded sequences.

        mask[b, t] = t < lengths[b]

    Call arguments:
        lengths: `(batch,)` integers.
        sequence: `(batch, time, features)`; only its number of steps is read.

    Output:
        `(batch, time)` bool.
    """

    def call(self, lengths, sequence):
        steps = ops.arange(ops.shape(sequence)[1], dtype="int32")
        return ops.less(steps[None, :], ops.cast(lengths, "int32")[:, None])
