"""What a task is, what follows from its kind, and what is none."""

import json

import pytest

from rmfn_tf.task import KINDS, Task

POM = {
    "kind": "regression",
    "columns": ["confident", "sentiment", "relaxed"],
    "labels": ["confident", "relaxed"],
    "ranges": {"confident": [1, 7], "relaxed": [1, 5]},
    "metrics": "pom",
}
TASKS = [
    Task.from_json(POM),
    Task("classification", ("emotion",), num_classes=4, per_step=True),
    Task("classification", ("sarcasm",), class_names=("meant", "not meant")),
    Task("multilabel", ("happy", "sad"), metrics="iemocap"),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_json_and_back(task):
    assert Task.from_json(json.loads(json.dumps(task.to_json()))) == task


def test_all_columns_are_labels_unless_some_are_named():
    assert Task("multilabel", ("a", "b")).labels == ("a", "b")
    assert Task.from_json(POM).labels == ("confident", "relaxed")


@pytest.mark.parametrize(("task", "outputs"), [*zip(TASKS, (2, 4, 2, 2), strict=True)])
def test_outputs(task, outputs):
    assert task.num_outputs == outputs == len(set(task.output_names))


def test_names_of_outputs():
    assert [task.output_names[1] for task in TASKS] == ["relaxed", "class_1", "not meant", "sad"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_alone_is_a_task(kind):
    task = Task.of(kind, 3)
    assert (task.kind, task.num_outputs) == (kind, 3)
    assert Task.of(task, 99) is task


def test_some_of_the_labels():
    task = Task.from_json(POM)
    assert task.select(["relaxed"]).labels == ("relaxed",)
    assert task.select([]) == task
    for labels, expected in (
        (["relaxd"], "Did you mean 'relaxed'"),
        (["sentiment"], "unknown label"),
    ):
        with pytest.raises(ValueError, match=expected):
            task.select(labels)
    with pytest.raises(ValueError, match="has one label, its class"):
        TASKS[1].select(["emotion"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "regresion"}, "'regresion'. Did you mean 'regression'"),
        ({"kind": ["regression"]}, "unknown kind of task"),
        ({"metrics": "mosi"}, "'mosi'.* Known: default, sentiment, pom, ict_mmmo"),
        ({"kind": "multilabel"}, "'pom'.* Known: default, iemocap"),
        ({"columns": []}, "different names of columns"),
        ({"columns": ["a", "a"], "labels": []}, "different names of columns"),
        ({"columns": "confident"}, "`columns` must be a list of names; got 'confident'"),
        ({"labels": None}, "`labels` must be a list of names; got None"),
        ({"labels": ["calm"]}, "unknown label 'calm'"),
        ({"kind": "classification", "metrics": "default"}, "one column, which holds the class"),
        ({"class_names": ["no", "yes"]}, "left out for other kinds; got 2 for a regression"),
        (
            {"kind": "classification", "columns": ["a"], "labels": [], "metrics": "default"}
            | {"num_classes": 3, "class_names": ["no", "yes"]},
            "`class_names` must be 3 different names",
        ),
        ({"num_classes": 3}, "left out for other kinds; got 3 for a regression"),
        ({"ranges": {"confident": [1, 7]}}, r"for \['relaxed'\]"),
        ({"ranges": {"confident": [1, 7], "relaxed": [5]}}, r"for \['relaxed'\]"),
        ({"range": {}}, "unknown entry of a task 'range'. Did you mean 'ranges'"),
    ],
)
def test_what_is_none(change, message):
    with pytest.raises(ValueError, match=message):
        Task.from_json({**POM, **change})


@pytest.mark.parametrize("missing", ["kind", "columns"])
def test_what_is_missing(missing):
    with pytest.raises(ValueError, match=f"needs the entry '{missing}'"):
        Task.from_json({name: value for name, value in POM.items() if name != missing})


@pytest.mark.parametrize(("kind", "outputs"), [("classification", 1), ("regression", 0)])
def test_too_few_outputs(kind, outputs):
    with pytest.raises(
        ValueError, match=f"{kind} needs `num_outputs` of at least .*; got {outputs}"
    ):
        Task.of(kind, outputs)
