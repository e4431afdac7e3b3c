"""Kills real training processes at moments drawn from a seed, and compares what they end with.

    OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python benchmarks/kills.py --kills 200
    .venv/bin/python benchmarks/kills.py --kills 2 .venv/bin/rmfn tune synthetic --stages 1-3

A run is started, killed (SIGKILL), started again, ... until it ends by itself; then its metrics,
history, predictions, weights, optimizer and best weights must be the bits of a run that was never
killed. Prints a line a run, and at the end how many kills there were and how many runs differed.

An `rmfn tune` command, without its --out, is killed in place of a run, as often as `--kills` says;
its tune.json must be that of one that was never killed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.kills import differences, run_process

MOST_KILLS = 20  # of one run: then it is left alone, or a slow machine would never come to an end


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    moments = random.Random(options.seed)
    if options.command:
        return kill_tune(options.command, options.kills, moments)
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole"
        run_process(Path(name) / "warm")  # the first process also starts the fork server
        _, seconds = run_process(whole)
        print(f"a run that is not killed takes {seconds:.1f} s", flush=True)
        kills, runs, wrong = 0, 0, 0
        while kills < options.kills:
            folder = Path(name) / f"run_{runs}"
            mine, ended = 0, False
            while not ended:
                patience = moments.uniform(0, 0.6 * seconds) if mine < MOST_KILLS else None
                ended, _ = run_process(folder, patience)
                mine += not ended
            found = differences(folder, whole)
            leftovers = [str(each) for each in folder.rglob(".partial-*")]
            kills, runs = kills + mine, runs + 1
            wrong += bool(found or leftovers)
            print(
                f"run {runs}: {mine} kills; {found or 'the same bits'} {leftovers or ''}",
                flush=True,
            )
    print(f"{kills} kills in {runs} runs; {wrong} runs ended differently")
    return 1 if wrong else 0


def kill_tune(command: list[str], kills: int, moments: random.Random) -> int:
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        whole = [*command, "--out", str(out)]
        started = time.monotonic()
        subprocess.run(whole, check=True)
        seconds = time.monotonic() - started
        expected = (out / "tune.json").read_bytes()
        out.rename(Path(name) / "whole")
        for _ in range(kills):
            moment = moments.uniform(0.2, 0.9) * seconds
            process = subprocess.Popen(whole)
            try:
                code = process.wait(moment)
                print(f"ended by itself, with {code}", flush=True)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                found = len(list(out.rglob("metrics.json")))
                print(f"killed after {moment:.0f} of {seconds:.0f} s, {found} runs", flush=True)
        subprocess.run(whole, check=True)
        is_same = (out / "tune.json").read_bytes() == expected
        print("the same bytes" if is_same else "tune.json differs")
        return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
