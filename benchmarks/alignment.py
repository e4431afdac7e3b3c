"""Times the word-level alignment against reading alone and against the plain way, and its memory.

    .venv/bin/python benchmarks/alignment.py --videos 10 30 93

Makes computational sequences of CMU-MOSI's size (93 videos: 26 thousand words, 330 thousand frames
of 47 visual features, 1.1 million of 74 acoustic ones, gzip; 441 MB of arrays) in a temporary
folder. Then each of these runs in a process of its own, `--repeats` times, and the fastest counts:

    h5py      reading every array, video by video, with h5py alone
    reader    the same with `rmfn_tf.datasets.csd`
    default   reading with it, alignment and segments, video by video
    mmsdk     the same with the numbers of the CMU-MultimodalSDK
    guarded   as default, in the process that guards the reading; its peak is that process's
    plain     everything read, then every word compared with every frame, with the SDK's steps

Prints a table, the time of a video at each size, and which goals were reached; memory is the peak
of the whole process. Ends with an error where `mmsdk` and `plain` differ in a bit.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import h5py
import numpy as np

from rmfn_tf.datasets.alignment.align import Frames, Mode, Words, align_video
from rmfn_tf.datasets.alignment.members import EPSILON
from rmfn_tf.datasets.csd import open_csd
from rmfn_tf.datasets.guard import guarded

SECONDS, WORDS, SEGMENTS = 118.0, 280, 24  # of one video
FRAMES = {"visual": (30, 47), "acoustic": (100, 74)}  # rate in Hz, features
NAMES = ("language", *FRAMES, "labels")
OURS = ("reader", "default", "mmsdk")
TASKS = ("h5py", *OURS, "guarded", "plain")
Run = dict[str, Any]  # what `Stopwatch.result` gives
Runs = dict[str, Run]  # of each of TASKS


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

    def add(self, segments: Iterable[Mapping[str, np.ndarray]]) -> None:
        """`segments`: of each, name -> features."""
        begin = perf_counter()
        for segment in segments:
            for name, rows in segment.items():
                self.hash.update(name.encode() + np.ascontiguousarray(rows, np.float32).tobytes())
        self.hashing += perf_counter() - begin

    def result(self) -> Run:
        return {
            "all": perf_counter() - self.begin - self.hashing,
            "align": self.align,
            "hash": self.hash.hexdigest(),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def align(video: dict[str, tuple[np.ndarray, np.ndarray]], mode: Mode) -> list:
    """The features of each segment."""
    segments = video.pop("labels")[1]
    words = Words(video["language"][1])
    frames = {name: Frames(*each) for name, each in video.items()}
    found = align_video(words, frames, segments, mode=mode)
    return [segment.features for segment in found.segments]


def run_ours(folder: Path, mode: Mode, watch: Stopwatch) -> None:
    for video in read_with_reader(folder):
        begin = perf_counter()
        segments = align(video, mode)
        watch.align += perf_counter() - begin
        watch.add(segments)


def read_in_child(folder: Path, report: Callable[..., None]) -> Iterator[list]:
    """What the guarded process sends: the segments of each video."""
    for video in read_with_reader(folder):
        yield align(video, "default")


def run_guarded(folder: Path, watch: Stopwatch) -> Run:
    import alignment  # this file, by the name under which the child finds it

    for segments in guarded(alignment.read_in_child, folder):
        watch.add(segments)
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {**watch.result(), "peak": child}


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
        watch.add(video)


def plain_words(vectors: np.ndarray, times: np.ndarray, frames: dict) -> dict[str, list]:
    """name -> mean and interval of each word; `frames`: name -> features and intervals."""
    rows: dict[str, list] = {"language": list(zip(vectors, times, strict=True))}
    for name, (features, intervals) in frames.items():
        order = order_by_start(intervals)
        features, intervals = features[order], intervals[order]
        rows[name] = []
        for word in times:
            inside, clips = look_inside(word, intervals)
            if len(inside):
                mean = np.average(features[inside], axis=0)
                rows[name].append((mean, np.array([clips.min(), clips.max()])))
            else:
                rows[name].append((np.zeros(features.shape[1]), word))
    return rows


def plain_segments(words: dict[str, list], segments: np.ndarray) -> list[dict]:
    """name -> features of the words, for each segment that has any; zeros where a name lacks one
    that another has."""
    sequences = {}
    for name, rows in words.items():
        times = np.stack([each for _, each in rows])
        order = order_by_start(times)
        sequences[name] = order, times[order], np.stack([mean for mean, _ in rows])
    found = []
    for segment in segments:
        held = {
            name: order[look_inside(segment, times)[0]]
            for name, (order, times, _) in sequences.items()
        }
        here = sorted(set().union(*(each.tolist() for each in held.values())))
        if here:
            found.append(
                {
                    name: np.where(np.isin(here, held[name])[:, None], means[here], 0)
                    for name, (_, _, means) in sequences.items()
                }
            )
    return found


def order_by_start(intervals: np.ndarray) -> np.ndarray:
    return np.array(sorted(range(len(intervals)), key=lambda row: intervals[row, 0]))


def look_inside(reference: np.ndarray, intervals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows are inside the reference, and the parts of their intervals in it."""
    # Both conditions at once: -start against -(end of the reference), end against its start.
    turned = intervals * (-1, 1)
    meets = np.all(turned - (-reference[1], reference[0]) > -EPSILON, axis=1)
    starts = np.maximum(intervals[meets, 0], reference[0])
    ends = np.minimum(intervals[meets, 1], reference[1])
    is_long = np.abs(ends - starts) > EPSILON
    return np.flatnonzero(meets)[is_long], np.stack([starts, ends], axis=1)[is_long]


