"""A folder of a user's own data is read as it was written, or the mistake in it is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.sources.errors import MissingFiles, SourceError
from rmfn_tf.datasets.sources.own_data.description import DataDescription
from rmfn_tf.datasets.sources.own_data.source import OwnData
from support.own_folders import SIZES, TASKS, WIDTHS, description, two_files, write_own


def read(folder):
    source = OwnData(DataDescription.read(folder / "data.toml"))
    return source.read(source.find(folder))


def test_what_a_folder_holds(tmp_path):
    files = two_files()
    first = files["part_1.npz"]
    reading = read(write_own(tmp_path, files))
    assert {split: len(rows) for split, rows in reading.splits.items()} == SIZES
    assert list(reading.splits) == ["train", "validation", "test"]
    assert [sample.id for sample in reading.splits["train"]] == ["b0", "c0", "e"]

    sample = reading.splits["train"][0]  # the third of its file: steps 3, 4, 5
    assert (sample.video_id, sample.segment) == ("b", 4)
    assert sample.words == ["goes", "on", "and"]
    np.testing.assert_array_equal(sample.intervals, first["intervals"][3:6])
    np.testing.assert_array_equal(sample.label, np.float32([3, 1.5]))
    assert sample.label.dtype == np.float32
    assert list(sample.features) == list(WIDTHS)
    for name in WIDTHS:
        assert sample.features[name].dtype == np.float32
        np.testing.assert_array_equal(sample.features[name], first[name][3:6].astype(np.float32))

    (plain,) = reading.splits["validation"]
    assert (plain.id, plain.video_id, plain.segment) == ("d", "d", 0)
    assert plain.words is None
    assert plain.intervals is None


@st.composite
def data_sets(draw):
    """(widths, examples, how many of them each file takes)."""
    widths = {name: draw(st.integers(1, 3)) for name in draw(st.permutations(["b", "a", "c"]))}
    num_files = draw(st.integers(1, 3))
    counts = [draw(st.integers(1, 4)) for _ in range(num_files)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    examples = []
    for row in range(sum(counts)):
        steps = draw(st.integers(1, 4))
        features = {name: rng.normal(size=(steps, width)) for name, width in widths.items()}
        split = draw(st.sampled_from(["train", "validation", "test"]))
        examples.append((f"x{row}", split, draw(st.floats(-9, 9)), steps, features))
    return widths, examples, counts


@settings(max_examples=60, derandomize=True)
@given(data_sets())
def test_every_example_comes_back(tmp_path_factory, drawn):
    widths, examples, counts = drawn
    folder = tmp_path_factory.mktemp("own")
    waiting = list(examples)
    files = {}
    for number, count in enumerate(counts):
        taken, waiting = waiting[:count], waiting[count:]
        ids, splits, labels, steps, features = zip(*taken, strict=True)
        files[f"{number}.npz"] = {
            "id": np.array(ids),
            "split": np.array(splits),
            "label": np.array(labels),
            "num_steps": np.array(steps),
            **{name: np.concatenate([each[name] for each in features]) for name in widths},
        }
    task = {"kind": "regression", "columns": ["y"]}
    write_own(folder, files, description(modalities=list(widths), task=task))
    splits = read(folder).splits
    occurring = {each[1] for each in examples}
    assert list(splits) == [each for each in ("train", "validation", "test") if each in occurring]
    for split in splits:
        wanted = [each for each in examples if each[1] == split]
        found = splits[split]
        assert [sample.id for sample in found] == [each[0] for each in wanted]
        for sample, (_, _, label, _, features) in zip(found, wanted, strict=True):
            assert sample.label == np.float32(label)
            assert list(sample.features) == list(widths)
            for name, rows in features.items():
                np.testing.assert_array_equal(sample.features[name], rows.astype(np.float32))


@pytest.mark.parametrize("kind", TASKS)
def test_labels_of_each_kind(tmp_path, kind):
    reading = read(write_own(tmp_path, two_files(kind), description(kind)))
    labels = [sample.label for sample in reading.splits["train"]]
    if kind == "classification":
        assert labels == [1, 1, 0]
        assert {type(label) for label in labels} == {int}
    else:
        wanted = {
            "regression": [[3, 1.5], [1, 1], [2.5, 1]],
            "multilabel": [[0, 0], [1, 0], [1, 0]],
        }
        np.testing.assert_array_equal(labels, wanted[kind])


def test_one_column_may_have_either_shape(tmp_path):
    files = two_files()
    for arrays in files.values():
        arrays["label"] = arrays["label"][:, :1]
    files["part_1.npz"]["label"] = files["part_1.npz"]["label"][:, 0]
    task = {"kind": "regression", "columns": ["joy"]}
    reading = read(write_own(tmp_path, files, description(task=task)))
    labels = [sample.label for sample in reading.splits["train"]]
    assert labels == [3.0, 1.0, 2.5]
    assert {type(label) for label in labels} == {float}


def test_values_that_are_not_finite_are_kept(tmp_path):
    files = two_files()
    files["part_1.npz"]["motion"][3:6, 0] = [np.nan, -np.inf, 1e300]
    values = read(write_own(tmp_path, files)).splits["train"][0].features["motion"][:, 0]
    np.testing.assert_array_equal(values, np.float32([np.nan, -np.inf, np.inf]))


def test_widths_without_reading_values(tmp_path):
    folder = write_own(tmp_path)
    source = OwnData(DataDescription.read(folder / "data.toml"))
    widths = source.read_widths(source.find(folder))
    assert list(widths.items()) == list(WIDTHS.items())


def test_progress_goes_by_files(tmp_path):
    folder = write_own(tmp_path)
    source = OwnData(DataDescription.read(folder / "data.toml"))
    calls = []
    source.read(source.find(folder), lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]


def test_files_in_the_order_of_their_names_and_no_hidden_ones(tmp_path):
    arrays = two_files()
    write_own(tmp_path, {"b.npz": arrays["part_1.npz"], "a.npz": arrays["part_2.npz"]})
    (tmp_path / "._a.npz").write_bytes(b"what macOS leaves on other disks")
    (tmp_path / "notes.txt").touch()
    source = OwnData(DataDescription.read(tmp_path / "data.toml"))
    assert list(source.find(tmp_path)) == ["data.toml", "a.npz", "b.npz"]
    assert [sample.id for sample in read(tmp_path).splits["train"]] == ["e", "b0", "c0"]


@pytest.mark.parametrize(
    ("kept", "lacks"), [("data.toml", "*.npz"), ("part_1.npz", "data.toml"), (None, "data.toml")]
)
def test_missing_files(tmp_path, kept, lacks):
    folder = write_own(tmp_path)
    source = OwnData(DataDescription.read(folder / "data.toml"))
    for path in folder.iterdir():
        if path.name != kept:
            path.unlink()
    with pytest.raises(MissingFiles, match=f"lacks {lacks}".replace("*", r"\*")):
        source.find(folder)


def test_no_folder(tmp_path):
    source = OwnData(DataDescription.read(write_own(tmp_path) / "data.toml"))
    with pytest.raises(MissingFiles, match=r"it must hold data\.toml, \*\.npz"):
        source.find(None)
    with pytest.raises(MissingFiles, match="does not exist"):
        source.find(tmp_path / "none")


def put(name, row, value):
    """A change: another value in one row of an array of the first file."""

    def change(files):
        array = files["part_1.npz"][name].astype(
            np.result_type(files["part_1.npz"][name], np.array(value))
        )
        array[row] = value
        files["part_1.npz"][name] = array

    return change


def give(name, array, file="part_1.npz"):
    """A change: another array in a file."""

    def change(files):
        files[file][name] = np.asarray(array)

    return change


def rename(old, new):
    """A change: an array of the first file under another name."""

    def change(files):
        files["part_1.npz"][new] = files["part_1.npz"].pop(old)

    return change


BAD_CODE = np.array([0x110000], "<u4").view("<U1")[0:1]
SURROGATE = np.array([*map(ord, "abc"), 0xD800], "<u4").view("<U1")

CASES = {
    "misspelt": (rename("label", "labels"), "'labels': an unknown.*Did you mean 'label'"),
    "unknown": (give("zzz", [1]), "'zzz': an unknown array. Known are id,"),
    "missing": (lambda files: files["part_2.npz"].pop("num_steps"), "part_2.*'num_steps': missing"),
    "no modality": (
        lambda files: files["part_2.npz"].pop("motion"),
        "'motion': missing; there are",
    ),
    "ids of numbers": (give("id", np.arange(4)), "'id': values of type int64. It must hold text"),
    "one id": (give("id", "a"), "'id': shape "),
    "no examples": (give("id", np.zeros(0, "U1")), "'id': no examples"),
    "empty id": (put("id", 2, " "), "'id': empty text in row 2"),
    "id twice": (put("id", 3, "a1"), "part_1.*'id': 'a1', there twice"),
    "id in two files": (put("id", 3, "e"), "part_2.*'id': 'e', which part_1.npz has too"),
    "id of no characters": (give("id", SURROGATE), "'id': text that is not Unicode"),
    "id of no UTF-8": (give("id", [b"a", b"b", b"c", b"\xff"]), "'id': text that is not Unicode"),
    "word of no character": (give("words", np.repeat(BAD_CODE, 7)), "'words': text that is not"),
    "split": (put("split", 1, "valid"), "'valid' of id 'a1'.*mean 'validation'.*Splits are train"),
    "splits": (give("split", ["train"]), r"'split': shape \(1,\). It must have shape \(4,\)"),
    "steps of 0": (put("num_steps", 1, 0), "'num_steps': 0 of id 'a1'"),
    "steps below 0": (put("num_steps", 1, -5), "'num_steps': -5 of id 'a1'"),
    "steps no integers": (give("num_steps", [2.0, 1, 3, 1]), "'num_steps': values of type float64"),
    "steps that do not add up": (
        put("num_steps", 1, 2),
        r"'language': shape \(7, 3\). It must have shape \(8, 3\): .* num_steps adds up",
    ),
    "steps that overflow": (
        give("num_steps", np.full(4, 2**62)),
        r"It must have shape \(18446744073709551616, 3\)",
    ),
    "features of rank 3": (give("motion", np.ones((7, 2, 1))), r"'motion': shape \(7, 2, 1\)"),
    "no features": (give("motion", np.ones((7, 0))), r"'motion': shape \(7, 0\)"),
    "features of text": (give("motion", np.full((7, 2), "x")), "'motion': values of type <U1"),
    "fewer rows": (give("motion", np.ones((6, 2))), r"'motion': shape \(6, 2\)"),
    "another width": (
        give("motion", np.ones((2, 5)), "part_2.npz"),
        r"part_2.npz, key 'motion': 5 features a step, and 2 in part_1\.npz",
    ),
    "empty video": (put("video", 0, ""), "'video': empty text in row 0"),
    "segment below 0": (put("segment", 1, -1), "'segment': -1 of id 'a1'"),
    "segment too large": (
        give("segment", np.full(4, 2**63, np.uint64)),
        "'segment': 9223372036854775808 of id 'a0'",
    ),
    "words of examples": (give("words", ["x"] * 4), r"'words': shape \(4,\)"),
    "words of numbers": (give("words", np.arange(7)), "'words': values of type int64"),
    "one time": (give("intervals", np.arange(7.0)), r"'intervals': shape \(7,\)"),
    "no time": (put("intervals", (4, 1), np.nan), "'intervals': 4.0 to nan in step 1 of id 'b0'"),
    "endless": (put("intervals", (2, 1), 1e300), "'intervals': .* in step 0 of id 'a1'"),
    "backwards": (put("intervals", (6, 0), 9.0), "'intervals': 9.0 to 6.5 in step 0 of id 'c0'"),
    "label of one column": (give("label", np.ones(4)), r"'label': shape \(4,\).*joy, calm"),
    "labels of text": (give("label", np.full((4, 2), "x")), "'label': values of type <U1"),
    "no label": (put("label", (2, 1), np.nan), "'label': calm is nan of id 'b0' .*finite"),
    "endless label": (put("label", (2, 0), 1e300), "'label': joy is 1e.300 of id 'b0'"),
    "out of range": (put("label", (3, 0), 3.5), "'label': joy is 3.5 of id 'c0'.* from -3 to 3"),
    "below range": (put("label", (1, 1), 0.09), "'label': calm is 0.09 of id 'a1'"),
}


@pytest.mark.parametrize(("change", "complaint"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_named(tmp_path, change, complaint):
    files = two_files()
    change(files)
    write_own(tmp_path, files)
    with pytest.raises(SourceError, match=complaint) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "part_"))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("kind", "change", "complaint"),
    [
        ("classification", put("label", 2, 3), "mood is 3 of id 'b0'.*integer from 0 to 2"),
        ("classification", put("label", 2, -1), "mood is -1 of id 'b0'"),
        ("classification", give("label", np.ones(4)), "values of type float64.*integers"),
        ("classification", give("label", np.ones((4, 2), int)), r"shape \(4, 2\)"),
        ("multilabel", put("label", (2, 1), 2), "sad is 2 of id 'b0'.*must be 0 or 1"),
        ("multilabel", put("label", (1, 0), 0.5), "happy is 0.5 of id 'a1'"),
        ("multilabel", put("label", (1, 0), np.nan), "happy is nan of id 'a1'"),
    ],
)
def test_labels_that_the_task_has_not(tmp_path, kind, change, complaint):
    files = two_files(kind)
    change(files)
    write_own(tmp_path, files, description(kind))
    with pytest.raises(SourceError, match=f"key 'label': .*{complaint}"):
        read(tmp_path)


def test_a_label_beyond_float32_is_not_finite(tmp_path):
    files = two_files()
    put("label", (2, 0), 1e300)(files)
    task = {**TASKS["regression"], "ranges": {}}
    write_own(tmp_path, files, description(task=task))
    with pytest.raises(SourceError, match=r"joy is 1e\+300 of id 'b0' .* a finite number"):
        read(tmp_path)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_ends_of_a_range_are_in_it(tmp_path, dtype):
    """calm may be 0.1, which no binary number is."""
    files = two_files()
    files["part_1.npz"]["label"] = files["part_1.npz"]["label"].astype(dtype)
    assert read(write_own(tmp_path, files)).splits["test"][0].label[1] == np.float32(dtype(0.1))


def test_what_can_be_known_without_values_is_known_early(tmp_path):
    files = two_files()
    rename("motion", "moton")(files)
    write_own(tmp_path, files)
    source = OwnData(DataDescription.read(tmp_path / "data.toml"))
    with pytest.raises(SourceError, match=r"'moton': an unknown.*Did you mean 'motion'"):
        source.read_widths(source.find(tmp_path))
