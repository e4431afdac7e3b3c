"""Models that learn from more than the loss of their output."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rmfn_tf")
class OwnLossModel(keras.Model):
    """A functional model with a layer that has a say in what is learned.

    The layer's `losses_of(losses, weights, labels, training)` is given the compiled loss of each
    example `(batch,)` or step `(batch, time)` with their weights. It gives losses of the same shape
    in their place, and a term to add to their weighted sum. It may use what its `call` has kept,
    since that ran before in the same trace.
    """

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = keras.losses.get(self.loss)
        each = getattr(loss, "call", loss)(ops.cast(y, y_pred.dtype), y_pred)
        weights = ops.ones_like(each)
        if sample_weight is not None:
            weights = ops.cast(sample_weight, each.dtype)
        mask = getattr(y_pred, "_keras_mask", None)  # of the steps, as in Keras' own losses
        if mask is not None and len(each.shape) > 1:
            weights = weights * ops.cast(mask, each.dtype)
        term = 0.0
        for layer in self.layers:
            if hasattr(layer, "losses_of"):
                each, term = layer.losses_of(each, weights, y, training)
        # Of steps, those of weight 0 do not count; of examples Keras divides by all.
        count = ops.sum(weights) if len(each.shape) > 1 else ops.cast(ops.size(each), each.dtype)
        return ops.divide_no_nan(ops.sum(each * weights) + term, count) + sum(self.losses)
