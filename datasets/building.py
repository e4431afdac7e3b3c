"""Builds data sets, finds those that are built, and says what a copy or a build holds."""

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core import constants
from tensorflow_datasets.core.utils import tqdm_utils

from rmfn_tf.datasets.builder import not_built
from rmfn_tf.datasets.registry import DATASETS, OWN_DATA, Choice, choose, instructions
from rmfn_tf.datasets.source import MissingFiles, hash_files


def build(
    name: str | None = None,
    *,
    manual_dir: str | Path | None = None,
    data_dir: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Builds a data set, or takes the existing build if it was made of the same files.

    A build appears under its name only when it is complete. A build of other source files is
    replaced; it stays until the new one is complete.

    Args:
        name: `"cmu_mosi/mmsa_aligned"`; or `"cmu_mosi"`, or None, for what `manual_dir` holds.
        manual_dir: the folder with the source files, where the data set needs any. Without it, an
            existing build is taken as it is.
        data_dir: where TFDS keeps data sets; by default `TFDS_DATA_DIR` or
            `~/tensorflow_datasets`.
        options: how the files are read (`OPTIONS` of the config's source); a build with others is
            replaced. None: the defaults, but an existing build is taken whatever its options.
        on_progress: called as `on_progress(done, total)` as files are read and examples written.

    Returns:
        The builder, ready for `as_dataset`.

    Raises:
        ValueError: no data set or config of that name (all are listed), or no such option.
        SourceError: a source file is missing (every file wanted is named) or is wrong.
    """
    choice = choose(name, manual_dir, data_dir)
    builder = choice.builder(data_dir, manual_dir)
    if manual_dir is None and options is None and builder.is_whole():
        return builder
    builder.options = options
    sources = hash_files(builder.source.find(manual_dir))
    if builder.is_built_from(sources):
        return builder

    root = Path(builder.data_dir_root)
    root.mkdir(parents=True, exist_ok=True)

    def builder_in(folder: Path) -> Any:
        made = choice.cls(config=builder.builder_config, data_dir=folder)
        made.options, made.on_progress = options, on_progress
        return made

    # TFDS deletes the old build first, so the new one is made beside it.
    with (
        tempfile.TemporaryDirectory(prefix=f"incomplete.{choice.cls.name}_", dir=root) as scratch,
        contextlib.ExitStack() as afterwards,
    ):
        fresh = builder_in(Path(scratch))
        afterwards.callback(tfds.display_progress_bar, tqdm_utils._active)  # has no public name
        tfds.disable_progress_bar()  # or TFDS' own bars would mix with the caller's
        fresh.download_and_prepare(
            download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
        )
        # Unless another process has just built the same.
        if not builder_in(root).is_built_from(sources):
            # Renames only: at no moment does a part of a build stand under the final name.
            final = Path(builder.data_dir)
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.exists():
                final.rename(Path(scratch, "replaced"))
            Path(fresh.data_dir).rename(final)
    return builder_in(root)


def load_builder(name: str, data_dir: str | Path | None = None) -> Any:
    """The builder of a data set that is built already; the arguments are those of `build`.

    A name without a config is the first config that is built. A ValueError where none is built.
    """
    choice = choose(name, None, data_dir)
    builder = choice.builder(data_dir)
    if not builder.is_whole():
        raise not_built(choice.name, builder.data_dir_root)
    return builder


def verify(
    name: str | None = None,
    *,
    manual_dir: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Reads a copy as `build` would, and writes nothing; files of features may be missing.

    Returns:
        As `inspect`, without `folder`; and `bytes` of each file, `why` the config was chosen,
        `fitting` (config that the folder fits -> files that it could take too) and `missing`: what
        a build needs and the copy lacks, or "".
    """
    choice = choose(name, manual_dir)
    builder = choice.builder(None, manual_dir)
    builder.options, builder.on_progress = options, on_progress
    missing = ""
    try:
        files = builder.source.find(manual_dir)
    except MissingFiles as error:
        if not error.readable:
            raise
        files, missing = error.readable, str(error)
    result = _beside_published(builder, builder.describe_data(files, builder.read(files)))
    for file, path in files.items():
        result["files"][file]["bytes"] = path.stat().st_size
    fitting = choice.fitting or {choice.name: builder.source.lacks(files)}
    return {**result, "why": choice.why, "fitting": fitting, "missing": missing}


def inspect(name: str, data_dir: str | Path | None = None) -> dict[str, Any]:
    """What a build on disk holds; the arguments are those of `load_builder`.

    Returns:
        - `data`: name with config; `folder`: of the build,
        - `files`: source file -> `{"sha256", "published_sha256": str or None}`,
        - all that `Reading.describe` gives, and in each of `splits` the count `published`, or None,
        - `options`: those that are not defaults; `fingerprint`: the one that runs record.
    """
    builder = load_builder(name, data_dir)
    return {**_beside_published(builder, builder.info.metadata), "folder": str(builder.data_dir)}


def _beside_published(builder: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What `SequenceBuilder.describe_data` gave, with what is published."""
    config = builder.builder_config
    hashes = {url.rpartition("/")[2]: info.checksum for url, info in builder.url_infos.items()}
    hashes |= builder.PUBLISHED_SHA256
    published = config.published_counts or builder.PUBLISHED_COUNTS
    return {
        "data": f"{builder.name}/{config.name}",
        "files": {
            file: {"sha256": sha256, "published_sha256": hashes.get(file)}
            for file, sha256 in data["sources"].items()
        },
        **data["report"],
        "splits": {
            split: {**counts, "published": published.get(split)}
            for split, counts in data["report"]["splits"].items()
        },
        "options": dict(data["options"]),
        "fingerprint": data["fingerprint"],
    }


def catalogue(data_dir: str | Path | None = None) -> list[dict[str, Any]]:
    """`{"data", "description", "built"}` of every config, and of every build of users' own data."""
    choices = [Choice(cls, name) for cls in DATASETS.values() for name in cls.builder_configs]
    own = DATASETS[OWN_DATA]
    root = Path(constants.DATA_DIR if data_dir is None else data_dir).expanduser() / OWN_DATA
    for path in sorted(root.glob(f"*/{own.VERSION}/metadata.json")):
        choices.append(Choice(own, path.parent.parent.name))
    listed = []
    for choice in choices:
        with contextlib.suppress(ValueError):  # a damaged build is not listed
            builder = choice.builder(data_dir)
            about = builder.builder_config.description
            listed.append({"data": choice.name, "description": about, "built": builder.is_whole()})
    return listed


def origin(choice: Choice) -> dict[str, str]:
    """`{"data", "description", "terms"}` of a config that is not built. The terms say which files
    it needs and where people get them; they are empty where it needs none."""
    name = choice.name if choice.config else f"{choice.name}<name>"
    about = choice.cls.get_metadata().description
    return {"data": name, "description": about, "terms": instructions(choice.cls)}
