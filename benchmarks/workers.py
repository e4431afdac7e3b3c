"""Times `rmfn compare` with one worker, which has all threads, against several of one thread each.

    .venv/bin/python benchmarks/workers.py --workers 2
    .venv/bin/python benchmarks/workers.py --data ict_mmmo/trimodal --folds 2 --manual-dir copies

Both train the same runs of RMFN, from process start to table. Prints seconds and their ratio.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="synthetic/sarcasm")
    parser.add_argument("--manual-dir")
    parser.add_argument("--folds", default="0")
    parser.add_argument("--seeds", default="4")
    parser.add_argument("--epochs", default="2")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        files = ["--data-dir", f"{name}/data"]
        if options.manual_dir:
            files += ["--manual-dir", options.manual_dir]
        run("data", "build", options.data, *files)
        seconds = {}
        for workers in (1, options.workers):
            started = time.monotonic()
            run(
                *("compare", options.data, "--models", "rmfn", "--folds", options.folds),
                *("--seeds", options.seeds, "--epochs", options.epochs, *files),
                *("--workers", str(workers), "--out", f"{name}/{workers}"),
            )
            seconds[workers] = time.monotonic() - started
            print(f"{workers} worker(s): {seconds[workers]:.1f} s", flush=True)
    ratio = seconds[1] / seconds[options.workers]
    print(f"{options.workers} workers are {ratio:.2f} times as fast as one")


def run(*arguments: str) -> None:
    rmfn = Path(sys.executable).with_name("rmfn")
    subprocess.run([rmfn, *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
