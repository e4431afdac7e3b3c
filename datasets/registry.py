"""Which data sets there are, and which one a name or a folder stands for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rmfn_tf.datasets.cmu_mosi.cmu_mosi_dataset_builder import Builder as CmuMosi
from rmfn_tf.datasets.custom.custom_dataset_builder import Builder as Custom
from rmfn_tf.datasets.custom.source import DATASET_NAME
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.ict_mmmo.ict_mmmo_dataset_builder import Builder as IctMmmo
from rmfn_tf.datasets.iemocap.iemocap_dataset_builder import Builder as Iemocap
from rmfn_tf.datasets.pom.pom_dataset_builder import Builder as Pom
from rmfn_tf.datasets.source import MissingFiles, Report, Source, SourceError, find_folder
from rmfn_tf.datasets.synthetic.synthetic_dataset_builder import Builder as Synthetic
from rmfn_tf.names import did_you_mean

# Name -> its builder. Importing the modules has registered them for `tfds.load`.
DATASETS: dict[str, Any] = {
    cls.name: cls for cls in (CmuMosi, IctMmmo, Iemocap, Pom, Synthetic, Custom)
}

OWN_DATA = "custom"  # its configs are the users' own folders, so none is known beforehand
_ALL_TERMS = "`rmfn data info <data set>` tells where people get the files, and on what terms."


@dataclass(frozen=True)
class Choice:
    """One config of one data set."""

    cls: Any  # the builder's class
    config: str  # the config's name
    why: str = ""  # one line where the folder decided; empty where it was named
    # Where the folder decided: config that the folder fits -> files that it could take too.
    fitting: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`<data set>/<config>`."""
        return f"{self.cls.name}/{self.config}"

    def builder(self, data_dir: str | Path | None, manual_dir: str | Path | None = None) -> Any:
        """A builder of it that keeps its data in `data_dir`."""
        data_dir = None if data_dir is None else Path(data_dir).expanduser()
        config = self.cls.make_config(self.config, manual_dir, data_dir)
        return self.cls(config=config, data_dir=data_dir)


def list_names() -> list[str]:
    """Every `<data set>/<config>` known beforehand, a data set's default config first."""
    return [f"{name}/{config}" for name, cls in DATASETS.items() for config in cls.builder_configs]


def resolve(name: str) -> Choice:
    """The config of a name alone: `"pom/mfn_arrays"`, or `"pom"` for the first, the default.

    The config of `"custom"` alone is "". The ValueError for an unknown name lists all names, and
    suggests one.
    """
    dataset, _, config = name.partition("/")
    if dataset in DATASETS:
        cls = DATASETS[dataset]
        if dataset == OWN_DATA and (not config or DATASET_NAME.fullmatch(config)):
            return Choice(cls, config)
        config = config or next(iter(cls.builder_configs))
        if config in cls.builder_configs:
            return Choice(cls, config)
    known = list_names()
    suggestion = did_you_mean(name, known) or did_you_mean(name, DATASETS)
    raise ValueError(
        f"Unknown data set {name!r}.{suggestion} Known: {', '.join(known)}, "
        f"and {OWN_DATA}/<name> for data of your own."
    )


def choose(
    name: str | None,
    manual_dir: str | Path | None = None,
    data_dir: str | Path | None = None,
) -> Choice:
    """The config that a name and a folder stand for.

    A name with a config is that one. Without a config, the folder with the source files decides;
    without a folder, the first config that is built in `data_dir`, or else the first. Without any
    name, the folder decides among all data sets.

    Raises:
        ValueError: no such name, or neither name nor folder.
        MissingFiles: the folder holds nothing that can be read. It says which files each config
            lacks, where people get them and on what terms.
    """
    if name and "/" in name:
        return resolve(name)
    choice = resolve(name) if name else None
    if manual_dir is None and (choice is None or not choice.config):
        raise ValueError(
            f"Name a data set, as cmu_mosi or {OWN_DATA}/my_data, or the folder with the source "
            "files (--manual-dir, in Python manual_dir)."
        )
    classes = DATASETS.values() if choice is None else [choice.cls]
    of_files = [cls for cls in classes if cls.MANUAL_DOWNLOAD_INSTRUCTIONS]
    if choice is not None and (manual_dir is None or not of_files):
        configs = (Choice(choice.cls, config) for config in choice.cls.builder_configs)
        return next((each for each in configs if each.builder(data_dir).is_whole()), choice)
    return _detect(find_folder(manual_dir), of_files)


def instructions(cls: Any) -> str:
    """What a builder's folder must hold, and where people get it on what terms, on one line."""
    return " ".join((cls.MANUAL_DOWNLOAD_INSTRUCTIONS or "").split())


def _detect(folder: Path, classes: list[Any]) -> Choice:
    sources = {name: source for cls in classes for name, source in cls.sources_for(folder).items()}
    found: dict[str, Mapping[str, Path]] = {}
    lacking: dict[str, MissingFiles] = {}
    for name, source in sources.items():
        try:
            found[name] = source.find(folder)
        except MissingFiles as error:
            lacking[name] = error
    if not found:  # files that are not enough for a build can still be verified
        found = {name: error.readable for name, error in lacking.items() if error.readable}
    if not found:
        alike: dict[str, list[str]] = {}
        for name, missing in lacking.items():
            alike.setdefault(str(missing), []).append(name)
        lines = [f"{folder} holds nothing that can be built from."]
        lines += [f"- {', '.join(names)}: {said}" for said, names in alike.items()]
        terms = instructions(classes[0]) if len(classes) == 1 else _ALL_TERMS
        raise MissingFiles("\n".join([*lines, terms]))
    fitting = list(found)
    if len({name.partition("/")[0] for name in found}) > 1:  # which share names of files
        looked = {name: (sources[name], found[name]) for name in found}
        # Where the files fit none, reading the first says what is wrong with them.
        fitting = list(guarded(_fitting, looked)) or fitting
    first, *others = fitting
    why = f"{first}, since {folder} holds its files"
    if others:
        why += f" (they also fit {', '.join(others)})"
    dataset, _, config = first.partition("/")
    lacks = {name: sources[name].lacks(found[name]) for name in fitting}
    return Choice(DATASETS[dataset], config, why, lacks)


def _fitting(
    looked: Mapping[str, tuple[Source, Mapping[str, Path]]], report: Report
) -> Iterator[str]:
    for name, (source, files) in looked.items():
        try:
            fits = source.fits(files, report)
        except SourceError:
            fits = True  # a broken file of the right name: reading it says so
        if fits:
            yield name