def run_task(task: str, folder: Path) -> Run:
    watch = Stopwatch()
    if task in ("h5py", "reader"):
        for _ in read_with_h5py(folder) if task == "h5py" else read_with_reader(folder):
            pass
    elif task == "plain":
        run_plain(folder, watch)
    elif task == "guarded":
        return run_guarded(folder, watch)
    else:
        run_ours(folder, task, watch)
    return watch.result()


def call(*arguments: str) -> Run:
    """This file in a process of its own, so that the peak of memory is that task's alone."""
    command = [sys.executable, __file__, *arguments]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def measure(videos: int, repeats: int) -> Runs:
    """The fastest run of each task, at one size; prints their rows."""
    with tempfile.TemporaryDirectory() as folder:
        call("--task", "make", "--folder", folder, "--videos", str(videos))
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
        # In turn, so that whatever else the machine does falls upon all alike.
        rounds = [
            {task: call("--task", task, "--folder", folder) for task in TASKS}
            for _ in range(repeats)
        ]
        best = {
            task: min((each[task] for each in rounds), key=lambda run: run["all"]) for task in TASKS
        }
    for task, run in best.items():
        print(
            f"| {videos} ({size:.0f} MB) | {task} | {run['all']:.2f} | "
            f"{times(best, task, 'h5py'):.2f} | {times(best, 'plain', task):.1f} | "
            f"{run['align']:.3f} | "
            f"{times(best, 'plain', task, 'align') if run['align'] else np.nan:.0f} | "
            f"{run['peak']:.0f} |",
            flush=True,
        )
    return best


def times(best: Runs, task: str, other: str, what: str = "all") -> float:
    """How many times as long one task takes as another."""
    return best[task][what] / best[other][what]


def print_goals(sizes: dict[int, Runs]) -> None:
    """How the times grow, and a line for each goal with the worst number of all sizes."""
    for task in OURS:
        each = [f"{1000 * best[task]['all'] / n:.1f} ({n})" for n, best in sizes.items()]
        print(f"{task}: ms a video (videos): {', '.join(each)}")
    runs, aligned = list(sizes.values()), OURS[1:]
    slowest = max(times(best, task, "h5py") for best in runs for task in OURS)
    h5py_alone = min(times(best, "plain", "h5py") for best in runs)
    end_to_end = min(times(best, "plain", task) for best in runs for task in aligned)
    alignment = min(times(best, "plain", task, "align") for best in runs for task in aligned)
    peak = max(best[task]["peak"] for best in runs for task in (*OURS, "guarded"))
    per_video = [best["reader"]["all"] / n for n, best in sizes.items()]
    growth = max(per_video) / min(per_video)
    for goal, found, reached in [
        ("at most 1.4 × h5py", f"{slowest:.2f} ×", slowest <= 1.4),
        (
            "12 × faster than plain, reading included",
            f"{end_to_end:.1f} ×; h5py, which aligns nothing, {h5py_alone:.1f} ×",
            end_to_end >= 12,
        ),
        ("alignment 50 × faster than plain", f"{alignment:.0f} ×", alignment >= 50),
        ("peak below 200 MB", f"{peak:.0f} MB", peak < 200),
        ("as long a video at every size, within 1.5 ×", f"{growth:.2f} ×", growth <= 1.5),
    ]:
        print(f"{goal}: {'reached' if reached else 'NOT reached'} ({found})")


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
    sizes = {videos: measure(videos, options.repeats) for videos in options.videos}
    print_goals(sizes)
    pairs = [("mmsdk", "plain"), ("guarded", "default")]
    same = all(best[a]["hash"] == best[b]["hash"] for best in sizes.values() for a, b in pairs)
    print("mmsdk and plain, guarded and default: " + ("the same bits" if same else "DIFFERENT"))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
