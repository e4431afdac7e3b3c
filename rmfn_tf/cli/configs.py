"""The config of a run that a command asks for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rmfn_tf.training.config import ConfigError, RunConfig, read_toml
from rmfn_tf.training.presets import merge, preset


def make_config(settings: Mapping[str, Any], path: Path | None = None) -> RunConfig:
    """The preset of `settings["data"]` and `settings["model"]`, or a file, with settings changed.

    Args:
        settings: arguments of `RunConfig`; those that are None were not given.
        path: a user's TOML file; None takes the preset.

    Raises:
        ConfigError: every mistake in it, a data set that there is not among them.
    """
    from rmfn_tf.datasets.registry import resolve

    given = {key: value for key, value in settings.items() if value is not None}
    source = "" if path is None else str(path)
    start = preset(given["data"], given["model"]) if path is None else read_toml(path)
    values, mistakes = merge(start, given), []
    try:
        resolve(str(values.get("data", "synthetic")))
    except ValueError as error:
        mistakes.append(str(error))
    try:
        config = RunConfig(**values)
    except ConfigError as error:
        mistakes += error.mistakes
    if mistakes:
        raise ConfigError(mistakes, source)
    return config
