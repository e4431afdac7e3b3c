"""A label at each step: what a folder of one's own says is stored, counted and told apart."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.data.loading import load_examples
from rmfn_tf.datasets.custom.source import DataDescription, OwnData
from rmfn_tf.datasets.source import Reading, SourceError
from rmfn_tf.task import Task
from support.own_folders import NAME, TASKS, description, two_files, write_own
from support.random_examples import make_examples

NAN = np.nan
# Of the steps of a0 (2), a1 (1), b0 (3), c0 (1); then of d (1) and e (1).
LABELS = {
    "regression": (
        [[0.5, 0.1], [NAN, NAN], [3, 1], [NAN, NAN], [-3, 1.5], [1, 1], [2, 1]],
        [[0, 1], [2.5, 1]],
    ),
    "multilabel": ([[0, 1], [NAN, NAN], [1, 1], [NAN, NAN], [0, 0], [1, 0], [1, 0]], [[0, 1]] * 2),
    "classification": ([2, -1, 0, -1, 1, 1, 0], [2, 0]),
}


def write(folder, kind="regression", **labels):
    files = two_files(kind)
    for (name, arrays), given in zip(files.items(), LABELS[kind], strict=True):
        arrays["label"] = np.asarray(labels.get(name.removesuffix(".npz"), given))
    return write_own(folder, files, description(kind, task={**TASKS[kind], "per_step": True}))


def read(folder):
    source = OwnData(DataDescription.read(folder / "data.toml"))
    return {each.id: each for _, each in source.read(source.find(folder), lambda *_: None)}


def build(folder, data_dir):
    return rmfn_tf.datasets.build(f"custom/{NAME}", manual_dir=folder, data_dir=data_dir)


@pytest.mark.parametrize("kind", LABELS)
def test_what_a_folder_says_is_stored(tmp_path, kind):
    builder = build(write(tmp_path / "own", kind), tmp_path / "data")
    dtype = np.int64 if kind == "classification" else np.float32
    train = list(tfds.as_numpy(builder.as_dataset(split="train")))
    assert [each["id"] for each in train] == [b"b0", b"c0", b"e"]
    first, second = LABELS[kind]
    for each, expected in zip(train, (first[3:6], first[6:], second[1:]), strict=True):
        np.testing.assert_array_equal(each["label"], np.array(expected, dtype), strict=True)

    pairs = tfds.load(f"custom/{NAME}", split="train", data_dir=tmp_path / "data", as_supervised=1)
    features, labels = next(iter(tfds.as_numpy(pairs)))
    assert len(labels) == len(features["language"]) == 3
    assert len(tfds.as_dataframe(builder.as_dataset(split="train"), builder.info)) == 3
    again = rmfn_tf.datasets.load_builder(f"custom/{NAME}", tmp_path / "data")
    assert again.info.metadata["task"]["per_step"] is True
    names = ["class_0", "class_1"] if kind == "classification" else TASKS[kind]["columns"]
    assert ", ".join(names) in again.info.features["label"]._doc.desc
    counts = again.info.metadata["report"]["splits"]
    steps = {name: (x["labelled_steps"], x["unlabelled_steps"]) for name, x in counts.items()}
    assert steps == {"train": (4, 1), "validation": (1, 0), "test": (2, 1)}


def test_one_column(tmp_path):
    files = two_files()
    files["part_1.npz"]["label"], files["part_2.npz"]["label"] = np.arange(7.0), np.ones((2, 1))
    task = {"kind": "regression", "columns": ["joy"], "per_step": True}
    samples = read(write_own(tmp_path, files, description(task=task)))
    np.testing.assert_array_equal(samples["b0"].label, np.float32([[3], [4], [5]]), strict=True)


def test_the_label_of_one_step_makes_other_data(tmp_path):
    changed = np.array(LABELS["regression"][0])
    changed[5] = NAN
    folders = write(tmp_path / "one"), write(tmp_path / "other", part_1=changed)
    readings = [Reading({"train": list(read(folder).values())}) for folder in folders]
    assert len({reading.fingerprint({}) for reading in readings}) == 2


def check_refused(folder, said):
    with pytest.raises(SourceError, match=said) as caught:
        read(folder)
    assert str(caught.value).startswith(f"{folder / 'part_1.npz'}, key 'label': ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rows", [4, 9])
def test_other_numbers_of_rows(tmp_path, rows):
    said = rf"shape \({rows}, 2\). It must have shape \(7, 2\): one for each step.*per_step is true"
    check_refused(write(tmp_path, part_1=np.ones((rows, 2))), said)


@pytest.mark.parametrize(
    ("kind", "row", "values", "said"),
    [
        ("regression", 2, [3, NAN], "calm is nan in row 2.*a step without a label has NaN in all"),
        ("regression", 4, [np.inf, 1], "joy is inf in row 4"),
        ("multilabel", 2, [2, 1], "happy is 2.0 in row 2. It must be 0 or 1; a step without"),
        ("classification", 4, -2, "mood is -2 in row 4.*; a step without a label has -1"),
        ("classification", 2, -1, "not one of the steps of 'a1' has a label"),
        ("regression", 6, [NAN, NAN], "not one of the steps of 'c0' has a label"),
    ],
)
def test_labels_that_cannot_be_right(tmp_path, kind, row, values, said):
    labels = np.array(LABELS[kind][0])
    labels[row] = values
    check_refused(write(tmp_path, kind, part_1=labels), said)


def test_steps_with_labels_where_the_task_says_nothing_of_it(tmp_path):
    files = two_files()
    files["part_1.npz"]["label"] = np.ones((7, 2))
    check_refused(
        write_own(tmp_path, files), r"one for each id \(where each step has one: per_step"
    )


@pytest.mark.parametrize("kind", LABELS)
def test_what_was_written_from_python_is_loaded(tmp_path, kind):
    examples = make_examples([3, 1, 5], kind=kind, per_step=True)
    task = None if kind == "classification" else kind
    folder = rmfn_tf.datasets.write_custom(tmp_path / NAME, {"train": examples}, task=task)
    builder = build(folder, tmp_path / "data")
    found = load_examples(builder, "train")
    assert found.ids == examples.ids
    assert builder.info.metadata["task"]["per_step"] is True
    for mine, theirs in zip(found.labels, examples.labels, strict=True):
        np.testing.assert_array_equal(mine, theirs, strict=True)

    loaded = Task.from_json(builder.info.metadata["task"])  # and once more, as it was loaded
    again = rmfn_tf.datasets.write_custom(tmp_path / "again", {"train": found}, task=loaded)
    name = "part-00000.npz"
    with np.load(folder / name) as first, np.load(again / name) as second:
        np.testing.assert_array_equal(first["label"], second["label"], strict=True)


@pytest.mark.parametrize("per_step", [True, False])
def test_a_task_that_does_not_fit_the_examples(tmp_path, per_step):
    examples = make_examples([3, 1, 5], per_step=per_step)
    task = Task("regression", ("y",), per_step=not per_step)
    with pytest.raises(ValueError, match=f"and the task says per_step={not per_step}"):
        rmfn_tf.datasets.write_custom(tmp_path / "own", {"train": examples}, task=task)
    assert not list(tmp_path.iterdir())
