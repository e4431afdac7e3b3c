"""Checks of constructor arguments that several layers share."""

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any


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


def refuse_arguments_of_rnn_layers(layer: str, names: Iterable[str]) -> None:
    """A ValueError that says what to use instead of an argument that Keras' RNN layers have."""
    for name in names:
        if name == "stateful":
            instead = "carry the states yourself, with `return_state=True` and `initial_state`"
        elif name.endswith(("_regularizer", "_constraint")) and name != "activity_regularizer":
            instead = "keep the weights small by the optimizer's `weight_decay`"
        else:
            continue
        raise ValueError(f"{layer} has no `{name}`; {instead}.")
