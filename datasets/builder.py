"""The TFDS builder that all data sets here share."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.source import Reading, Sample, Source, SourceError, hash_files
from rmfn_tf.task import Task


@dataclass(kw_only=True)
class SequenceConfig(tfds.core.BuilderConfig):
    """One form of a data set: what reads its files, and what the labels are."""

    source: Source
    task: Task
    # Split -> examples that the papers have, where not those of the builder.
    published_counts: Mapping[str, int] = field(default_factory=dict)


class SequenceBuilder(  # type: ignore[call-arg]
    tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Turns `Sample`s into TFDS examples; a data set's `BUILDER_CONFIGS` are `SequenceConfig`s.

    An example is `{"id", "video_id", <modality>: (T, F) float32, "words": (T,) string,
    "intervals": (T, 2) float32 seconds, "present": {<modality>: bool}, "label"}` and the data set's
    `EXTRA_FEATURES`. Labels for each step are `(T, C)` float32, NaN where a step has none, or of a
    classification `(T,)` int64, -1 where a step has none. Unknown words are empty strings, unknown
    intervals NaN. Examples keep the order of the source. With `as_supervised=True` one is
    `({<modality>: (T, F)}, label)`.

    `builder.info.metadata`, which is stored with the data, holds `modalities` (modality -> F, in
    the order of the modalities), `task` (see `rmfn_tf.task.Task`), `description` of the config, and
    what `describe_data` gives.
    """

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "Examples no longer hold the number of their segment in its video."
    }

    PUBLISHED_COUNTS: ClassVar[Mapping[str, int]] = {}  # split -> examples that the papers have
    # File -> SHA-256 of published files that checksums.tsv cannot list, as their size is not known.
    PUBLISHED_SHA256: ClassVar[Mapping[str, str]] = {}
    EXTRA_FEATURES: ClassVar[Mapping[str, Any]] = {}  # TFDS features of `Sample.extra`
    EXTRA_METADATA: ClassVar[Mapping[str, Any]] = {}  # beside the common entries
    # Of the source (`Source.OPTIONS`); None: the defaults, or those of a build that is there.
    options: Mapping[str, str] | None = None
    # Called as `on_progress(done, total)` while files are read, and after each example is written.
    on_progress: Callable[[int, int], None] | None = None

    @classmethod
    def sources_for(cls, folder: Path) -> dict[str, Source]:
        """`<data set>/<config>` -> its source, for every config that the folder might be for."""
        return {
            f"{cls.name}/{name}": cls.make_config(name, folder, None).source
            for name in cls.builder_configs
        }

    @classmethod
    def make_config(
        cls, name: str, manual_dir: str | Path | None, data_dir: str | Path | None
    ) -> Any:
        """The config of this name. Where the user's files decide its features or labels, it is that
        of the folder or, without a folder, that of the build in `data_dir`. An unknown name stays
        as it is, for TFDS to refuse."""
        return cls.builder_configs.get(name, name)

    def __init__(self, *, data_dir: Any = None, config: Any = None, **kwargs: Any) -> None:
        """As in TFDS; of a config's name `make_config` makes the config that is built."""
        if isinstance(config, str):
            config = self.make_config(config, None, data_dir)
        super().__init__(data_dir=data_dir, config=config, **kwargs)

    def _create_builder_config(self, builder_config: Any, version: Any) -> Any:
        """As in TFDS, but takes any `SequenceConfig`, also one that is not in BUILDER_CONFIGS."""
        if isinstance(builder_config, SequenceConfig):
            return builder_config
        return super()._create_builder_config(builder_config, version)

    @property
    def source(self) -> Source:
        """The config's source with the options set; a ValueError where an option is unknown."""
        return self.builder_config.source.with_options(self.options or {})

    def read(self, files: Mapping[str, Path]) -> Reading:
        """All samples, in the order in which they are stored. A guarded process reads the files."""
        if files:
            items = guarded(self.source.read, files, on_progress=self.on_progress)
        else:
            items = self.source.read(files, lambda *_: None)
        return Reading.of(items, files)

    def describe_data(self, files: Mapping[str, Path], reading: Reading) -> dict[str, Any]:
        """What is stored about the data: `sources` (file -> SHA-256), `options` that are not the
        defaults, the `report` that `Reading.describe` gives, and the `fingerprint`."""
        options = self.source.changed_options()
        return {
            "sources": hash_files(files),
            "options": options,
            "report": reading.describe(self.builder_config.task.per_step),
            "fingerprint": reading.fingerprint(options),
        }

    def _info(self) -> Any:
        config, sequence = self.builder_config, tfds.features.Tensor
        modalities = config.source.widths
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "video_id": tfds.features.Text(),
                    **{
                        name: sequence(shape=(None, width), dtype=np.float32)
                        for name, width in modalities.items()
                    },
                    "words": tfds.features.Sequence(tfds.features.Text()),
                    "intervals": sequence(shape=(None, 2), dtype=np.float32),
                    "present": dict.fromkeys(modalities, np.bool_),
                    "label": _label_feature(config.task),
                    **self.EXTRA_FEATURES,
                }
            ),
            metadata=tfds.core.MetadataDict(
                modalities=dict(modalities),
                task=config.task.to_json(),
                description=config.description,
                **self.EXTRA_METADATA,
            ),
            supervised_keys=({name: name for name in modalities}, "label"),
            disable_shuffling=True,
        )

    def download_and_prepare(self, *, download_config: Any = None, **kwargs: Any) -> None:
        """As in TFDS, but a SourceError where what is built is of other files than those in
        `download_config.manual_dir`."""
        download_config = download_config or tfds.download.DownloadConfig()
        folder = download_config.manual_dir
        replaces = download_config.download_mode.overwrite_dataset
        reuses = folder and not replaces and self.is_whole()
        if reuses and not self.is_built_from(hash_files(self.source.find(folder))):
            raise SourceError(
                f"{self.data_dir} was built from other files than those in {folder}. To replace "
                f'it: rmfn_tf.datasets.build("{self.name}/{self.builder_config_name}", '
                "manual_dir=...); to keep both: another data_dir."
            )
        super().download_and_prepare(download_config=download_config, **kwargs)

    def is_whole(self) -> bool:
        """Whether a build of this version is on disk, with every file that it lists."""
        # TFDS logs a warning where there is no folder.
        if not self.data_path.exists() or not self.is_prepared():
            return False
        return all(path.exists() for split in self.info.splits.values() for path in split.filepaths)

    def is_built_from(self, sources: Mapping[str, str]) -> bool:
        """Whether a whole build of this version, made from these files (name -> SHA-256) with the
        options of this builder, is on disk."""
        if not self.is_whole() or self.info.metadata.get("sources") != sources:
            return False
        options = self.info.metadata.get("options")
        return self.options is None or options == self.source.changed_options()

    def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict]]]:
        manual_dir = dl_manager.manual_dir if self.MANUAL_DOWNLOAD_INSTRUCTIONS else None
        files = self.source.find(manual_dir)
        reading = self.read(files)
        self.info.metadata.update(self.describe_data(files, reading))
        total = sum(map(len, reading.splits.values()))
        if not total:
            raise SourceError(
                f"{', '.join(map(str, files.values()))}: not one example came of it. `rmfn data "
                "verify` says what was left out and why."
            )
        done = itertools.count(1)
        return {
            split: self._generate_examples(samples, done, total)
            for split, samples in reading.splits.items()
        }

    def _generate_examples(
        self, samples: Sequence[Sample], done: Iterator[int], total: int
    ) -> Iterator[tuple[int, dict]]:
        for row, sample in enumerate(samples):
            yield row, _to_example(sample)
            if self.on_progress is not None:
                self.on_progress(next(done), total)

    def _log_download_bytes(self) -> None:
        """Nothing is downloaded, and a library does not print to standard output."""

    _log_download_done = _log_download_bytes


