"""A view of a trained RMFN that also returns its attention."""

import keras


def attention_model(model: keras.Model) -> keras.Model:
    """A model on the same inputs and weights that returns `prediction` and `attention`.

    Args:
        model: made by `create_model("rmfn", ...)`.

    Returns:
        A functional model whose output is a dict: `prediction` as of `model`, `attention`
        `(batch, time, stages, Σd_m)` float32: the weight of every hidden coordinate, in the order
        of the RMFN layer's `units`; zero at padded steps.

    Raises:
        ValueError: the model has no RMFN layer, or one with `highlight=False`.
    """
    layer = model.get_layer("rmfn")
    scaled = {m: model.get_layer(f"{m}_scaling").output for m in layer.units}
    mask = model.get_layer("mask").output
    attention = _Attention(layer)(scaled, mask=mask)
    return keras.Model(
        model.input, {"prediction": model.output, "attention": attention}, name="attention"
    )


class _Attention(keras.layers.Layer):
    """An RMFN layer's attention alone.

    A layer of its own, since Keras 3.15 cannot trace a graph through two calls of one layer with
    different numbers of outputs.
    """

    def __init__(self, rmfn):
        super().__init__(name="attention", dtype=rmfn.dtype_policy)
        self.rmfn = rmfn
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return self.rmfn(inputs, mask=mask, return_attention_scores=True)[-1]
