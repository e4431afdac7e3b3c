"""Aligning a made-up folder of recordings, and what comes of it by plain loops."""

import csv

import numpy as np

from rmfn_tf.datasets.recordings.align_folder import Recordings, align_folder
from support.own_recordings import FEATURES, write_csv, write_textgrid

EPSILON = 1e-5
STEPS = ("visual", "acoustic", "words", "intervals")
WORDS_WITH_A_PAUSE = [(0, 1, "a"), (2, 3, "b")]


def run(folder, out="out", **options):
    """Aligns what `make_recordings` wrote."""
    frames = {"visual": folder / "openface", "acoustic": folder / "smile"}
    of_folder = {name: options.pop(name, None) for name in ("name", "on_progress")}
    frames = options.pop("frames", frames)
    recordings = Recordings(folder / "words", frames, folder / "segments.csv", **options)
    return align_folder(recordings, folder / out, **of_folder)


def load(folder, out="out"):
    """id -> the arrays of one example, of all NPZ files."""
    examples = {}
    for path in sorted((folder / out).glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        ends = np.cumsum(arrays["num_steps"])
        assert examples.keys().isdisjoint(arrays["id"].tolist())
        for row, (end, count) in enumerate(zip(ends, arrays["num_steps"], strict=True)):
            examples[str(arrays["id"][row])] = {
                name: values[end - count : end] if name in STEPS else values[row]
                for name, values in arrays.items()
            }
    return examples


def shared(first, second):
    """Seconds that two intervals have in common."""
    return min(first[1], second[1]) - max(first[0], second[0])


def expected_examples(recordings):
    """The same, by plain loops over words and frames."""
    examples = {}
    for video, made in recordings.items():
        visual = [
            ((float(row[2]), float(row[2]) + 0.04), row[5:])
            for row in made["openface"]
            if row[4] == 1
        ]
        acoustic = [((row[1], row[1] + 0.0101), row[2:]) for row in made["smile"]]
        for number, (start, end, label) in enumerate(made["segments"]):
            words = [word for word in made["words"] if shared(word, (start, end)) > EPSILON]
            example = {"words": [word[2] for word in words], "label": label, "video": video}
            example["intervals"] = np.array([word[:2] for word in words])
            for name, frames, width in (
                ("visual", visual, len(FEATURES)),
                ("acoustic", acoustic, 2),
            ):
                rows = []
                for word in words:
                    inside = [values for times, values in frames if shared(times, word) > EPSILON]
                    rows.append(np.mean(inside, axis=0) if inside else np.zeros(width))
                example[name] = np.array(rows)
            if words:
                examples[f"{video}[{number}]"] = example
    return examples


def check(found, expected):
    """Whether `load` and `expected_examples` gave the same."""
    assert list(found) == list(expected)
    for name, example in expected.items():
        assert found[name]["words"].tolist() == example["words"]
        assert found[name]["label"] == example["label"]
        assert found[name]["video"] == example["video"]
        np.testing.assert_allclose(found[name]["intervals"], example["intervals"], rtol=1e-12)
        for modality in ("visual", "acoustic"):
            assert found[name][modality].dtype == np.float32
            np.testing.assert_allclose(
                found[name][modality], example[modality], rtol=1e-5, atol=1e-6
            )


def write_splits(folder, splits):
    with (folder / "segments.csv").open(newline="") as file:
        rows = [[*row, splits[row[0]]] for row in list(csv.reader(file))[1:]]
    write_csv(folder / "segments.csv", ["video", "start", "end", "sentiment", "split"], rows)


def small(folder, visual, acoustic, segments, words):
    """One video, by hand: rows (start, end, value)."""
    write_textgrid(folder / "words" / "v.TextGrid", {"words": words})
    write_csv(folder / "openface" / "v.csv", ["start", "end", "x"], visual)
    write_csv(folder / "smile" / "v.csv", ["start", "end", "y"], acoustic)
    rows = [["v", *each, 1, "train"] for each in segments]
    write_csv(folder / "segments.csv", ["video", "start", "end", "label", "split"], rows)
