"""A user's own data."""

from pathlib import Path
from typing import Any, ClassVar

from tensorflow_datasets.core import constants

from rmfn_tf.datasets.builder import SequenceBuilder, SequenceConfig, not_built
from rmfn_tf.datasets.custom.source import DESCRIPTION, DataDescription, OwnData
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.source import Source, SourceError, find_files
from rmfn_tf.files import read_json


class Builder(SequenceBuilder):
    """`custom`: what a user's folder holds; see README.md."""

    BUILDER_CONFIGS: ClassVar[list] = []  # a folder makes its config: see `make_config`
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold data.toml and one or more NPZ files with the arrays id, split, label,
    num_steps and one for each modality. `rmfn_tf.datasets.write_custom` writes it from arrays in
    Python, `rmfn data align` from recordings.
    """

    @classmethod
    def make_config(
        cls, name: str, manual_dir: str | Path | None, data_dir: str | Path | None
    ) -> SequenceConfig:
        """The config of a folder, whose data.toml must have this name; or, without a folder, of
        what was built under this name."""
        if manual_dir is None:
            root = Path(constants.DATA_DIR if data_dir is None else data_dir).expanduser()
            path = root / cls.name / name / str(cls.VERSION) / "metadata.json"
            if not path.is_file():
                raise not_built(f"{cls.name}/{name}", root)
            stored = read_json(path)
            facts = {key: stored[key] for key in ("task", "description")}
            widths = stored["modalities"]
            data = DataDescription(name=name, modalities=list(widths), **facts)
        else:
            path = find_files(manual_dir, [DESCRIPTION])[DESCRIPTION]
            data = DataDescription.read(path)
            if data.name != name:
                found = f"{data.name!r}, and {cls.name}/{name} is asked for"
                mend = f"Ask for {cls.name}/{data.name}, or change the name in the file"
                raise SourceError.at(path, "name", found=found, mend=mend)
            source = OwnData(data)
            widths = next(guarded(source.read_widths, source.find(manual_dir)))
        source = OwnData(data, widths)
        return SequenceConfig(
            name=name, description=data.description, source=source, task=data.task
        )

    @classmethod
    def sources_for(cls, folder: Path) -> dict[str, Source]:
        """`custom/<name>` -> its source, the name being that in the folder's data.toml."""
        if not (folder / DESCRIPTION).is_file():
            # This source finds nothing here, and so says what is missing.
            return {f"{cls.name}/<name>": OwnData(DataDescription.model_construct())}
        data = DataDescription.read(folder / DESCRIPTION)
        return {f"{cls.name}/{data.name}": OwnData(data)}

    def _create_builder_config(self, builder_config: Any, version: Any) -> Any:
        """As for all builders; a ValueError where none is given, since there is no default."""
        if builder_config is None:
            raise ValueError(
                f"{self.name} has no data set of its own. Build yours with "
                f'rmfn_tf.datasets.build("{self.name}", manual_dir=...).'
            )
        return super()._create_builder_config(builder_config, version)