def not_built(name: str, root: Any) -> ValueError:
    """The error where a data set is asked for that is not built in `root`."""
    return ValueError(
        f"{name} is not built in {root}: build it with `rmfn data build {name} --manual-dir "
        f'FOLDER`, in Python rmfn_tf.datasets.build("{name}", manual_dir=...), or name the '
        "folder that it is built in (--data-dir, data_dir)."
    )


def _label_feature(task: Task) -> Any:
    is_class = task.kind == "classification"
    if is_class and not task.per_step:
        return tfds.features.ClassLabel(names=task.output_names)
    names = task.output_names if is_class else task.columns
    columns = () if is_class or (len(names) == 1 and not task.per_step) else (len(names),)
    return tfds.features.Tensor(
        shape=(None, *columns) if task.per_step else columns,
        dtype=np.int64 if is_class else np.float32,
        doc=tfds.features.Documentation(desc=f"In this order: {', '.join(names)}."),
    )


def _to_example(sample: Sample) -> dict[str, Any]:
    steps = sample.num_steps
    intervals = np.full((steps, 2), np.nan) if sample.intervals is None else sample.intervals
    return {
        "id": sample.id,
        "video_id": sample.video_id,
        **sample.features,
        "words": [""] * steps if sample.words is None else list(sample.words),
        "intervals": np.asarray(intervals, np.float32),
        "present": sample.present,
        "label": sample.label,
        **sample.extra,
    }
