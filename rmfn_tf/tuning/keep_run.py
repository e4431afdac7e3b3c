"""A run folder kept in another place."""

import shutil
from pathlib import Path


def keep_run(source: Path, run: Path) -> Path:
    """Copies a run folder to `run`, and gives that.

    Raises:
        ValueError: `run` is there already.
        OSError: it cannot be written; nothing is left then.
    """
    if run.exists():
        raise ValueError(f"{run} exists already; name a new folder with --promote.")
    partial = run.with_name(f".partial-{run.name}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(source, partial)
        partial.rename(run)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return run
