"""Times one worker, which has all threads, against several of one thread each.

    .venv/bin/python benchmarks/workers.py --workers 2
    .venv/bin/python benchmarks/workers.py --verb tune --workers 2
    .venv/bin/python benchmarks/workers.py --data ict_mmmo/trimodal --folds 2 --manual-dir copies

Both times the same runs of RMFN are trained, from process start to table: `--runs` seeds by
`rmfn compare`, or as many trials of a random search over the learning rate by `rmfn tune`. Prints
seconds, runs a minute and their ratio.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verb", choices=("compare", "tune"), default="compare")
    parser.add_argument("--data", default="synthetic/sarcasm")
    parser.add_argument("--manual-dir")
    parser.add_argument("--folds", default="0")
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--epochs", default="2")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if options.verb == "compare":
        verb = ["compare", options.data, "--models", "rmfn", "--seeds", str(options.runs)]
    else:
        verb = ["tune", options.data, "--tuner", "random", "--tune", "learning_rate"]
        verb += ["--trials", str(options.runs), "--seeds", "0"]
    with tempfile.TemporaryDirectory() as name:
        files = ["--data-dir", f"{name}/data"]
        if options.manual_dir:
            files += ["--manual-dir", options.manual_dir]
        run("data", "build", options.data, *files)
        seconds = {}
        for workers in (1, options.workers):
            started = time.monotonic()
            run(
                *(*verb, "--folds", options.folds, "--epochs", options.epochs, *files),
                *("--workers", str(workers), "--out", f"{name}/{workers}"),
            )
            seconds[workers] = time.monotonic() - started
            per_minute = 60 * options.runs / seconds[workers]
            print(
                f"{workers} worker(s): {seconds[workers]:.1f} s, {per_minute:.2f} runs a minute",
                flush=True,
            )
    print(f"{options.workers} workers: {seconds[1] / seconds[options.workers]:.2f} × as fast as 1")


def run(*arguments: str) -> None:
    rmfn = Path(sys.executable).with_name("rmfn")
    subprocess.run([rmfn, *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
