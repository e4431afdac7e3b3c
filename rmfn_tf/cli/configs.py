"""What a command that trains asks for: the config of a run, and the data and workers of many."""

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rmfn_tf.training.config import (
    ConfigError,
    RunConfig,
    expand_ablation,
    merge,
    preset,
    read_toml,
)


def make_config(settings: Mapping[str, Any], path: Path | None = None) -> RunConfig:
    """The preset of `settings["data"]` and `settings["model"]`, or a file, with settings changed.

    Args:
        settings: arguments of `RunConfig`; those that are None were not given. The model, there and
            in the file, may be an ablation.
        path: a user's TOML file; None takes the preset.

    Raises:
        ConfigError: every mistake in it, and a data set that does not exist.
    """
    from rmfn_tf.datasets.registry import resolve

    given = expand_ablation({key: x for key, x in settings.items() if x is not None})
    source = "" if path is None else str(path)
    if path is None:
        start = preset(given["data"], given["model"])
    else:
        start = expand_ablation(read_toml(path))
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


@contextlib.contextmanager
def open_training(
    data: str, manual_dir: Any, data_dir: Any, workers: int, cluster: str, quiet: bool
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Builds a data set and draws the progress of many runs.

    Gives the builder (for several names, separated by commas, a list of them) and the keyword
    arguments that `compare_models`, `reproduce`, `sweep_stages` and `run_search` have in common:
    `workers`, `cluster`, `command` and `on_progress`.
    """
    from rmfn_tf.cli.show import build_data, progress_bar

    builders = [build_data(name, manual_dir, data_dir, quiet) for name in data.split(",")]
    how: dict[str, Any] = {"workers": workers, "cluster": cluster}
    how["command"] = shlex.join(["rmfn", *sys.argv[1:]])
    with progress_bar("Training", quiet) as on_progress:
        yield (builders if len(builders) > 1 else builders[0]), {**how, "on_progress": on_progress}
