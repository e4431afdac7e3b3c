"""Word by word: the signature by which a client follows someone who is still speaking."""

from typing import Any

import keras
from keras import ops

from rmfn_tf.export.request_checks import check_words
from rmfn_tf.export.signature import PREDICTION, Signature
from rmfn_tf.layers import RMFN

_RMFN = "rmfn"  # the layer's name in `create_model("rmfn")`


def has_rmfn(model: keras.Model) -> bool:
    """Whether a model has the layers of `create_model("rmfn")` and no others, by their names."""
    layers = {layer.name: layer for layer in model.layers}
    rmfn = layers.get(_RMFN)
    if not isinstance(rmfn, RMFN):
        return False
    needed = {"lengths", "mask", _RMFN, "prediction", *rmfn.units}
    needed |= {f"{modality}_scaling" for modality in rmfn.units}
    return needed <= layers.keys() <= needed | {"head", "head_dropout"}


def highlights(model: keras.Model) -> bool:
    """Whether its RMFN layer has attention."""
    return model.get_layer(_RMFN).cell.fusion.highlight is not None


def state_sizes(model: keras.Model) -> dict[str, int]:
    """State -> its size, in the layer's order: `h_<modality>`, `c_<modality>`, `z`."""
    layer = model.get_layer(_RMFN)
    names = [f"{kind}_{modality}" for kind in "hc" for modality in layer.units]
    return dict(zip([*names, "z"], layer.cell.state_size, strict=True))


def step(model: keras.Model) -> Signature:
    """One word of each modality and the states, to the prediction and the next states.

    Inputs: each modality `(batch, F)`, one word (zeros where the modality has nothing), and the
    states `h_<modality>`, `c_<modality>` and `z`, each `(batch, size)`, all zero before the first
    word. Outputs: `prediction` `(batch, outputs)` after this word, the states under the same names,
    and, where the model highlights, `attention_<modality>` `(batch, stages, d_m)`. All float32.

    After T steps `prediction` is what `serving_default` gives for the T words. (No modality can be
    called as a state: see `rmfn_tf.names`.)
    """
    layer, sizes = model.get_layer(_RMFN), state_sizes(model)
    cell = layer.cell
    widths = {**cell.features, **sizes}
    inputs = {
        name: keras.InputSpec(shape=(None, width), dtype="float32", name=name)
        for name, width in widths.items()
    }

    word = _Word(layer)

    def follow(features: dict[str, Any]) -> dict[str, Any]:
        features = check_words(features, inputs)
        scaled = {m: model.get_layer(f"{m}_scaling")(features[m]) for m in cell.features}
        signal, states, attention = word(scaled, [features[name] for name in sizes])
        for name in ("head", "prediction"):
            if any(each.name == name for each in model.layers):
                signal = model.get_layer(name)(signal)
        return {
            PREDICTION: readable(signal),
            **{name: readable(each) for name, each in zip(sizes, states, strict=True)},
            **({} if attention is None else attention_by_modality(model, attention)),
        }

    return Signature("step", inputs, follow)


class _Word(keras.layers.Layer):
    """An RMFN layer's cell on one word, in the layer's own precision.

    A layer, since Keras casts weights to the compute dtype only inside of one.
    """

    def __init__(self, rmfn):
        super().__init__(name="word", dtype=rmfn.dtype_policy)
        self.rmfn = rmfn

    def call(self, words, states):
        """`[h ; z]`, the next states, and the attention or None."""
        cell = self.rmfn.cell
        projections = {m: lsthm.project(words[m]) for m, lsthm in cell.lsthm.items()}
        with_attention = cell.fusion.highlight is not None
        states, attention = cell.step(projections, states, return_attention_scores=with_attention)
        return cell.output_of(states), states, attention


def attention_by_modality(model: keras.Model, attention: Any) -> dict[str, Any]:
    """`(..., stages, Σd_m)` -> `attention_<modality>` `(..., stages, d_m)` float32."""
    parts, start = {}, 0
    for modality, units in model.get_layer(_RMFN).units.items():
        part = attention[..., start : start + units]
        parts[f"attention_{modality}"] = ops.cast(part, "float32")
        start += units
    return parts


def readable(tensor: Any) -> Any:
    """Half precision as float32: neither JSON nor NumPy knows bfloat16."""
    half = keras.backend.standardize_dtype(tensor.dtype) in {"float16", "bfloat16"}
    return ops.cast(tensor, "float32") if half else tensor
