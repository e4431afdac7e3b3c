"""A folder of a user's own data is read as it was written, or the mistake in it is named."""

import re

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.custom.source import DataDescription, OwnData
from rmfn_tf.datasets.source import MissingFiles, SourceError
from rmfn_tf.task import Task
from support.own_folders import SIZES, TASKS, WIDTHS, description, two_files, write_own


def read(folder, report=lambda *_: None):
    source = OwnData(DataDescription.read(folder / "data.toml"))
    splits = {}
    for split, sample in source.read(source.find(folder), report):
        splits.setdefault(split, []).append(sample)
    return splits


def test_what_a_folder_holds(tmp_path):
    files = two_files()
    first = files["part_1.npz"]
    told = []
    splits = read(write_own(tmp_path, files), lambda *what: told.append(what))
    paths = [tmp_path / name for name in files]
    assert told == [(paths[0],), (1, 2), (paths[1],), (2, 2)]
    assert {split: len(rows) for split, rows in splits.items()} == SIZES
    assert [sample.id for sample in splits["train"]] == ["b0", "c0", "e"]

    sample = splits["train"][0]  # the third of its file: steps 3, 4, 5
    assert sample.video_id == "b"
    assert sample.words == ["goes", "on", "and"]
    np.testing.assert_array_equal(sample.intervals, first["intervals"][3:6])
    np.testing.assert_array_equal(sample.label, np.float32([3, 1.5]), strict=True)
    assert list(sample.features) == list(WIDTHS)
    for name in WIDTHS:
        expected = first[name][3:6].astype(np.float32)
        np.testing.assert_array_equal(sample.features[name], expected, strict=True)

    (plain,) = splits["validation"]
    assert (plain.id, plain.video_id, plain.words, plain.intervals) == ("d", "d", None, None)


NUMBERS = hnp.boolean_dtypes() | hnp.integer_dtypes(endianness="?") | hnp.floating_dtypes()


@st.composite
def data_sets(draw):
    """(widths, examples, how many of them each file takes)."""
    widths = {name: draw(st.integers(1, 3)) for name in draw(st.permutations(["b", "a", "c"]))}
    counts = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 3)))]
    examples = []
    for row in range(sum(counts)):
        steps = draw(st.integers(1, 4))
        features = {
            name: draw(hnp.arrays(draw(NUMBERS), (steps, width))) for name, width in widths.items()
        }
        split = draw(st.sampled_from(["train", "validation", "test"]))
        examples.append((f"x{row}", split, draw(st.floats(-9, 9)), steps, features))
    return widths, examples, counts


@settings(max_examples=40, derandomize=True)
@given(data_sets(), st.sampled_from([np.savez, np.savez_compressed]))
def test_every_example_comes_back(tmp_path_factory, drawn, save):
    widths, examples, counts = drawn
    folder = tmp_path_factory.mktemp("own")
    task = {"kind": "regression", "columns": ["y"]}
    text = tomli_w.dumps(description(modalities=list(widths), task=task))
    (folder / "data.toml").write_text(text)
    expected = {}
    for number, end in enumerate(np.cumsum(counts)):
        taken = examples[end - counts[number] : end]
        ids, splits, labels, steps, features = zip(*taken, strict=True)
        joined = {name: np.concatenate([each[name] for each in features]) for name in widths}
        arrays = {"id": ids, "split": splits, "label": labels, "num_steps": steps, **joined}
        save(folder / f"{number}.npz", **arrays)
        with np.errstate(over="ignore"):
            joined = {name: rows.astype(np.float32) for name, rows in joined.items()}
        for text, last, length in zip(ids, np.cumsum(steps), steps, strict=True):
            expected[text] = {name: rows[last - length : last] for name, rows in joined.items()}
    found = read(folder)
    for split in found:
        wanted = [each for each in examples if each[1] == split]
        assert [sample.id for sample in found[split]] == [each[0] for each in wanted]
        assert [sample.label for sample in found[split]] == [np.float32(each[2]) for each in wanted]
        for sample in found[split]:
            assert list(sample.features) == list(widths)
            for name, rows in expected[sample.id].items():
                np.testing.assert_array_equal(sample.features[name], rows, strict=True)
    assert sum(map(len, found.values())) == len(examples)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("regression", np.float32([[3, 1.5], [1, 1], [2.5, 1]])),
        ("multilabel", np.float32([[0, 0], [1, 0], [1, 0]])),
        ("classification", [1, 1, 0]),
    ],
)
def test_labels_of_each_kind(tmp_path, kind, wanted):
    splits = read(write_own(tmp_path, two_files(kind), description(kind)))
    labels = [sample.label for sample in splits["train"]]
    np.testing.assert_array_equal(labels, wanted, strict=kind != "classification")
    assert {type(label) for label in labels} == {int if kind == "classification" else np.ndarray}


