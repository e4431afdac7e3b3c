"""Building a data set so that what lies on disk is always whole and of the files given."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core.utils import tqdm_utils

from rmfn_tf.datasets.choosing import choose


def build(
    name: str | None = None,
    *,
    manual_dir: str | Path | None = None,
    data_dir: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Builds a data set, or takes the build that is there where it is of the same files.

    A build appears under its name only when it is complete. One of other source files is replaced,
    and stays whole until the new one is.

    Args:
        name: `"cmu_mosi/mmsa_aligned"`; or `"cmu_mosi"`, or None, for what `manual_dir` holds.
        manual_dir: the folder with the source files, where the data set needs any. Without it, a
            build that is there is taken as it is.
        data_dir: where TFDS keeps data sets; by default `TFDS_DATA_DIR` or
            `~/tensorflow_datasets`.
        options: how the files are read (`OPTIONS` of the config's source); a build with others is
            replaced. None: the defaults, and a build that is there is taken whatever its options.
        on_progress: called as `on_progress(done, total)` as files are read and examples written.

    Returns:
        The builder, ready for `as_dataset`; what it holds is in `builder.info.metadata`.

    Raises:
        ValueError: no data set or config of that name (all are listed), or no such option. As
            `SourceError`: a source file is missing (every file wanted is named) or cannot be right.
    """
    choice = choose(name, manual_dir, data_dir)
    builder = choice.builder(data_dir, manual_dir)
    if manual_dir is None and options is None and builder.is_whole():
        return builder
    builder.options = dict(options or {})
    sources = builder.source_hashes(manual_dir)
    changed = None
    if options is not None:
        changed = {} if builder.source is None else builder.source.changed_options()
    if builder.is_built_from(sources, changed):
        return builder

    root = Path(builder.data_dir_root)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"incomplete.{choice.cls.name}_", dir=root) as scratch:
        fresh = choice.builder(scratch, manual_dir)
        fresh.options, fresh.on_progress = builder.options, on_progress
        with _without_progress_bars():
            fresh.download_and_prepare(
                download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
            )
        # Unless another process has just built the same.
        if not choice.builder(data_dir, manual_dir).is_built_from(sources, changed):
            _put_in_place(Path(fresh.data_dir), Path(builder.data_dir), Path(scratch))
    return choice.builder(data_dir, manual_dir)


def load_builder(name: str, data_dir: str | Path | None = None) -> Any:
    """The builder of a data set that is built already.

    Args:
        name: as in `build`; without a config, the first that is built.
        data_dir: as in `build`.

    Raises:
        ValueError: no data set or config of that name, or it is not built there.
    """
    choice = choose(name, None, data_dir)
    builder = choice.builder(data_dir)
    if not builder.is_whole():
        raise ValueError(
            f"{choice.name} is not built in {builder.data_dir_root}: build it with "
            f'rmfn_tf.datasets.build("{choice.name}", ...), or name the data_dir it is in.'
        )
    return builder


def _put_in_place(fresh: Path, final: Path, scratch: Path) -> None:
    """Renames only: at no moment does a part of a build stand under the final name."""
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        final.rename(scratch / "replaced")
    fresh.rename(final)


@contextlib.contextmanager
def _without_progress_bars() -> Iterator[None]:
    """TFDS' own bars would mix with the caller's; it has no way to ask whether they are on."""
    were_on = tqdm_utils._active
    tfds.disable_progress_bar()
    try:
        yield
    finally:
        tfds.display_progress_bar(were_on)
