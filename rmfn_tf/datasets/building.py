"""Building a data set so that what lies on disk is always whole and of the files given."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds
from tensorflow_datasets.core.utils import tqdm_utils

from rmfn_tf.datasets.registry import resolve


def build(
    name: str,
    *,
    manual_dir: str | Path | None = None,
    data_dir: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Builds a data set, or takes the build that is there where it is of the same files.

    A build appears under its name only when it is complete. One of other source files is replaced,
    and stays whole until the new one is.

    Args:
        name: `"ict_mmmo/trimodal"`, or `"ict_mmmo"` for its default config.
        manual_dir: the folder with the source files, where the data set needs any. Without it, a
            build that is there is taken as it is.
        data_dir: where TFDS keeps data sets; by default `TFDS_DATA_DIR` or
            `~/tensorflow_datasets`.
        on_progress: called as `on_progress(done, total)` after each example that is built.

    Returns:
        The builder, ready for `as_dataset`; what it holds is in `builder.info.metadata`.

    Raises:
        ValueError: no data set or config of that name (all are listed). As `SourceError`: a
            source file is missing (every file wanted is named) or cannot be right.
    """
    cls, config = resolve(name)
    data_dir = None if data_dir is None else Path(data_dir).expanduser()
    builder = cls(config=config, data_dir=data_dir)
    if manual_dir is None and builder.is_whole():
        return builder
    sources = builder.source_hashes(manual_dir)
    if _is_built_from(builder, sources):
        return builder

    root = Path(builder.data_dir_root)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"incomplete.{cls.name}_", dir=root) as scratch:
        fresh = cls(config=config, data_dir=scratch)
        fresh.on_progress = on_progress
        with _without_progress_bars():
            fresh.download_and_prepare(
                download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
            )
        # Unless another process has just built the same.
        if not _is_built_from(cls(config=config, data_dir=data_dir), sources):
            _put_in_place(Path(fresh.data_dir), Path(builder.data_dir), Path(scratch))
    return cls(config=config, data_dir=data_dir)


def load_builder(name: str, data_dir: str | Path | None = None) -> Any:
    """The builder of a data set that is built already.

    Args:
        name: as in `build`.
        data_dir: as in `build`.

    Raises:
        ValueError: no data set or config of that name, or it is not built there.
    """
    cls, config = resolve(name)
    data_dir = None if data_dir is None else Path(data_dir).expanduser()
    builder = cls(config=config, data_dir=data_dir)
    if not builder.is_whole():
        raise ValueError(
            f"{cls.name}/{config} is not built in {builder.data_dir_root}: build it with "
            f'rmfn_tf.datasets.build("{cls.name}/{config}", ...), or name the data_dir it is in.'
        )
    return builder


def _is_built_from(builder: Any, sources: dict[str, str]) -> bool:
    return builder.is_whole() and builder.info.metadata.get("sources") == sources


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
