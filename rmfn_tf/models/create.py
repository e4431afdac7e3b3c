"""`create_model`: inputs, scaling and mask, a registered body, and the head that all share."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from rmfn_tf.layers import FeatureScaling, SequenceMask
from rmfn_tf.models.bc_lstm import bc_lstm
from rmfn_tf.models.df import df
from rmfn_tf.models.ef_lstm import ef_lstm
from rmfn_tf.models.gme_lstm import gme_lstm
from rmfn_tf.models.hcrf import ef_hcrf, ef_ldhcrf, mv_hcrf, mv_ldhcrf
from rmfn_tf.models.marn import marn
from rmfn_tf.models.mfn import mfn
from rmfn_tf.models.mv_lstm import mv_lstm
from rmfn_tf.models.rmfn import rmfn
from rmfn_tf.models.tensor_fusion import lmf, tfn
from rmfn_tf.models.without_keras import WITHOUT_KERAS, check_keras
from rmfn_tf.names import check_modalities, unknown_name
from rmfn_tf.optimizer import make_optimizer
from rmfn_tf.task import Task

# name: the function that builds its body; see `register_model`.
_OURS: dict[str, Callable[..., Any]] = {
    "rmfn": rmfn,
    "ef_lstm": ef_lstm,
    "bc_lstm": bc_lstm,
    "mv_lstm": mv_lstm,
    "gme_lstm": gme_lstm,
    "tfn": tfn,
    "lmf": lmf,
    "marn": marn,
    "mfn": mfn,
    "df": df,
    "ef_hcrf": ef_hcrf,
    "ef_ldhcrf": ef_ldhcrf,
    "mv_hcrf": mv_hcrf,
    "mv_ldhcrf": mv_ldhcrf,
}
_MODELS = dict(_OURS)

# The hyperparameters of the head, which every model shares.
HEAD_OPTIONS: dict[str, Any] = {"head_units": 64, "head_dropout": 0.0}


def register_model(name: str, build: Callable[..., Any]) -> None:
    """Adds a network of your own to those that `create_model` knows.

        def mean(inputs, mask, return_sequences, *, dropout=0.0):
            ...

        register_model("mean", mean)
        create_model("mean", features={"language": 300}, dropout=0.2)

    Args:
        name: the name that it gets; an earlier model of yours with that name is replaced.
        build: called as `build(inputs, mask, return_sequences, **hyperparameters)`, with `inputs` a
            dict of modality to `(batch, time, F_m)`, scaled, in the order of `features`, and `mask`
            `(batch, time)` bool. Returns what the head reads: `(batch, e)`, or with
            `return_sequences` `(batch, time, e)`. Its keyword-only arguments, each with a default,
            are the hyperparameters. With one called `task`, which then is the `Task`, it returns
            the prediction itself, from a layer called "prediction", and the head is left out.

    Raises:
        ValueError: the name is not a word or belongs to one of our models, or an argument has no
            default.
    """
    ours = [*_OURS, *WITHOUT_KERAS]
    if not isinstance(name, str) or not name.isidentifier() or name in ours:
        raise ValueError(
            f"register_model: `name` must be a word of letters, digits and '_', and none of "
            f"{', '.join(ours)}; got {name!r}."
        )
    for option, default in _options_of(build).items():
        if default is inspect.Parameter.empty or option in HEAD_OPTIONS:
            raise ValueError(
                f"register_model: the hyperparameter {option!r} of {name!r} must have a default, "
                f"and none of the head's names, {', '.join(HEAD_OPTIONS)}."
            )
    _MODELS[name] = build


def list_models() -> list[str]:
    """The names `create_model` knows."""
    return list(_MODELS)


def model_options(name: str) -> dict[str, Any]:
    """The hyperparameters of a model with their defaults; of a network those of the head too.

    Raises:
        ValueError: no model of that name.
    """
    if name in list(WITHOUT_KERAS):  # a list: what is given may not be hashable
        return _options_of(WITHOUT_KERAS[name])
    if name not in _MODELS:
        raise ValueError(unknown_name("model", name, _MODELS))
    return _options_of(_MODELS[name]) | ({} if _is_whole(_MODELS[name]) else HEAD_OPTIONS)


def sees_future(name: str, options: Mapping[str, Any]) -> bool:
    """Whether a model's output after a step depends on later steps too."""
    if name in ("bc_lstm", "ef_ldhcrf", "mv_ldhcrf"):
        return True
    return bool({**model_options(name), **options}.get("bidirectional"))


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """ValueError that lists the valid names where one of `options` is not the model's, and
    ValueError for a model that is none of Keras."""
    check_keras(name)
    valid = model_options(name)
    for option in options:
        if option not in valid:
            raise ValueError(unknown_name(f"hyperparameter of {name}", option, valid))


