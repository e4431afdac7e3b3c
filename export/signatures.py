"""What a served model can be asked: `serving_default`, and of an RMFN `explain` and `step`.

The graph itself refuses a request that cannot be right, as INVALID_ARGUMENT. A server checks only
names and dtypes: without the checks here, features of width 1 would be broadcast to the width of
the model and answered.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import ops

from rmfn_tf.export.contract import LENGTHS, NEXT
from rmfn_tf.layers import RMFN
from rmfn_tf.models.attention import attention_model
from rmfn_tf.names import SERVED_NAME

Tensors = dict[str, Any]
_RMFN = "rmfn"  # the layer's name in `create_model("rmfn")`


class Endpoint(NamedTuple):
    """A signature before it is written.

    Attributes:
        name: The name that clients ask for.
        inputs: Shape and dtype of each input by name; None means any size.
        function: From a dict of input tensors to a dict of output tensors, inference only. Every
            tensor has the batch as its first dimension, so that a server can batch requests.
    """

    name: str
    inputs: dict[str, tf.TensorSpec]
    function: Callable[[Tensors], Tensors]


def endpoints_of(model: keras.Model) -> list[Endpoint]:
    """Every signature that a model can have: `serving_default`; for an RMFN of `create_model` also
    `step`; and, if it highlights, `explain`. Raises what `serving_default` raises."""
    endpoints = [serving_default(model)]
    if has_rmfn(model):
        if model.get_layer(_RMFN).cell.fusion.highlight is not None:
            endpoints.append(explain(model))
        endpoints.append(step(model))
    return endpoints


def serving_default(model: keras.Model) -> Endpoint:
    """The signature for clients that name none: features in, prediction out.

    Inputs, by the names in `model.input`: each modality `(batch, time, F)` float32, and `lengths`
    `(batch,)` int32, the number of words of each sequence. Output `prediction`: what the model
    returns, `(batch, outputs)` or `(batch, time, outputs)`, called with `training=False`, as
    float32 (JSON has no other precision). NaN and infinite features count as 0 after scaling.

    Raises:
        ValueError: The model has other inputs than these, or not one single output.
    """
    inputs = _input_specs(model)
    if not isinstance(model.output, keras.KerasTensor):
        raise ValueError(
            f"a served model returns one tensor, its prediction; {model.name!r} returns "
            f"{model.output!r}. Export a model made of the output to serve: "
            "keras.Model(model.input, output)"
        )

    def predict(features: Tensors) -> Tensors:
        features = _check_sequences(features, inputs)
        with _without_cudnn(model):
            return {"prediction": ops.cast(model(features, training=False), "float32")}

    return Endpoint("serving_default", inputs, predict)


def explain(model: keras.Model) -> Endpoint:
    """The prediction, and what the network looked at to make it.

    Inputs as of `serving_default`. Outputs: `prediction`, and for each modality
    `attention_<modality>` `(batch, time, stages, d_m)` float32: how much each of its hidden
    coordinates was highlighted at each stage of each word. Over all modalities a stage sums to 1;
    padded words are 0.
    """
    inputs = _input_specs(model)
    view = attention_model(model)

    def look(features: Tensors) -> Tensors:
        outputs = view(_check_sequences(features, inputs), training=False)
        attention = _by_modality(model, outputs["attention"])
        return {"prediction": ops.cast(outputs["prediction"], "float32"), **attention}

    return Endpoint("explain", inputs, look)


def step(model: keras.Model) -> Endpoint:
    """One word of each modality and the states, to the prediction and the next states.

    Inputs: each modality `(batch, F)`, one word (zeros where the modality has nothing), and the
    states `h_<modality>`, `c_<modality>` and `z`, each `(batch, size)`, finite, all zero before the
    first word. Outputs: `prediction` `(batch, outputs)` after this word, the next states as
    `next_<state>`, and, where the model highlights, `attention_<modality>` `(batch, stages, d_m)`.
    All float32, of a float64 model too.

    After T steps `prediction` is what `serving_default` gives for the T words.
    """
    cell, sizes = model.get_layer(_RMFN).cell, state_sizes(model)
    inputs = {
        name: tf.TensorSpec((None, width), tf.float32, name)
        for name, width in {**cell.features, **sizes}.items()
    }
    word = _Word(model.get_layer(_RMFN))
    head = [layer for layer in model.layers if layer.name in ("head", "prediction")]

    def follow(features: Tensors) -> Tensors:
        features = _check_shapes(features, inputs)
        checks = _check_alike(features, "sequences")
        for name in sizes:  # a relu would make 0 of NaN, and the answer would look plausible
            finite = tf.reduce_all(tf.math.is_finite(features[name]))
            said = [f"the state `{name}` must be finite numbers, all of it"]
            checks.append(tf.debugging.Assert(finite, said))
        features = _after(checks, features)
        scaled = {m: model.get_layer(f"{m}_scaling")(features[m]) for m in cell.features}
        signal, states, attention = word(scaled, [features[name] for name in sizes])
        for layer in head:
            signal = layer(signal)
        next_states = zip(sizes, states, strict=True)
        return {
            "prediction": ops.cast(signal, "float32"),
            **{NEXT + name: ops.cast(state, "float32") for name, state in next_states},
            **({} if attention is None else _by_modality(model, attention)),
        }

    return Endpoint("step", inputs, follow)


class _Word(keras.layers.Layer):
    """An RMFN layer's cell for one word, in the layer's own precision: it is a layer itself because
    only inside a layer does Keras cast weights to the compute dtype."""

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


def has_rmfn(model: keras.Model) -> bool:
    """Whether a model has the layers of `create_model("rmfn")` and no others, by their names."""
    layers = {layer.name: layer for layer in model.layers}
    rmfn = layers.get(_RMFN)
    if not isinstance(rmfn, RMFN):
        return False
    needed = {LENGTHS, "mask", _RMFN, "prediction", *rmfn.units}
    needed |= {f"{modality}_scaling" for modality in rmfn.units}
    return needed <= layers.keys() <= needed | {"head", "head_dropout"}


def state_sizes(model: keras.Model) -> dict[str, int]:
    """State of `step` -> its size, in the layer's order: `h_<modality>`, `c_<modality>`, `z`."""
    layer = model.get_layer(_RMFN)
    names = [f"{kind}_{modality}" for kind in "hc" for modality in layer.units]
    return dict(zip([*names, "z"], layer.cell.state_size, strict=True))