def test_one_column_may_have_either_shape(tmp_path):
    files = two_files()
    for arrays in files.values():
        arrays["label"] = arrays["label"][:, :1]
    files["part_1.npz"]["label"] = files["part_1.npz"]["label"][:, 0]
    task = {"kind": "regression", "columns": ["joy"]}
    splits = read(write_own(tmp_path, files, description(task=task)))
    labels = [sample.label for sample in splits["train"]]
    assert labels == [3.0, 1.0, 2.5]
    assert {type(label) for label in labels} == {float}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_ends_of_a_range_are_in_it(tmp_path, dtype):
    """calm may be 0.1, which no binary number is."""
    files = two_files()
    files["part_1.npz"]["label"] = files["part_1.npz"]["label"].astype(dtype)
    assert read(write_own(tmp_path, files))["test"][0].label[1] == np.float32(dtype(0.1))


def test_files_in_the_order_of_their_names_and_no_hidden_ones(tmp_path):
    arrays = two_files()
    write_own(tmp_path, {"b.npz": arrays["part_1.npz"], "a.npz": arrays["part_2.npz"]})
    (tmp_path / "._a.npz").write_bytes(b"what macOS leaves on other disks")
    (tmp_path / "notes.txt").touch()
    source = OwnData(DataDescription.read(tmp_path / "data.toml"))
    files = source.find(tmp_path)
    assert list(files) == ["data.toml", "a.npz", "b.npz"]
    assert list(source.read_widths(files, lambda path: None).items()) == list(WIDTHS.items())
    assert [sample.id for sample in read(tmp_path)["train"]] == ["e", "b0", "c0"]


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("data.toml", "lacks *.npz: it must hold data.toml, *.npz."),
        ("part_1.npz", "lacks data.toml: it must hold data.toml, part_1.npz."),
        (None, "must hold data.toml, *.npz."),
    ],
)
def test_missing_files(tmp_path, kept, said):
    folder = write_own(tmp_path)
    source = OwnData(DataDescription.read(folder / "data.toml"))
    for path in folder.iterdir():
        if path.name != kept:
            path.unlink()
    with pytest.raises(MissingFiles, match=re.escape(said)):
        source.find(folder)
    with pytest.raises(MissingFiles, match=r"it must hold data\.toml, \*\.npz"):
        source.find(None)


def put(name, row, value):
    """A change: another value in one row of an array of the first file."""

    def change(files):
        array = files["part_1.npz"][name]
        array = array.astype(np.result_type(array, np.array(value)))
        array[row] = value
        files["part_1.npz"][name] = array

    return change


def give(name, array):
    """A change: another array in the first file; None takes it out."""

    def change(files):
        files["part_1.npz"][name] = np.asarray(array)
        if array is None:
            del files["part_1.npz"][name]

    return change


def rename(old, new):
    """A change: an array of the first file under another name."""
    return lambda files: files["part_1.npz"].update({new: files["part_1.npz"].pop(old)})


