"""A user's own data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds
from etils import epath
from tensorflow_datasets.core import constants

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.custom.source import DESCRIPTION, DataDescription, OwnData
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.source import Source, SourceError, find_files
from rmfn_tf.task import Task

# Finds nothing in a folder without data.toml, and so says what is missing there.
_UNDESCRIBED = OwnData(
    DataDescription.model_validate(
        {"name": "x", "modalities": ["x"], "task": {"kind": "regression", "columns": ["x"]}}
    )
)


@dataclass(kw_only=True)
class CustomConfig(tfds.core.BuilderConfig):
    """One data set of a user's own.

    Args:
        data: what its data.toml says.
        widths: modality -> F, in order.
    """

    data: DataDescription
    widths: Mapping[str, int]

    @classmethod
    def of(cls, data: DataDescription, widths: Mapping[str, int]) -> "CustomConfig":
        """The config that has the data's own name."""
        return cls(name=data.name, description=data.description, data=data, widths=widths)


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
        """The config of a folder; or, without one, of what was built from it.

        Args:
            name: that the folder's data.toml must have.
            manual_dir: the folder.
            data_dir: where built data sets are kept; TFDS' own folder by default.

        Raises:
            SourceError: the folder lacks a file, or one is broken; or has another name.
            ValueError: no folder, and nothing is built under this name.
        """
        if manual_dir is None:
            return cls._config_of_build(name, data_dir)
        data = DataDescription.read(find_files(manual_dir, [DESCRIPTION])[DESCRIPTION])
        source = OwnData(data)
        files = source.find(manual_dir)
        if data.name != name:
            raise SourceError.at(
                files[DESCRIPTION],
                "name",
                found=f"{data.name!r}, and {cls.name}/{name} is asked for",
                mend=f"Ask for {cls.name}/{data.name}, or change the name in the file",
            )
        return CustomConfig.of(data, next(guarded(source.read_widths, files)))

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
            data = DataDescription.model_validate(
                {
                    "name": name,
                    "modalities": list(widths),
                    "task": metadata["task"],
                    "description": metadata["description"],
                }
            )
            return CustomConfig.of(data, widths)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            mend = f"Remove the folder {path.parent} and build the data again"
            raise SourceError.at(path, found="damaged", mend=mend) from error

    @classmethod
    def sources_for(cls, folder: Path) -> dict[str, Source]:
        """`custom/<name>` -> what would read this folder, the name being that in its data.toml.

        Raises:
            SourceError: there is a data.toml, and it has mistakes.
        """
        if not (folder / DESCRIPTION).is_file():
            return {f"{cls.name}/<name>": _UNDESCRIBED}
        data = DataDescription.read(folder / DESCRIPTION)
        return {f"{cls.name}/{data.name}": OwnData(data)}

    @property
    def source(self) -> Source:
        """What reads the files (no options: a ValueError where any is set)."""
        return OwnData(self.builder_config.data).with_options(self.options)

    def __init__(self, *, data_dir: Any = None, config: Any = None, **kwargs: Any) -> None:
        """As in TFDS; a name for `config` is that of a build in `data_dir`.

        Raises:
            ValueError: there is none.
        """
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
            label=_label_feature(data.task),
            task=data.task,
            metadata={"description": data.description},
        )


def _label_feature(task: Task) -> Any:
    if task.kind == "classification":
        return tfds.features.ClassLabel(num_classes=task.num_classes)
    shape = (len(task.columns),) if len(task.columns) > 1 else ()
    values = "; ".join(f"{name}: {low} to {high}" for name, (low, high) in task.ranges.items())
    return tfds.features.Tensor(
        shape=shape,
        dtype=np.float32,
        doc=tfds.features.Documentation(
            desc=f"In this order: {', '.join(task.columns)}.",
            value_range="0 or 1" if task.kind == "multilabel" else values,
        ),
    )
