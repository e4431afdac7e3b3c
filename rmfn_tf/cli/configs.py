"""The config of a run that a command asks for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.presets import merge, preset
from rmfn_tf.training.signatures import checked_config, read_config_file


def make_config(settings: Mapping[str, Any], path: Path | None = None) -> RunConfig:
    """The preset of `settings["data"]` and `settings["model"]`, or a file, with settings changed.

    Args:
        settings: arguments of `RunConfig`; those that are None were not given.
        path: a user's TOML file; None takes the preset.

    Raises:
        ConfigError: every mistake in it.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if path is not None:
        return read_config_file(path, given)
    return checked_config(merge(preset(given["data"], given["model"]), given))
