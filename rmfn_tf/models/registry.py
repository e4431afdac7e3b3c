"""The one list of models: a name, the function that builds its body, its hyperparameters."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rmfn_tf.models.ef_lstm import ef_lstm
from rmfn_tf.models.rmfn import RMFN_OPTIONS, rmfn
from rmfn_tf.suggestions import did_you_mean


@dataclass(frozen=True)
class Body:
    """A model's body: `build(inputs, mask, return_sequences, **options)` → features tensor.

    `inputs` is a dict of modality to `(batch, time, F_m)`, `mask` `(batch, time)` bool; the result
    is `(batch, e)`, or `(batch, time, e)` with `return_sequences`.
    """

    build: Callable[..., Any]
    options: dict[str, Any]


def _options_of(build: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(build).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}


_MODELS = {
    "rmfn": Body(rmfn, RMFN_OPTIONS),
    "ef_lstm": Body(ef_lstm, _options_of(ef_lstm)),
}

# Of the head, which every model shares.
HEAD_OPTIONS: dict[str, Any] = {"head_units": 64, "head_dropout": 0.0, "return_sequences": False}


def list_models() -> list[str]:
    """The names `create_model` knows."""
    return list(_MODELS)


def model_options(name: str) -> dict[str, Any]:
    """The hyperparameters of a model with their defaults, the head's included.

    Raises:
        ValueError: no model of that name.
    """
    return {**body_of(name).options, **HEAD_OPTIONS}


def body_of(name: str) -> Body:
    """The body registered under a name; ValueError that lists the names for any other."""
    if name not in _MODELS:
        raise ValueError(
            f"There is no model {name!r}.{did_you_mean(name, _MODELS)} {_list(_MODELS)}"
        )
    return _MODELS[name]


def check_options(name: str, options: dict[str, Any]) -> None:
    """ValueError that lists the valid names where one of `options` is not the model's."""
    valid = model_options(name)
    for option in options:
        if option not in valid:
            raise ValueError(
                f"Model {name!r} has no hyperparameter {option!r}."
                f"{did_you_mean(option, valid)} {_list(valid)}"
            )


def _list(words: Any) -> str:
    return "Valid names: " + ", ".join(words) + "."