BAD_CODE = np.full(7, 0x110000, "<u4").view("<U1")
SURROGATE = np.array([*map(ord, "abc"), 0xD800], "<u4").view("<U1")
NO_UNICODE = "text that is not Unicode (UTF-8 where it is bytes)"
TWO_TO_64 = "shape (7, 3). It must have shape (18446744073709551616, 3): one for each step"


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        (
            "labels",
            rename("label", "labels"),
            "unknown array 'labels'. Did you mean 'label'? Known: id",
        ),
        ("segment", give("segment", [1]), "unknown array 'segment'."),
        ("num_steps", give("num_steps", None), "missing; there are id, split, label, video"),
        ("id", give("id", np.arange(4)), "values of type int64. It must be text"),
        ("id", give("id", "a"), "shape (). It must have shape (1,): one for each id"),
        ("id", give("id", np.zeros(0, "U1")), "no examples. Leave the file out"),
        ("id", put("id", 2, " "), "an empty text in row 2"),
        ("id", give("id", SURROGATE), NO_UNICODE),
        ("id", give("id", [b"a", b"b", b"c", b"\xff"]), NO_UNICODE),
        ("video", put("video", 0, ""), "an empty text in row 0"),
        ("split", put("split", 1, "valid"), "valid in row 1. Splits are train, validation, test."),
        ("num_steps", put("num_steps", 1, 0), "0 in row 1"),
        ("num_steps", give("num_steps", [2.0, 1, 3, 1]), "values of type float64. It must be int"),
        ("language", put("num_steps", 1, 2), "shape (7, 3). It must have shape (8, 3): one for"),
        ("language", give("num_steps", np.full(4, 2**62)), TWO_TO_64),
        ("motion", give("motion", np.ones((7, 2, 1))), "shape (7, 2, 1). Features must have"),
        ("motion", give("motion", np.ones((7, 0))), "shape (7, 0). Features must have"),
        ("motion", give("motion", np.full((7, 2), "x")), "values of type <U1. It must be numbers"),
        ("words", give("words", BAD_CODE), NO_UNICODE),
        ("words", give("words", ["x"] * 4), "shape (4,). It must have shape (7,): one for each st"),
        ("intervals", give("intervals", np.arange(7.0)), "shape (7,). It must have shape (7, 2)"),
        ("intervals", put("intervals", (4, 1), np.nan), "[4.0, nan] in row 4"),
        ("intervals", put("intervals", (2, 1), 1e300), "[2.0, inf] in row 2"),
        ("intervals", put("intervals", (6, 0), 9.0), "[9.0, 6.5] in row 6"),
        ("label", give("label", np.ones(4)), "shape (4,). It must have shape (4, 2): one for each"),
        ("label", put("label", (2, 1), np.nan), "calm is nan in row 2. It must be a finite"),
        ("label", put("label", (2, 0), 1e300), "joy is 1e+300 in row 2. It must be a finite"),
        ("label", put("label", (3, 0), 3.5), "joy is 3.5 in row 3. It must be a finite number fr"),
        ("label", put("label", (1, 1), 0.09), "calm is 0.09 in row 1. It must be a finite number"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, name, change, found):
    files = two_files()
    change(files)
    write_own(tmp_path, files)
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'part_1.npz'}, key '{name}': {found}")
    assert str(caught.value).isprintable()


def test_all_files_are_as_wide_as_the_first(tmp_path):
    files = two_files()
    files["part_2.npz"]["motion"] = np.ones((2, 5))
    write_own(tmp_path, files)
    said = r"part_2\.npz, key 'motion': shape \(2, 5\).*\(2, 2\): .* as wide as in the first file"
    with pytest.raises(SourceError, match=said):
        read(tmp_path)


@pytest.mark.parametrize(
    ("kind", "change", "found"),
    [
        ("classification", put("label", 2, 3), "mood is 3 in row 2.*integer from 0 to 2"),
        ("classification", put("label", 2, -1), "mood is -1 in row 2"),
        ("classification", give("label", np.ones(4)), "values of type float64.*integers"),
        ("multilabel", put("label", (2, 1), 2), "sad is 2 in row 2.*must be 0 or 1"),
        ("multilabel", put("label", (1, 0), 0.5), "happy is 0.5 in row 1"),
        ("multilabel", put("label", (1, 0), np.nan), "happy is nan in row 1"),
    ],
)
def test_labels_that_the_task_has_not(tmp_path, kind, change, found):
    files = two_files(kind)
    change(files)
    write_own(tmp_path, files, description(kind))
    with pytest.raises(SourceError, match=f"key 'label': .*{found}"):
        read(tmp_path)


def mistakes_in(path):
    with pytest.raises(SourceError) as caught:
        DataDescription.read(path)
    lines = caught.value.mistakes
    assert all(line.startswith(str(path)) and line.isprintable() for line in lines)
    return [line.removeprefix(str(path)) for line in lines]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.toml"


