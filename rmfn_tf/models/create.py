"""`create_model`: inputs, scaling and mask, a registered body, one head for all, compiled."""

import re
from collections.abc import Mapping
from typing import Any

import keras

from rmfn_tf.layers import FeatureScaling, SequenceMask
from rmfn_tf.models.registry import HEAD_OPTIONS, body_of, check_options

# TensorFlow renames other inputs in silence ("text-emb" to "text_emb"), or fails obscurely.
SERVED_NAME = re.compile(r"(?!self$)[A-Za-z][A-Za-z0-9_]*")

# task: activation of the last layer, loss, metric that `compile` shows.
_TASKS = {
    "regression": (None, "mean_absolute_error", "mae"),
    "classification": ("softmax", "sparse_categorical_crossentropy", "accuracy"),
    "multilabel": ("sigmoid", "binary_crossentropy", "binary_accuracy"),
}


def create_model(
    name: str,
    *,
    features: Mapping[str, int],
    task: str = "regression",
    num_outputs: int = 1,
    scaling: Mapping[str, Mapping[str, Any]] | None = None,
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
        name: `"rmfn"` or `"ef_lstm"` (`list_models()`).
        features: width of each modality, by name, in the order the model is to take them.
        task: `"regression"` (compiled with MAE), `"classification"` (sparse categorical
            cross-entropy) or `"multilabel"` (binary cross-entropy).
        num_outputs: targets, classes (at least 2) or labels.
        scaling: modality to `{"center", "scale", "clip"}`, as `rmfn_tf.data.fit_scaling` gives it;
            a modality left out is not scaled, only cleaned of non-finite values.
        compile: whether to compile with Adam (learning rate 1e-3, gradient norm clipped at 1).
        **hyperparameters: of the body and the head (`model_options(name)`): `head_units=64` (0
            leaves the relu layer out), `head_dropout=0.0`, `return_sequences=False`, ...

    Raises:
        ValueError: an unknown name, task, modality or hyperparameter (the valid ones are listed).
    """
    body = body_of(name)
    check_options(name, hyperparameters)
    if task not in _TASKS:
        raise ValueError(f"`task` must be one of {', '.join(map(repr, _TASKS))}; got {task!r}.")
    if num_outputs < (2 if task == "classification" else 1):
        raise ValueError(f"`num_outputs` is too small for a {task}: got {num_outputs!r}.")
    _check_features(features, scaling)
    head = {key: hyperparameters.pop(key, default) for key, default in HEAD_OPTIONS.items()}
    activation, loss, metric = _TASKS[task]

    inputs = {m: keras.Input((None, width), name=m) for m, width in features.items()}
    lengths = keras.Input((), dtype="int32", name="lengths")
    scaled = {
        m: FeatureScaling(**(scaling or {}).get(m, {}), name=f"{m}_scaling")(x)
        for m, x in inputs.items()
    }
    mask = SequenceMask(name="mask")(lengths, next(iter(inputs.values())))

    signal = body.build(scaled, mask, return_sequences=head["return_sequences"], **hyperparameters)
    if head["head_units"]:
        signal = keras.layers.Dense(head["head_units"], activation="relu", name="head")(signal)
    signal = keras.layers.Dropout(head["head_dropout"], name="head_dropout")(signal)
    outputs = keras.layers.Dense(
        num_outputs, activation=activation, name="prediction", dtype="float32"
    )(signal)

    model = keras.Model({**inputs, "lengths": lengths}, outputs, name=name)
    if compile:
        model.compile(
            optimizer=keras.optimizers.Adam(1e-3, clipnorm=1.0),
            loss=loss,
            weighted_metrics=[metric],
        )
    return model


def _check_features(features: Mapping[str, int], scaling: Mapping[str, Any] | None) -> None:
    if not features:
        raise ValueError("`features` must name at least one modality with its width; got none.")
    for name in features:
        if name == "lengths" or not SERVED_NAME.fullmatch(name):
            raise ValueError(
                f"A modality cannot be called {name!r}: use letters, digits and '_', a letter "
                "first, and neither 'lengths' nor 'self' (TensorFlow Serving would not take it)."
            )
    unknown = sorted(set(scaling or {}) - set(features))
    if unknown:
        raise ValueError(f"`scaling` names {unknown}, which is not in `features` {list(features)}.")