def _by_modality(model: keras.Model, attention: Any) -> Tensors:
    """`(..., stages, Σd_m)` -> `attention_<modality>` `(..., stages, d_m)` float32."""
    attention, start = ops.cast(attention, "float32"), 0
    parts: Tensors = {}
    for name, units in model.get_layer(_RMFN).units.items():  # ops.split cannot make a single part
        parts[f"attention_{name}"] = attention[..., start : start + units]
        start += units
    return parts


def _input_specs(model: keras.Model) -> dict[str, tf.TensorSpec]:
    """Each input's shape and dtype by name, checked against what every served model takes."""
    try:
        forms = {name: (tensor.shape, tensor.dtype) for name, tensor in model.input.items()}
    except (AttributeError, ValueError):  # not a model, or its inputs are no dict or not yet known
        raise ValueError(
            "a served model is a functional keras.Model whose inputs are a dict, "
            f"keras.Model({{'language': ..., 'lengths': ...}}, outputs); received {model!r}"
        ) from None
    if LENGTHS not in forms or len(forms) == 1:
        raise ValueError(
            f"a served model needs one modality at least, and the input {LENGTHS!r} (batch,) int32,"
            f" the number of words of each sequence; {model.name!r} has {sorted(forms)}"
        )
    for name, (shape, dtype) in forms.items():
        if not SERVED_NAME.fullmatch(name):
            raise ValueError(
                f"{model.name!r} has an input {name!r}, which TensorFlow cannot serve under that "
                "name: letters, digits and underscores after a first letter, and not 'self'"
            )
        if name == LENGTHS:
            wanted, fits = "(batch,) int32", (shape, dtype) == ((None,), "int32")
        else:
            wanted = "(batch, time, features) float32, batch and time left open (None)"
            open_axes = [place for place, size in enumerate(shape) if size is None]
            fits = (len(shape), open_axes, dtype) == (3, [0, 1], "float32")
        if not fits:
            raise ValueError(
                f"input {name!r} of a served model must be {wanted}; in {model.name!r} it is "
                f"{shape} {dtype}"
            )
    return {name: tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in forms.items()}


@contextlib.contextmanager
def _without_cudnn(model: keras.Model) -> Iterator[None]:
    """Trace LSTM and GRU layers as plain ops.

    On a machine with a GPU, Keras would write the fused cuDNN op into the graph, which has no
    CPU kernel: the export would run on machines with a GPU only.
    """
    fused = [layer for layer in model._flatten_layers() if hasattr(layer, "use_cudnn")]
    settings = [layer.use_cudnn for layer in fused]
    try:
        for layer in fused:
            layer.use_cudnn = False
        yield
    finally:
        for layer, setting in zip(fused, settings, strict=True):
            layer.use_cudnn = setting


def _check_sequences(inputs: Tensors, specs: Mapping[str, tf.TensorSpec]) -> Tensors:
    """Refuse other ranks and widths, modalities of different batch or time, and lengths that are
    not 1 to time."""
    words = _check_shapes(inputs, specs)
    inputs = dict(words)
    lengths = words.pop(LENGTHS)
    checks = _check_alike(words, "sequences", "words")
    first = next(iter(words))
    batch, time = tf.unstack(tf.shape(words[first])[:2])
    count = f"`lengths` must have one number for each sequence of `{first}`; got"
    checks.append(tf.debugging.Assert(tf.equal(tf.size(lengths), batch), [count, tf.size(lengths)]))
    span = f"`lengths` must be from 1 to the number of words in `{first}`, which is"
    in_span = tf.reduce_all((lengths >= 1) & (lengths <= time))
    checks.append(tf.debugging.Assert(in_span, [span, time, "; got", lengths], summarize=8))
    return _after(checks, inputs)


def _check_shapes(inputs: Tensors, specs: Mapping[str, tf.TensorSpec]) -> Tensors:
    """Refuse other ranks and widths, with a message that names the input and both shapes. Only what
    it returns carries the check, so use that."""
    return {
        name: tf.ensure_shape(x, specs[name].shape, name=f"input_{name}")
        for name, x in inputs.items()
    }


def _check_alike(inputs: Tensors, *axes: str) -> list[Any]:
    """Refuse inputs whose first dimensions, which messages call `axes`, are not alike."""
    first, *others = inputs
    wanted, what = tf.shape(inputs[first])[: len(axes)], " and ".join(axes)
    checks = []
    for name in others:
        found = tf.shape(inputs[name])[: len(axes)]
        said = f"`{name}` must have as many {what} as `{first}`, which has"
        alike = tf.reduce_all(tf.equal(found, wanted))
        checks.append(tf.debugging.Assert(alike, [said, wanted, "; got", found]))
    return checks


def _after(checks: list[Any], inputs: Tensors) -> Tensors:
    """The inputs once the checks have passed: without this, an op that reads wrong inputs may fail
    first, with a message that says nothing to the caller."""
    with tf.control_dependencies(checks):
        return {name: tf.identity(x) for name, x in inputs.items()}
