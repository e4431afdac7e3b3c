"""What a copy of a data set, or a build of it, holds, set beside what was published."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rmfn_tf.datasets.building import load_builder
from rmfn_tf.datasets.choosing import choose
from rmfn_tf.datasets.description import describe, fingerprint
from rmfn_tf.datasets.sources.errors import MissingFiles
from rmfn_tf.datasets.sources.files import hash_files


def verify(
    name: str | None = None,
    *,
    manual_dir: str | Path | None = None,
    options: Mapping[str, str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Reads a copy as a build would, and writes nothing.

    Args:
        name: as in `build`.
        manual_dir: as in `build`; it may lack features where labels and word times can be read.
        options: as in `build`.
        on_progress: as in `build`.

    Returns:
        As `inspect`, and `bytes` of each file, `why` the config was chosen, and `missing`: a
        sentence about what is missing to build, or empty.

    Raises:
        ValueError: as `build`.
    """
    choice = choose(name, manual_dir, partly=True)
    builder = choice.builder(None, manual_dir)
    builder.options, builder.on_progress = dict(options or {}), on_progress
    missing = ""
    try:
        files = builder.find_sources(manual_dir)
    except MissingFiles as error:
        if not error.readable:
            raise
        files, missing = error.found, str(error)
    reading = builder.read(files)
    changed = {} if builder.source is None else builder.source.changed_options()
    found = {
        "sources": hash_files(files),
        "options": changed,
        "report": describe(reading),
        "fingerprint": fingerprint(reading, changed),
    }
    result = _beside_published(choice.cls, choice.name, found)
    for file, path in files.items():
        result["files"][file]["bytes"] = path.stat().st_size
    return {**result, "why": choice.why, "missing": missing}


def inspect(name: str, data_dir: str | Path | None = None) -> dict[str, Any]:
    """What a build on disk holds.

    Args:
        name: as in `load_builder`.
        data_dir: as in `load_builder`.

    Returns:
        - `data`: name with config; `folder`: of the build,
        - `files`: source file -> `{"sha256", "published_sha256": str or None}`,
        - `splits`: split -> `{"examples", "videos", "dropped", "published": int or None}`,
        - `modalities`, `videos`, `steps`, `with_words`, `dropped`, `notes`: see `describe`,
        - `options`: those that are not defaults; `fingerprint`: which runs record.

    Raises:
        ValueError: as `load_builder`.
    """
    builder = load_builder(name, data_dir)
    full_name = f"{builder.name}/{builder.builder_config.name}"
    return {
        **_beside_published(type(builder), full_name, builder.info.metadata),
        "folder": str(builder.data_dir),
    }


def published_hashes(cls: Any) -> dict[str, str]:
    """File name -> published SHA-256, of the files of a data set for which one is known."""
    listed = {url.rpartition("/")[2]: info.checksum for url, info in cls.url_infos.items()}
    return {**listed, **cls.PUBLISHED_SHA256}


def _beside_published(cls: Any, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    hashes, report = published_hashes(cls), found["report"]
    files: dict[str, dict[str, Any]] = {
        file: {"sha256": sha256, "published_sha256": hashes.get(file)}
        for file, sha256 in found["sources"].items()
    }
    splits = {
        split: {**counts, "published": cls.PUBLISHED_COUNTS.get(split)}
        for split, counts in report["splits"].items()
    }
    return {
        "data": name,
        "files": files,
        **report,
        "splits": splits,
        "options": dict(found["options"]),
        "fingerprint": found["fingerprint"],
    }
