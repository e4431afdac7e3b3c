"""Examples in memory become a data set of one's own, and load as they were."""

import dataclasses
import tomllib

import numpy as np
import pytest

import rmfn_tf.datasets
from rmfn_tf.data.examples import Examples
from rmfn_tf.data.loading import load_examples
from rmfn_tf.datasets.custom import writing
from rmfn_tf.datasets.custom.source import DataDescription, OwnData
from rmfn_tf.datasets.custom.writing import draw_splits, write_custom
from rmfn_tf.datasets.source import SPLITS, Reading
from rmfn_tf.files import FolderInUse, only_writer
from rmfn_tf.task import Task

TWO_CLASSES = Task("classification", ("a",), num_classes=2)
RATED = Task("regression", ("a", "b"), ranges={"a": (-9, 9)}, metrics="pom", labels=("a",))


def make(count=12, seed=0, kind="regression", columns=2, names="v"):
    """Two examples a group, one of them with words; `acoustic` is absent here and there."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(1, 5, count)
    present = rng.random(count) < 0.7
    labels = {
        "regression": rng.normal(size=(count, columns)).astype(np.float32),
        "multilabel": rng.integers(0, 2, (count, columns)).astype(np.float32),
        "classification": np.arange(count) % 3,
    }
    return Examples(
        ids=[f"{names}{row // 2}[{row % 2}]" for row in range(count)],
        features={
            "language": [rng.normal(size=(n, 3)).astype(np.float32) for n in steps],
            "acoustic": [
                (rng.normal(size=(n, 2)) * here).astype(np.float32)
                for n, here in zip(steps, present, strict=True)
            ],
        },
        labels=labels[kind],
        present={"language": np.ones(count, bool), "acoustic": present},
        groups=np.array([f"{names}{row // 2}" for row in range(count)]),
        words=[["null", "ü", "", "x"][:n] if row % 2 else [""] * n for row, n in enumerate(steps)],
    )


def check_equal(found, expected):
    assert found.ids == expected.ids
    assert found.words == expected.words
    assert found.groups.tolist() == expected.groups.tolist()
    assert found.labels.dtype == expected.labels.dtype
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert list(found.features) == list(expected.features)
    for name, sequences in expected.features.items():
        np.testing.assert_array_equal(found.present[name], expected.present[name])
        for mine, theirs in zip(found.features[name], sequences, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def read_back(folder):
    """What data.toml says of the task, and split -> samples."""
    source = OwnData(DataDescription.read(folder / "data.toml"))
    files = source.find(folder)
    splits = Reading.of(source.read(files, lambda *_: None), files).splits
    return tomllib.loads((folder / "data.toml").read_text())["task"], splits


@pytest.mark.parametrize("kind", ["regression", "multilabel", "classification"])
def test_what_was_written_is_loaded(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(writing, "PART_BYTES", 5 * 60)
    parts = {split: make(seed=seed, kind=kind, names=split) for seed, split in enumerate(SPLITS)}
    folder = write_custom(tmp_path / "mine", parts, task=kind, description="A line.")
    assert len(list(folder.glob("part-*.npz"))) > 3
    builder = rmfn_tf.datasets.build("custom/mine", manual_dir=folder, data_dir=tmp_path / "data")
    for split, part in parts.items():
        check_equal(load_examples(builder, split, outside_any_run=True), part)


@pytest.mark.parametrize(
    ("kind", "columns", "options", "task"),
    [
        ("classification", 1, {}, {"columns": ["label"], "num_classes": 3}),
        ("classification", 1, {"columns": ["mood"]}, {"columns": ["mood"], "num_classes": 3}),
        ("regression", 1, {}, {"columns": ["label"]}),
        ("regression", 2, {}, {"columns": ["label_0", "label_1"]}),
        ("regression", 2, {"columns": "ab"}, {"columns": ["a", "b"]}),
        ("multilabel", 2, {"task": "multilabel"}, {"columns": ["label_0", "label_1"]}),
        (
            "regression",
            1,
            {"task": RATED},
            {"columns": ["a"], "ranges": {"a": [-9, 9]}, "metrics": "pom"},
        ),
    ],
)
def test_the_task(tmp_path, kind, columns, options, task):
    parts = {"train": make(kind=kind, columns=columns)}
    folder = write_custom(tmp_path / "mine", parts, **options)
    assert read_back(folder)[0] == {"kind": kind, **task}


def test_whole_groups_are_drawn_into_splits(tmp_path):
    examples = make(count=40)
    homes = []
    for out, seed in (("a", 3), ("b", 3), ("c", 4)):
        _, splits = read_back(write_custom(tmp_path / out, examples, split_seed=seed))
        homes.append({(each.video_id, split) for split in splits for each in splits[split]})
        assert sorted(each.id for split in splits.values() for each in split) == sorted(
            examples.ids
        )
    assert len(homes[0]) == 20
    assert homes[0] == homes[1] != homes[2]
    assert [[split for _, split in homes[0]].count(each) for each in SPLITS] == [14, 2, 4]


@pytest.mark.parametrize("count", [3, 4, 5, 17, 100])
def test_shares(count):
    groups = [f"v{number}" for number in range(count)]
    splits = draw_splits(groups, 0)
    assert splits == draw_splits(groups[::-1], 0)
    found = [list(splits.values()).count(each) for each in ("validation", "test")]
    assert found == [max(1, round(0.1 * count)), max(1, round(0.2 * count))]
    assert sorted(splits) == sorted(groups)


def test_what_is_not_present_is_zeros_and_words_may_be_unknown(tmp_path):
    examples = make()
    examples.features["acoustic"][0][:] = 5
    examples = dataclasses.replace(
        examples,
        present={**examples.present, "acoustic": np.zeros(12, bool)},
        words=[[""] * len(words) for words in examples.words],
    )
    folder = write_custom(tmp_path / "mine", {"test": examples})
    with np.load(folder / "part-00000.npz", allow_pickle=False) as file:
        names = {"id", "split", "label", "num_steps", "video", "language", "acoustic"}
        assert set(file) == names
        assert not file["acoustic"].any()


def two(**changes):
    """Two splits, where the second has these changes."""
    return {"train": make(), "test": dataclasses.replace(make(names="w"), **changes)}


@pytest.mark.parametrize(
    ("examples", "options", "message"),
    [
        ({}, {}, "one split at least"),
        (make(), {"name": "1st"}, "name must begin with a letter"),
        (make(), {"description": "a\nb"}, "one line of text"),
        (make(), {"split_seed": -1}, "non-negative"),
        (make(count=4), {}, "three groups .* got 2"),
        ({"tain": make()}, {}, "unknown split 'tain'. Did you mean 'train'"),
        (two(ids=make().ids), {}, r"the id 'v0\[0\]' is there twice, the second time in test"),
        (two(groups=make().groups), {}, "'v0' has segments in train and in test"),
        ({"train": make(), "test": make(columns=3)}, {}, "label shapes differ"),
        (make(), {"columns": "abc"}, r"shape \(12, 2\). It must have shape \(12, 3\)"),
        (make(), {"task": "multilabel"}, "It must be 0 or 1"),
        (make(), {"task": "ordinal"}, "unknown kind of task 'ordinal'"),
        (make(), {"task": Task("regression", ("a", "b"), ranges={"b": (8, 9)})}, "from 8"),
        (
            make(kind="classification"),
            {"task": TWO_CLASSES},
            "0 to 1",
        ),
    ],
)
def test_what_cannot_be_built_is_not_written(tmp_path, examples, options, message):
    with pytest.raises(ValueError, match=message):
        write_custom(tmp_path / "mine", examples, **options)
    assert not list(tmp_path.iterdir())


def test_a_new_or_an_empty_folder(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    write_custom(str(tmp_path / "mine"), make())
    with pytest.raises(ValueError, match="mine is there already"):
        write_custom(tmp_path / "mine", make())

    def fail(*arguments, **arrays):
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="No space left"):
        write_custom(tmp_path / "other", make())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_a_killed_process_left_is_written_anew(tmp_path):
    left = tmp_path / ".partial-mine"
    (left / "mine" / "deeper").mkdir(parents=True)
    (left / "mine" / "part-00007.npz").touch()
    with only_writer(left), pytest.raises(FolderInUse, match="in use by another process"):
        write_custom(tmp_path / "mine", make())
    assert (left / "mine" / "part-00007.npz").exists()
    write_custom(tmp_path / "mine", make())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not (tmp_path / "mine" / "part-00007.npz").exists()
