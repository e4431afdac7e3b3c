"""data.toml: what is read, and that every mistake is named."""

import re

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.own_data.description import DataDescription
from rmfn_tf.task import Task
from support.own_folders import TASKS, description


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.toml"


def write(path, values):
    path.write_text(tomli_w.dumps(values), encoding="utf-8")


def mistakes_in(path):
    with pytest.raises(SourceError) as caught:
        DataDescription.read(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) and line.isprintable() for line in lines)
    return [line.removeprefix(str(path)) for line in lines]


def test_what_is_read(path):
    write(path, description(description="Grüße."))
    assert DataDescription.read(path) == DataDescription(
        name="my_data",
        modalities=("language", "motion"),
        task=Task("regression", ("joy", "calm"), ranges={"joy": (-3, 3), "calm": (0.1, 1.5)}),
        description="Grüße.",
    )


@pytest.mark.parametrize("kind", TASKS)
def test_a_build_keeps_all_of_it(path, kind):
    write(path, description(kind, description="A line."))
    data = DataDescription.read(path)
    metadata = {
        "modalities": dict.fromkeys(data.modalities, 5),
        "task": data.task.to_json(),
        "description": data.description,
    }
    assert DataDescription.of_build(data.name, metadata) == data


def test_the_mark_of_windows_editors_is_no_mistake(path):
    path.write_bytes(b"\xef\xbb\xbf" + tomli_w.dumps(description()).encode())
    assert DataDescription.read(path).name == "my_data"


REGRESSION, CLASSES, LABELS = (TASKS[kind] for kind in TASKS)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "1st"}, "key 'name': got '1st'. It must be a name"),
        ({"name": "a/b"}, "key 'name': got 'a/b'"),
        ({"name": "a" * 101}, "key 'name': got"),
        ({"name": 7}, "key 'name': got 7"),
        ({"names": "x"}, "key 'names': unknown. Did you mean 'name'?"),
        ({"modalities": []}, "key 'modalities': got []. It must be a list"),
        ({"modalities": "language"}, "key 'modalities': got 'language'. It must be a list"),
        ({"modalities": ["a", 1]}, "key 'modalities': got ['a', 1]. It must be a list"),
        (
            {"modalities": ["a", "words"]},
            "key 'modalities': A modality cannot be called 'words': that name",
        ),
        (
            {"modalities": ["mask"]},
            "key 'modalities': A modality cannot be called 'mask': that name",
        ),
        (
            {"modalities": ["a.b"]},
            "key 'modalities': A modality cannot be called 'a.b': use a letter, then",
        ),
        (
            {"modalities": ["a", "a"]},
            "key 'modalities': A modality cannot be called 'a': another one is",
        ),
        ({"description": "a\nb"}, "key 'description': got 'a\\nb'. It must be one line"),
        ({"description": 1}, "key 'description': got 1. It must be one line"),
        ({"task": "regression"}, "key 'task': got 'regression'. It must be a table"),
        ({"task": {**REGRESSION, "kind": "regresion"}}, "Did you mean 'regression'?"),
        ({"task": {**LABELS, "kind": ["multilabel"]}}, "key 'task.kind': got ['multilabel']"),
        ({"task": {**LABELS, "column": 1}}, "'task.column': unknown. Did you mean 'columns'?"),
        ({"task": {**LABELS, "columns": []}}, "key 'task.columns': got []"),
        ({"task": {**LABELS, "columns": ["a", " "]}}, "key 'task.columns': got ['a', ' ']"),
        ({"task": {**LABELS, "columns": ["a", "a"]}}, "It must be different names"),
        ({"task": {**CLASSES, "columns": ["a", "b"]}}, "It must be one column"),
        ({"task": {**CLASSES, "num_classes": 1}}, "'task.num_classes': got 1. It must be an int"),
        ({"task": {**CLASSES, "num_classes": True}}, "key 'task.num_classes': got True"),
        ({"task": {**CLASSES, "num_classes": 3.0}}, "key 'task.num_classes': got 3.0"),
        ({"task": {**LABELS, "num_classes": 2}}, "'task.num_classes': got 2. It must be left out"),
        ({"task": {**LABELS, "ranges": {}}}, "key 'task.ranges': got {}. It must be left out"),
        ({"task": {**REGRESSION, "ranges": [1, 5]}}, "'task.ranges': got [1, 5]. It must be a tab"),
        (
            {"task": {**REGRESSION, "ranges": {"jo": [1, 5]}}},
            "key 'task.ranges.jo': unknown. Did you mean 'joy'?",
        ),
        *(
            (
                {"task": {**REGRESSION, "ranges": {"joy": limits}}},
                f"key 'task.ranges.joy': got {limits}. It must be two numbers",
            )
            for limits in (
                *([3, -3], [1, 1], [1], [1, 2, 3], ["1", "2"], [False, True], 7),
                *([float("nan"), 1.0], [float("-inf"), 1.0]),
            )
        ),
    ],
)
def test_one_mistake(path, changes, complaint):
    write(path, description(**changes))
    (mistake,) = mistakes_in(path)
    assert complaint in mistake


@pytest.mark.parametrize("key", ["name", "modalities", "task"])
def test_what_must_be_there(path, key):
    values = description()
    del values[key]
    write(path, values)
    (mistake,) = mistakes_in(path)
    assert mistake.startswith(f", key {key!r}: missing. It must be ")


def test_all_mistakes_are_named(path):
    write(path, {"nam": "x", "modalities": ["id"], "task": {"kind": "?", "columns": 1}})
    found = [re.search("key '([a-z.]*)'", line)[1] for line in mistakes_in(path)]
    assert found == ["nam", "name", "modalities", "task.kind", "task.columns"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"name = ", "not valid TOML: "),
        (b'name = "\xff"', "not valid TOML: "),
        (b"a = " + b"[" * 5000, "not valid TOML: "),
        (b"#" * 70_000, "more than 65,536 bytes"),
        (b"name = 0x" + b"f" * 50_000, "a number too long to show"),
    ],
)
def test_no_description_at_all(path, content, complaint):
    path.write_bytes(content)
    assert complaint in mistakes_in(path)[0]


def test_no_such_file(path):
    assert "no such file. `rmfn data template` writes one" in mistakes_in(path)[0]


VALUES = st.recursive(
    st.none().flatmap(lambda _: st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = st.sampled_from(["name", "modalities", "description", "task"])
TASK_KEYS = st.sampled_from(["kind", "columns", "num_classes", "ranges"])


@settings(max_examples=300, derandomize=True)
@given(
    st.sampled_from(list(TASKS)),
    st.dictionaries(KEYS, VALUES, max_size=2),
    st.dictionaries(TASK_KEYS, VALUES, max_size=2),
)
def test_any_values_are_read_or_named(path, kind, changes, task_changes):
    values = description(kind, task={**TASKS[kind], **task_changes})
    path.write_bytes(tomli_w.dumps({**values, **changes}).encode("utf-8", "replace"))
    try:
        data = DataDescription.read(path)
    except SourceError as error:
        lines = str(error).splitlines()
    else:
        assert data.task.kind in TASKS
        assert data.modalities
        lines = []
    assert all(line.startswith(str(path)) for line in lines)