def create_model(
    name: str,
    *,
    features: Mapping[str, int],
    task: str | Task = "regression",
    num_outputs: int = 1,
    scaling: Mapping[str, Mapping[str, Any]] | None = None,
    return_sequences: bool | None = None,
    compile: bool = True,
    **hyperparameters: Any,
) -> keras.Model:
    """A functional model of the field, by name.

    Inputs, by name: each modality `(batch, time, F_m)` float32, right-padded, and `lengths`
    `(batch,)` int32. Output: `(batch, num_outputs)` float32, with `return_sequences`
    `(batch, time, num_outputs)`: values (regression), class probabilities (classification) or a
    probability per label (multilabel).

        inputs → FeatureScaling per modality → body → Dense(relu) → Dropout → Dense(outputs)

    Args:
        name: one of `list_models()`: `"rmfn"`, `"ef_lstm"`, ... or one of your own.
        features: width of each modality, by name, in the order the model is to take them.
        task: a `Task`, or its kind: `"regression"` (trained with MAE), `"classification"` (sparse
            categorical cross-entropy) or `"multilabel"` (binary cross-entropy).
        num_outputs: targets, classes (at least 2) or labels, where `task` is a kind.
        scaling: modality to `{"center", "scale", "clip"}`, as `rmfn_tf.data.fit_scaling` gives it;
            a modality left out is not scaled, only cleaned of non-finite values.
        return_sequences: whether there is an output after each step; None: where `task` has a label
            at each step.
        compile: whether to compile for the task, with the optimizer of `rmfn_tf.fit` (Adam
            with rate 2e-3, the norm of all gradients together clipped at 1) at a constant rate.
        **hyperparameters: of the body and the head (`model_options(name)`): `head_units=64` (0
            leaves the relu layer out), `head_dropout=0.0`, ...

    Raises:
        ValueError: an unknown name, task, modality or hyperparameter (the valid ones are listed).
    """
    check_options(name, hyperparameters)
    task = Task.of(task, num_outputs)
    if not features:
        raise ValueError("`features` must name at least one modality with its width; got none.")
    check_modalities(features)
    unknown = sorted(set(scaling or {}) - set(features))
    if unknown:
        raise ValueError(f"`scaling` names {unknown}, which is not in `features` {list(features)}.")
    inputs = {m: keras.Input((None, width), name=m) for m, width in features.items()}
    lengths = keras.Input((), dtype="int32", name="lengths")
    scaled = {
        m: FeatureScaling(**(scaling or {}).get(m, {}), name=f"{m}_scaling")(x)
        for m, x in inputs.items()
    }
    mask = SequenceMask(name="mask")(lengths, next(iter(inputs.values())))

    if return_sequences is None:
        return_sequences = task.per_step
    if _is_whole(_MODELS[name]):
        outputs = _MODELS[name](scaled, mask, return_sequences, task=task, **hyperparameters)
    else:
        head = {key: hyperparameters.pop(key, default) for key, default in HEAD_OPTIONS.items()}
        signal = _MODELS[name](scaled, mask, return_sequences, **hyperparameters)
        outputs = _head(signal, task, **head)
    everything = {**inputs, "lengths": lengths}
    model = keras.Model(everything, outputs, name=name)
    if any(hasattr(layer, "losses_of") for layer in model.layers):
        model = OwnLossModel(everything, outputs, name=name)
    if compile:
        compile_model(model, task)
    return model


def _head(signal: Any, task: Task, head_units: int, head_dropout: float) -> Any:
    if head_units:
        signal = keras.layers.Dense(head_units, activation="relu", name="head")(signal)
    signal = keras.layers.Dropout(head_dropout, name="head_dropout")(signal)
    # Losses are computed in float32 at least.
    dtype = "float64" if keras.config.dtype_policy().name == "float64" else "float32"
    return keras.layers.Dense(
        task.num_outputs, activation=task.of_kind.activation, name="prediction", dtype=dtype
    )(signal)


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


def compile_model(
    model: keras.Model,
    task: Task,
    optimizer: Mapping[str, Any] | None = None,
    decay_steps: int | None = None,
) -> None:
    """Compiles a model for a task: its loss, its metric (weighted as the loss is), an optimizer.

    With a label at each step the loss of a batch is the mean over the labelled steps.

    Args:
        model: made by `create_model`.
        task: that it was made for.
        optimizer, decay_steps: as in `rmfn_tf.optimizer.make_optimizer`.
    """
    # Keras' default divides by all steps, those of weight 0 too.
    reduction = "mean_with_sample_weight" if task.per_step else "sum_over_batch_size"
    model.compile(
        optimizer=make_optimizer(optimizer, decay_steps),
        loss=getattr(keras.losses, task.of_kind.loss)(reduction=reduction),
        weighted_metrics=[task.of_kind.metric],
    )


def _options_of(build: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(build).parameters.values()
    options = {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    options.pop("task", None)
    return options


def _is_whole(build: Callable[..., Any]) -> bool:
    """Whether it makes the prediction itself, and not what the head reads."""
    return "task" in inspect.signature(build).parameters
