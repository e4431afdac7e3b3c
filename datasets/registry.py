"""Which data sets there are, and how `tfds.load` finds them."""

import importlib
from typing import Any

import tensorflow_datasets as tfds

from rmfn_tf.datasets.sources.own_data.mistakes import DATASET_NAME
from rmfn_tf.names import did_you_mean

# One line a data set: its folder, which holds `<name>_dataset_builder.py` with the class Builder.
DATASETS = ("cmu_mosi", "ict_mmmo", "iemocap", "pom", "synthetic", "custom")

# Its configs are the users' own folders, so that none is known beforehand.
OWN_DATA = "custom"


def register_with_tfds() -> None:
    """Makes `tfds.load`, `tfds.builder` and `tfds.builder_cls` find the data sets by name."""
    # In front: TFDS' own provider imports every legacy builder before it says "not mine".
    tfds.core.add_dataset_builder_provider(_Provider(), index=0)


def builder_class(name: str) -> Any:
    """The builder class of one of `DATASETS`."""
    module = importlib.import_module(f"rmfn_tf.datasets.{name}.{name}_dataset_builder")
    return module.Builder


def list_names() -> list[str]:
    """Every `<data set>/<config>` known beforehand, a data set's default config first."""
    return [
        f"{dataset}/{config}"
        for dataset in DATASETS
        for config in builder_class(dataset).builder_configs
    ]


def resolve(name: str) -> tuple[Any, str]:
    """`"pom"` or `"pom/mfn_arrays"` -> builder class and config name (the first is the default).

    `"custom"` alone has no config, and its name is empty.

    Raises:
        ValueError: no such data set or config; all are listed, and the closest is suggested.
    """
    dataset, _, config = name.partition("/")
    if dataset in DATASETS:
        cls = builder_class(dataset)
        if dataset == OWN_DATA and (not config or DATASET_NAME.fullmatch(config)):
            return cls, config
        config = config or next(iter(cls.builder_configs))
        if config in cls.builder_configs:
            return cls, config
    known = list_names()
    suggestion = did_you_mean(name, known) or did_you_mean(name, DATASETS)
    raise ValueError(
        f"Unknown data set {name!r}.{suggestion} Known: {', '.join(known)}, "
        f"and {OWN_DATA}/<name> for data of your own."
    )


class _Provider:
    """What `tfds.core.add_dataset_builder_provider` asks for."""

    def has_dataset(self, name: str) -> bool:
        return name in DATASETS

    def get_builder_cls(self, name: str) -> Any:
        return builder_class(name)
