"""Arguments of constructors: their checks, and the config that is made of them."""

import inspect
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import keras


class Configured(keras.layers.Layer):
    """A layer that keeps each argument of its constructor as an attribute of the same name, of
    which its config is made."""

    def get_config(self):
        given = inspect.signature(type(self)).parameters.values()
        own = {p.name: getattr(self, p.name) for p in given if p.kind is not p.VAR_KEYWORD}
        return {**super().get_config(), **own}


def options_of(made: Callable[..., Any]) -> dict[str, Any]:
    """The arguments of a function or a class that have a default, with it."""
    parameters = inspect.signature(made).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def positive_integer(layer: str, argument: str, value: Any) -> int:
    """Returns `value` as an int; a ValueError that names the argument if it is not one ≥ 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{layer}: `{argument}` must be an integer of at least 1; got {value!r}.")
    return int(value)


def one_of(layer: str, argument: str, value: Any, choices: Sequence[Any]) -> Any:
    """Returns `value`; a ValueError that lists the choices if it is none of them."""
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{layer}: `{argument}` must be one of {listed}; got {value!r}.")
    return value


def dropout_rate(layer: str, argument: str, value: Any) -> float:
    """Returns `value` as a float; a ValueError unless 0 ≤ value < 1."""
    if not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise ValueError(f"{layer}: `{argument}` must be at least 0 and below 1; got {value!r}.")
    return float(value)
