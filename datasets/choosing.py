"""From what a user types, and the folder they name, to one config of one data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rmfn_tf.datasets.registry import DATASETS, OWN_DATA, builder_class, resolve
from rmfn_tf.datasets.sources.detect import detect
from rmfn_tf.datasets.sources.files import find_folder
from rmfn_tf.datasets.sources.source import Source

_ALL_TERMS = "`rmfn data info <data set>` tells where people get the files, and on what terms."


@dataclass(frozen=True)
class Choice:
    """One config of one data set.

    Args:
        cls: the builder's class.
        config: the config's name.
        why: one line where it was detected; empty where it was named.
    """

    cls: Any
    config: str
    why: str = ""

    @property
    def name(self) -> str:
        """`"cmu_mosi/mmsa_aligned"`."""
        return f"{self.cls.name}/{self.config}"

    def builder(self, data_dir: str | Path | None, manual_dir: str | Path | None = None) -> Any:
        """A builder of it that keeps its data in `data_dir`."""
        data_dir = None if data_dir is None else Path(data_dir).expanduser()
        config = self.cls.make_config(self.config, manual_dir, data_dir)
        return self.cls(config=config, data_dir=data_dir)


def choose(
    name: str | None,
    manual_dir: str | Path | None = None,
    data_dir: str | Path | None = None,
    partly: bool = False,
) -> Choice:
    """The config that a name and a folder stand for.

    A name with a config is that one. Without a config, the folder decides; without a folder, the
    first config that is built already, or else the first. Without any name, the folder decides
    among all data sets.

    Args:
        name: `"cmu_mosi/mmsa_aligned"`, `"cmu_mosi"` or None.
        manual_dir: the folder with the source files.
        data_dir: where built data sets are kept.
        partly: also take a folder that can be read but not built from.

    Raises:
        ValueError: no such name, or neither name nor folder.
        NothingFits: the folder holds nothing to build from: says which files each config lacks,
            where people get them and on what terms.
    """
    if not name:
        if manual_dir is None:
            raise ValueError(
                "Name a data set, as cmu_mosi, or the folder with the source files (manual_dir)."
            )
        datasets: tuple[str, ...] = DATASETS
    else:
        cls, config = resolve(name)
        if "/" in name:
            return Choice(cls, config)
        if manual_dir is None and cls.name == OWN_DATA:
            raise ValueError(
                f"Name your data, as {OWN_DATA}/my_data, or the folder it is in (manual_dir)."
            )
        if manual_dir is None or not cls.MANUAL_DOWNLOAD_INSTRUCTIONS:
            return _first_built(cls, data_dir) or Choice(cls, config)
        datasets = (cls.name,)
    return _detect(find_folder(manual_dir), datasets, partly)


def _first_built(cls: Any, data_dir: str | Path | None) -> Choice | None:
    choices = (Choice(cls, config) for config in cls.builder_configs)
    return next((each for each in choices if each.builder(data_dir).is_whole()), None)


def _detect(folder: Path, datasets: tuple[str, ...], partly: bool) -> Choice:
    classes = [builder_class(each) for each in datasets]
    sources: dict[str, Source] = {}
    for cls in classes:
        sources |= cls.sources_for(folder)
    terms = instructions(classes[0]) if len(classes) == 1 else _ALL_TERMS
    found = detect(folder, sources, terms, partly)
    dataset, _, config = found.name.partition("/")
    return Choice(builder_class(dataset), config, found.why)


def instructions(cls: Any) -> str:
    """What a builder's folder must hold, where people get it and on what terms, on one line."""
    return " ".join((cls.MANUAL_DOWNLOAD_INSTRUCTIONS or "").split())
