"""Which data sets there are, and where their files come from."""

import contextlib
from pathlib import Path
from typing import Any

from tensorflow_datasets.core import constants

from rmfn_tf.datasets.choosing import Choice, instructions
from rmfn_tf.datasets.registry import DATASETS, OWN_DATA, builder_class
from rmfn_tf.datasets.sources.errors import MissingFiles


def catalogue(data_dir: str | Path | None = None) -> list[dict[str, Any]]:
    """Every config known beforehand, and what is built of users' own: `{"data", "description",
    "built"}`.

    Args:
        data_dir: where built data sets are kept.
    """
    known = [
        {
            "data": choice.name,
            "description": config.description,
            "built": choice.builder(data_dir).is_whole(),
        }
        for dataset in DATASETS
        for name, config in builder_class(dataset).builder_configs.items()
        for choice in [Choice(builder_class(dataset), name)]
    ]
    return known + _own_builds(data_dir)


def _own_builds(data_dir: str | Path | None) -> list[dict[str, Any]]:
    root = Path(constants.DATA_DIR if data_dir is None else data_dir).expanduser() / OWN_DATA
    cls = builder_class(OWN_DATA)
    builders = []
    for path in sorted(root.glob(f"*/{cls.VERSION}/metadata.json")):
        with contextlib.suppress(ValueError):  # a damaged build is not one
            builders.append(Choice(cls, path.parent.parent.name).builder(data_dir))
    return [
        {
            "data": f"{OWN_DATA}/{builder.builder_config.name}",
            "description": builder.builder_config.description,
            "built": True,
        }
        for builder in builders
        if builder.is_whole()
    ]


def origin(choice: Choice) -> dict[str, str]:
    """What a config is, which files it is built from, and where people get them on what terms.

    Returns:
        `{"data", "description", "files", "terms"}`, the last two empty where it needs no files.
    """
    return {
        "data": choice.name,
        "description": choice.cls.get_metadata().description,
        "files": _files(choice),
        "terms": instructions(choice.cls),
    }


def _files(choice: Choice) -> str:
    source = choice.cls.SOURCES.get(choice.config)
    if source is None:
        return ""
    try:
        source.find(None)
    except MissingFiles as error:
        return error.needs
    return ""
