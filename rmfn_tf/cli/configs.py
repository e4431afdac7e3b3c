"""What the commands that train have in common: how options become a config, and many runs."""

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rmfn_tf.cli.options import given, to_names
from rmfn_tf.cli.show import build_data, progress_bar
from rmfn_tf.training.config import (
    ConfigError,
    RunConfig,
    expand_ablation,
    merge,
    preset,
    read_toml,
)


def config_entries(options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `RunConfig` among a command's options, of the same names: those that were
    given. `data_dir` is none of them: a config may name another folder than the command."""
    entries = {name: options.get(name) for name in RunConfig.model_fields if name != "data_dir"}
    entries["labels"] = to_names(entries["labels"])
    entries["imports"] = list(entries["imports"] or ()) or None
    return given(**entries)


def make_config(settings: Mapping[str, Any], path: Path | None = None) -> RunConfig:
    """The preset of a data set and model (by default `rmfn`), or a file, with settings changed.

    Args:
        settings: arguments of `RunConfig`. The model, here and in the file, may be the name of an
            ablation.
        path: a user's TOML file; None takes the preset.

    Raises:
        ValueError: no data set is named. A ConfigError lists every other mistake, also a data set
            that does not exist.
    """
    from rmfn_tf.datasets.registry import resolve

    settings = expand_ablation(settings)
    if path is not None:
        start = expand_ablation(read_toml(path))
    elif "data" in settings:
        start = preset(settings["data"], settings.get("model", "rmfn"))
    else:
        raise ValueError("Name a data set, as in `rmfn train synthetic/sarcasm`, or a --config.")
    values, mistakes = merge(start, settings), []
    try:
        resolve(str(values.get("data", "synthetic")))
    except ValueError as error:
        mistakes.append(str(error))
    try:
        config = RunConfig(**values)
    except ConfigError as error:
        mistakes += error.mistakes
    if mistakes:
        raise ConfigError(mistakes, "" if path is None else str(path))
    return config


@contextlib.contextmanager
def open_training(
    data: str, options: Mapping[str, Any], title: str = "Training, then judging"
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Builds a data set, and shows a progress bar with a title while the context is open.

    `options` are those of the command. Gives the builder (a list of them where `data` has several
    names, separated by commas) and the keyword arguments that `compare_models`, `reproduce`,
    `sweep_stages` and `run_search` have in common.
    """
    where = [options[name] for name in ("manual_dir", "data_dir", "as_json")]
    builders = [build_data(name, *where) for name in data.split(",")]
    how = {name: options[name] for name in ("workers", "cluster")}
    how["command"] = shlex.join(["rmfn", *sys.argv[1:]])
    with progress_bar(title, options["as_json"]) as on_progress:
        yield (builders if len(builders) > 1 else builders[0]), {**how, "on_progress": on_progress}
