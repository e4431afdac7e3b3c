"""Whether model, optimizer and data know what a config asks of them, before anything loads."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from rmfn_tf.data.scaling import METHODS
from rmfn_tf.datasets.registry import resolve
from rmfn_tf.models import list_models, model_options
from rmfn_tf.names import unknown_name
from rmfn_tf.training.config import (
    ConfigError,
    RunConfig,
    key_mistakes,
    read_toml,
    value_mistakes,
)
from rmfn_tf.training.presets import merge

OPTIMIZERS = {
    cls.__name__.lower(): cls
    for cls in vars(keras.optimizers).values()
    if inspect.isclass(cls)
    and issubclass(cls, keras.optimizers.Optimizer)
    and cls.__name__ not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
}


def checked_config(values: Mapping[str, Any], source: str = "") -> RunConfig:
    """The config of these entries, checked in every way before anything loads.

    Args:
        values: arguments of `RunConfig`.
        source: where they come from, as the path of a file.

    Raises:
        ConfigError: all that is wrong with names and values, and all that model, optimizer or
            data do not know.
    """
    mistakes = key_mistakes(values) + value_mistakes(values) + signature_mistakes(values)
    if mistakes:
        raise ConfigError(mistakes, source)
    return RunConfig(**values)


def read_config_file(path: Path, changes: Mapping[str, Any]) -> RunConfig:
    """The `checked_config` of a user's TOML file, with changes made to it (`merge`)."""
    return checked_config(merge(read_toml(path), changes), str(path))


def signature_mistakes(values: Mapping[str, Any]) -> list[str]:
    """A sentence for each name or type that model, optimizer or data do not take."""
    mistakes = []
    data, model = values.get("data"), values.get("model", "rmfn")
    if isinstance(data, str):
        try:
            resolve(data)
        except ValueError as error:
            mistakes.append(str(error))
    if isinstance(model, str):
        if model in list_models():
            mistakes += _hyperparameter_mistakes(model, values.get("hyperparameters", {}))
        else:
            mistakes.append(unknown_name("model", model, list_models()))
    if isinstance(values.get("optimizer"), dict):
        mistakes += _argument_mistakes(values["optimizer"])
    scaling = values.get("scaling")
    if isinstance(scaling, str) and scaling not in METHODS:
        mistakes.append(unknown_name("scaling", scaling, METHODS))
    return mistakes


def _hyperparameter_mistakes(model: str, given: Any) -> list[str]:
    if not isinstance(given, dict):
        return []
    known, mistakes = model_options(model), []
    for name, value in given.items():
        if name not in known:
            mistakes.append(unknown_name(f"hyperparameter of {model}", name, known))
        elif not _same_kind(value, known[name]):
            mistakes.append(
                f"hyperparameter {name} of {model} must be {_kind(known[name])}, as its default "
                f"{known[name]!r} is; got {value!r}."
            )
    return mistakes


def _argument_mistakes(optimizer: Mapping[str, Any]) -> list[str]:
    name = optimizer.get("name", "adam")
    if name not in OPTIMIZERS:
        return [unknown_name("optimizer", name, OPTIMIZERS)]
    parameters = inspect.signature(OPTIMIZERS[name]).parameters
    known = {key: each.default for key, each in parameters.items() if key not in ("name", "kwargs")}
    mistakes = []
    for argument, value in optimizer.items():
        if argument == "name":
            continue
        if argument not in known:
            mistakes.append(unknown_name(f"argument of optimizer {name}", argument, known))
        elif not _same_kind(value, known[argument]):
            mistakes.append(
                f"optimizer.{argument} must be {_kind(known[argument])}; got {value!r}."
            )
    return mistakes


def _same_kind(value: Any, default: Any) -> bool:
    """Whether a value is of its default's kind; a default that is None or a table says nothing
    that could be checked here."""
    if default is None or value is None or isinstance(default, dict | inspect.Parameter):
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def _kind(default: Any) -> str:
    return {bool: "true or false", int: "an integer", float: "a number", str: "text"}.get(
        type(default), f"a {type(default).__name__}"
    )