def test_what_is_read_of_a_description(path):
    content = tomli_w.dumps(description(description="Grüße."))
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())  # the mark of Windows' editors
    data = DataDescription.read(path)
    assert (data.name, data.modalities, data.description) == ("my_data", [*WIDTHS], "Grüße.")
    ranges = {"joy": (-3, 3), "calm": (0.1, 1.5)}
    assert data.task == Task("regression", ("joy", "calm"), ranges=ranges)
    stored = {"task": data.task.to_json(), "name": data.name, "modalities": data.modalities}
    assert DataDescription(description="Grüße.", **stored) == data  # what a build keeps of it


REGRESSION, CLASSES, LABELS = TASKS.values()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"name": "1st"}, "'name': A data set's name must begin with a letter"),
        ({"name": "a" * 101}, "'name': A data set's name must"),
        ({"name": 7}, "'name': Input should be a valid string; got 7."),
        (
            {"names": "x"},
            "'names': unknown key 'names'. Did you mean 'name'? Known: name, modalities, task",
        ),
        ({"modalities": []}, "'modalities': List should have at least 1 item"),
        ({"modalities": "language"}, "'modalities': Input should be a valid list; got 'language'."),
        ({"modalities": ["a", 1]}, "'modalities.1': Input should be a valid string; got 1."),
        ({"modalities": ["a", "words"]}, "'modalities': A modality cannot be called 'words': that"),
        ({"description": "a\nb"}, r"'description': It must be one line of text; got 'a\nb'."),
        ({"task": "regression"}, "'task': Input should be a dictionary"),
        ({"task": {}}, "'task.kind': Field required."),
        (
            {"task": {**REGRESSION, "kind": "regresion"}},
            "'task': unknown kind of task 'regresion'.",
        ),
        (
            {"task": {**LABELS, "column": 1}},
            "'task.column': unknown key 'column'. Did you mean 'columns'",
        ),
        ({"task": {**LABELS, "columns": []}}, "'task': A task needs different names of columns"),
        ({"task": {**CLASSES, "num_classes": 1}}, "'task': `num_classes` must be at least 2"),
        (
            {"task": {**CLASSES, "num_classes": 2.5}},
            "'task.num_classes': Input should be a valid integer",
        ),
        (
            {"task": {**REGRESSION, "ranges": {"joy": [1, 2, 3]}}},
            "'task.ranges.joy': Tuple should have at most 2 items",
        ),
        (
            {"task": {**REGRESSION, "ranges": {"jo": [1, 5]}}},
            "'task': unknown label in `ranges` 'jo'. Did you mean 'joy'?",
        ),
        *(
            (
                {"task": {**REGRESSION, "ranges": {"joy": limits}}},
                "'task': The range of 'joy' has the lower number first; got ",
            )
            for limits in ([1, 1], [float("nan"), 1.0])
        ),
    ],
)
def test_one_mistake_in_a_description(path, changes, found):
    path.write_text(tomli_w.dumps(description(**changes)))
    assert mistakes_in(path)[0].startswith(f", key {found}")


def test_all_mistakes_in_a_description_are_named(path):
    path.write_text(tomli_w.dumps({"nam": "x", "modalities": ["id"], "task": {"kind": "?"}}))
    found = {re.search("key '([a-z.]*)'", line)[1] for line in mistakes_in(path)}
    assert found == {"nam", "name", "modalities", "task.columns"}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, ": not readable as TOML ([Errno 2] No such file"),
        (b"name = ", ": not readable as TOML ("),
        (b'name = "\xff"', ": not readable as TOML ("),
        (b"a = " + b"[" * 5000, ": not readable as TOML ("),
    ],
)
def test_no_description_at_all(path, content, found):
    if content is not None:
        path.write_bytes(content)
    assert mistakes_in(path)[0].startswith(found)


VALUES = st.recursive(
    st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
TASK_KEYS = st.sampled_from(["kind", "columns", "num_classes", "ranges", "labels", "metrics"])


@settings(max_examples=100, derandomize=True)
@given(
    st.sampled_from(list(TASKS)),
    st.dictionaries(st.sampled_from(["name", "modalities", "description"]), VALUES, max_size=2),
    st.dictionaries(TASK_KEYS, VALUES, min_size=1, max_size=2),
)
def test_any_values_are_read_or_named(path, kind, changes, task_changes):
    values = description(kind, task={**TASKS[kind], **task_changes}) | changes
    path.write_bytes(tomli_w.dumps(values).encode("utf-8", "replace"))
    try:
        lines = []
        assert DataDescription.read(path).task.kind in TASKS
    except SourceError as error:
        lines = str(error).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
