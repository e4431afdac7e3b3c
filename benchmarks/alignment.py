"""Times the word-level alignment against reading alone and against the plain way, and its memory.

    .venv/bin/python benchmarks/alignment.py --videos 10 30 93

Makes computational sequences of CMU-MOSI's size (93 videos: 26 thousand words, 330 thousand frames
of 47 visual features, 1.1 million of 74 acoustic ones, gzip; 441 MB of arrays) in a temporary
folder. Then each of these runs in a process of its own, `--repeats` times, and the fastest counts:

    h5py      reading every array, video by video, with h5py alone
    reader    the same with `rmfn_tf.datasets.sources.csd`
    default   reading with it, alignment and segments, video by video
    mmsdk     the same with the numbers of the CMU-MultimodalSDK
    plain     everything read, then every word compared with every frame, with the SDK's steps

Prints a table; memory is the peak of the whole process. Ends with an error where `mmsdk` and
`plain` differ in a bit.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from rmfn_tf.datasets.alignment import Frames, Words, align_words, group_segments
from rmfn_tf.datasets.sources.csd import open_csd
from support.alignment_plain import plain_segments, plain_words

SECONDS, WORDS, SEGMENTS = 118.0, 280, 24  # of one video
FRAMES = {"visual": (30, 47), "acoustic": (100, 74)}  # rate in Hz, features
NAMES = ("language", *FRAMES, "labels")
TASKS = ("h5py", "reader", "default", "mmsdk", "plain")


def make(folder: Path, videos: int) -> None:
    """Writes `<name>.csd` for each of NAMES."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        with h5py.File(folder / f"{name}.csd", "w") as file:
            root = file.create_group(name)
            root.create_group("metadata")["root name"] = np.array([name.encode()])
            for video in range(videos):
                intervals = _make_times(name, rng)
                width = {"language": 300, "labels": 1}.get(name) or FRAMES[name][1]
                features = rng.normal(size=(len(intervals), width)).astype(np.float32)
                group = root.create_group(f"data/video_{video:03d}")
                group.create_dataset("features", data=features, compression="gzip")
                group.create_dataset("intervals", data=intervals, compression="gzip")


def _make_times(name: str, rng: np.random.Generator) -> np.ndarray:
    if name in FRAMES:
        bounds = np.arange(0, SECONDS, 1 / FRAMES[name][0])
    else:
        count = WORDS if name == "language" else SEGMENTS
        bounds = np.sort(rng.choice(np.arange(1, int(SECONDS * 100)), count + 1, replace=False))
        bounds = bounds / 100
    return np.stack([bounds[:-1], bounds[1:]], axis=1)


def read_with_h5py(folder: Path) -> Iterator[dict[str, tuple[np.ndarray, np.ndarray]]]:
    """For each video, name -> features and intervals."""
    with ExitStack() as stack:
        data = {
            name: stack.enter_context(h5py.File(folder / f"{name}.csd"))[f"{name}/data"]
            for name in NAMES
        }
        for video in data["language"]:
            yield {
                name: (group[video]["features"][()], group[video]["intervals"][()])
                for name, group in data.items()
            }


def read_with_reader(folder: Path) -> Iterator[dict[str, tuple[np.ndarray, np.ndarray]]]:
    """The same, as the builders read."""
    with ExitStack() as stack:
        csds = {name: stack.enter_context(open_csd(folder / f"{name}.csd")) for name in NAMES}
        for video in csds["language"].ids:
            recordings = {name: csd.read(video) for name, csd in csds.items()}
            yield {name: (each.features, each.intervals) for name, each in recordings.items()}


class Stopwatch:
    """Seconds in all and of the alignment; SHA-256 of what came out, outside of both."""

    def __init__(self) -> None:
        self.align, self.hashing = 0.0, 0.0
        self.hash, self.begin = hashlib.sha256(), perf_counter()

    def add(self, name: str, features: np.ndarray) -> None:
        begin = perf_counter()
        self.hash.update(name.encode() + np.ascontiguousarray(features, np.float32).tobytes())
        self.hashing += perf_counter() - begin

    def result(self) -> dict[str, float | str]:
        return {
            "all": perf_counter() - self.begin - self.hashing,
            "align": self.align,
            "hash": self.hash.hexdigest(),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def run_ours(folder: Path, mode: str, watch: Stopwatch) -> None:
    for video in read_with_reader(folder):
        begin = perf_counter()
        vectors, times = video["language"]
        aligned = align_words(
            Words(times, None, {"language": vectors}),
            {name: Frames(*video[name]) for name in FRAMES},
            mode=mode,
        )
        found = group_segments(aligned, video["labels"][1], "video")
        watch.align += perf_counter() - begin
        for segment in found.segments:
            for name, modality in segment.modalities.items():
                watch.add(name, modality.features)


def run_plain(folder: Path, watch: Stopwatch) -> None:
    videos = list(read_with_h5py(folder))
    begin = perf_counter()
    aligned = [
        plain_words(*video["language"], {name: video[name] for name in FRAMES}) for video in videos
    ]
    segments = [
        plain_segments(words, video["labels"][1])
        for words, video in zip(aligned, videos, strict=True)
    ]
    watch.align = perf_counter() - begin
    for video in segments:
        for segment in video:
            for name, features in segment.items():
                watch.add(name, features)


def run_task(task: str, folder: Path) -> dict[str, float | str]:
    watch = Stopwatch()
    if task in ("h5py", "reader"):
        for _ in read_with_h5py(folder) if task == "h5py" else read_with_reader(folder):
            pass
    elif task == "plain":
        run_plain(folder, watch)
    else:
        run_ours(folder, task, watch)
    return watch.result()


def call(*arguments: str) -> dict[str, float | str]:
    """This file in a process of its own, so that the peak of memory is that task's alone."""
    command = [sys.executable, __file__, *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def measure(videos: int, repeats: int) -> bool:
    """Prints the rows of one size; whether `mmsdk` and `plain` gave the same bits."""
    with tempfile.TemporaryDirectory() as folder:
        call("--task", "make", "--folder", folder, "--videos", str(videos))
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        best = {}
        for task in TASKS:
            runs = [call("--task", task, "--folder", folder) for _ in range(repeats)]
            best[task] = min(runs, key=lambda run: run["all"])
    for task, run in best.items():
        print(
            f"| {videos} ({size:.0f} MB) | {task} | {run['all']:.2f} | "
            f"{run['all'] / best['h5py']['all']:.2f} | {best['plain']['all'] / run['all']:.1f} | "
            f"{run['align']:.3f} | "
            f"{best['plain']['align'] / run['align'] if run['align'] else np.nan:.0f} | "
            f"{run['peak']:.0f} |",
            flush=True,
        )
    return best["mmsdk"]["hash"] == best["plain"]["hash"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[10, 30, 93])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--task", choices=("make", *TASKS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task == "make":
        make(options.folder, options.videos[0])
        print("{}")
        return 0
    if options.task:
        print(json.dumps(run_task(options.task, options.folder)))
        return 0
    print("| videos | way | all, s | × h5py | × faster than plain | alignment, s | × | peak, MB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    same = [measure(videos, options.repeats) for videos in options.videos]
    print("mmsdk and plain: " + ("the same bits" if all(same) else "DIFFERENT bits"))
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
