"""A user's own data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core import constants

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.custom.source import DESCRIPTION, DataDescription, OwnData
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.source import Source, SourceError, find_files


@dataclass(kw_only=True)
class CustomConfig(tfds.core.BuilderConfig):
    """One data set of a user's own: what its data.toml says, and modality -> F, in order."""

    data: DataDescription
    widths: Mapping[str, int]


class Builder(SequenceBuilder):
    """`custom`: what a user's folder holds; see README.md."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"2.0.0": "No number of a segment in its video."}
    BUILDER_CONFIGS: ClassVar[list] = []  # a folder makes its config: see `make_config`
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold data.toml and one or more NPZ files with the arrays id, split, label,
    num_steps and one for each modality; `rmfn data template` writes a folder to imitate.
    """
    pkg_dir_path = epath.Path(__file__).parent

    @classmethod
    def make_config(
        cls, name: str, manual_dir: str | Path | None, data_dir: str | Path | None
    ) -> CustomConfig:
        """The config of a folder, in whose data.toml the name must stand; or, without one, of what
        was built under this name."""
        if manual_dir is None:
            return cls._config_of_build(name, data_dir)
        data = DataDescription.read(find_files(manual_dir, [DESCRIPTION])[DESCRIPTION])
        source = OwnData(data)
        files = source.find(manual_dir)
        if data.name != name:
            found = f"{data.name!r}, and {cls.name}/{name} is asked for"
            mend = f"Ask for {cls.name}/{data.name}, or change the name in the file"
            raise SourceError.at(files[DESCRIPTION], "name", found=found, mend=mend)
        widths = next(guarded(source.read_widths, files))
        return CustomConfig(name=name, description=data.description, data=data, widths=widths)

    @classmethod
    def _config_of_build(cls, name: str, data_dir: str | Path | None) -> CustomConfig:
        root = Path(constants.DATA_DIR if data_dir is None else data_dir).expanduser()
        path = root / cls.name / name / str(cls.VERSION) / "metadata.json"
        if not path.is_file():
            raise ValueError(
                f"{cls.name}/{name} is not built in {root}: build it with "
                f'rmfn_tf.datasets.build("{cls.name}/{name}", manual_dir=...), or name the '
                "data_dir it is in."
            )
        try:
            metadata = json.loads(path.read_text(encoding="utf-8"))
            widths = dict(metadata["modalities"])
            stored = {key: metadata[key] for key in ("task", "description")}
            data = DataDescription(name=name, modalities=list(widths), **stored)
            return CustomConfig(name=name, description=data.description, data=data, widths=widths)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            mend = f"Remove the folder {path.parent} and build the data again"
            raise SourceError.at(path, found="damaged", mend=mend) from error

    @classmethod
    def sources_for(cls, folder: Path) -> dict[str, Source]:
        """`custom/<name>` -> what would read this folder, the name being that in its data.toml."""
        if not (folder / DESCRIPTION).is_file():
            # It finds nothing here, and so says what is missing.
            return {f"{cls.name}/<name>": OwnData(DataDescription.model_construct())}
        data = DataDescription.read(folder / DESCRIPTION)
        return {f"{cls.name}/{data.name}": OwnData(data)}

    @property
    def source(self) -> Source:
        """What reads the files (no options: a ValueError where any is set)."""
        return OwnData(self.builder_config.data).with_options(self.options)

    def __init__(self, *, data_dir: Any = None, config: Any = None, **kwargs: Any) -> None:
        """As in TFDS; a name for `config` is that of a build in `data_dir`."""
        if isinstance(config, str):
            config = self._config_of_build(config, data_dir)
        super().__init__(data_dir=data_dir, config=config, **kwargs)

    def _create_builder_config(self, builder_config: Any, version: Any) -> Any:
        """As in TFDS, without its warning that the config is none of BUILDER_CONFIGS."""
        if isinstance(builder_config, CustomConfig):
            return builder_config
        return super()._create_builder_config(builder_config, version)

    def _info(self) -> Any:
        if self.builder_config is None:
            raise ValueError(
                f"{self.name} has no data set of its own. Build yours with "
                f'rmfn_tf.datasets.build("{self.name}", manual_dir=...).'
            )
        data: DataDescription = self.builder_config.data
        return self.sequence_info(
            modalities=self.builder_config.widths,
            task=data.task,
            metadata={"description": data.description},
        )
