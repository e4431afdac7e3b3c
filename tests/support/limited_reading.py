"""Reads files in a process of its own that may take little memory and time.

A reader that allocates what a file declares, or never comes back, ends that process and not the
tests; the files that were not come to then have no outcome.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

MORE_MEMORY = 400 * 2**20  # than the process has once everything is imported
MOST_SECONDS = 60


def read_with_limits(paths: list[Path]) -> dict[str, dict]:
    """file name -> {"error": its message or None, "kind": its type, "seconds", "megabytes"}.

    `megabytes` is by how much the largest memory ever in use grew.
    """
    process = subprocess.run(
        [sys.executable, "-m", "support.limited_reading", *map(str, paths)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=5 * MOST_SECONDS,
    )
    outcomes = [json.loads(line) for line in process.stdout.splitlines()]
    if len(outcomes) < len(paths):
        at = paths[len(outcomes)].name
        raise AssertionError(
            f"The process ended by {process.returncode} over {at}: {process.stderr[-2000:]}"
        )
    return {outcome["name"]: outcome for outcome in outcomes}


def _read(path: Path) -> None:
    from rmfn_tf.datasets.sources.pickles.restricted_pickle import read_pickle
    from rmfn_tf.datasets.sources.sequences.csd import open_csd

    if path.suffix == ".pkl":
        read_pickle(path)
        return
    with open_csd(path) as csd:
        for video in csd.ids:
            csd.read(video)


def _main(paths: list[Path]) -> None:
    import numpy  # noqa: F401  (counted as what was there before)

    from rmfn_tf.datasets.sources.pickles import restricted_pickle  # noqa: F401
    from rmfn_tf.datasets.sources.sequences import csd  # noqa: F401

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    for path in paths:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.process_time()
        outcome: dict = {"name": path.name, "error": None, "kind": None}
        try:
            _read(path)
        except Exception as error:
            outcome.update(error=str(error), kind=type(error).__name__)
        outcome["seconds"] = time.process_time() - started
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        outcome["megabytes"] = (after - before) / 1024
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    _main([Path(argument) for argument in sys.argv[1:]])
