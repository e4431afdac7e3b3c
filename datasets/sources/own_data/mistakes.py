"""What can be wrong with a data.toml."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from rmfn_tf.names import did_you_mean, modality_mistakes
from rmfn_tf.task import KINDS

# Arrays that are no features, and what else an example of a build holds.
ARRAYS = ("id", "split", "label", "num_steps", "video", "segment", "words", "intervals")
DATASET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_KEYS = ("name", "modalities", "description", "task")
_TASK_KEYS = ("kind", "columns", "num_classes", "ranges")


def description_mistakes(values: Mapping[str, Any]) -> list[str]:
    """A sentence for each mistake, as `key 'name': got ...`; none where all is right.

    Args:
        values: the content of the file.
    """
    mistakes = _unknown_keys(values, _KEYS)
    if not _matches(values.get("name"), DATASET_NAME):
        wanted = 'a name such as "my_data": a letter, then letters, digits, _ . -, 100 at most'
        mistakes.append(_mistake("name", values, wanted))
    mistakes += _modalities_mistakes(values)
    description = values.get("description", "")
    if not isinstance(description, str) or not description.isprintable():
        mistakes.append(_mistake("description", values, "one line of text"))
    task = values.get("task")
    if isinstance(task, dict):
        mistakes += _task_mistakes(task)
    else:
        mistakes.append(_mistake("task", values, "a table: [task], and below it kind, columns"))
    return mistakes


def _modalities_mistakes(values: Mapping[str, Any]) -> list[str]:
    names = values.get("modalities")
    if not _is_list_of_texts(names):
        wanted = 'a list of names, as ["language", "acoustic"]'
        return [_mistake("modalities", values, wanted)]
    return [f"key 'modalities': {mistake}" for mistake in modality_mistakes(names)]


def _task_mistakes(task: Mapping[str, Any]) -> list[str]:
    kind, columns = task.get("kind"), task.get("columns")
    mistakes = _unknown_keys(task, _TASK_KEYS, "task.")
    if kind not in list(KINDS):  # a list: what is given may not be hashable
        suggestion = did_you_mean(str(kind), KINDS)
        mistakes.append(_mistake("kind", task, f"one of {', '.join(KINDS)}", "task.") + suggestion)
    if not _is_list_of_texts(columns):
        wanted = 'a list of names of label columns, as ["sentiment"]'
        mistakes.append(_mistake("columns", task, wanted, "task."))
        columns = []
    elif len(set(columns)) < len(columns):
        mistakes.append(_mistake("columns", task, "different names", "task."))
    if kind not in list(KINDS):
        return mistakes  # what else it may hold depends on the kind
    if kind == "classification":
        mistakes += _classes_mistakes(task, columns)
    elif "num_classes" in task:
        wanted = "left out: only a classification has classes"
        mistakes.append(_mistake("num_classes", task, wanted, "task."))
    if "ranges" in task:
        mistakes += _ranges_mistakes(task, columns)
    return mistakes


def _classes_mistakes(task: Mapping[str, Any], columns: list[str]) -> list[str]:
    mistakes = []
    if len(columns) > 1:
        wanted = 'one column, which holds the class (or kind = "multilabel")'
        mistakes.append(_mistake("columns", task, wanted, "task."))
    classes = task.get("num_classes")
    if not isinstance(classes, int) or not 2 <= classes <= 100_000:
        wanted = "an integer from 2 to 100,000"
        mistakes.append(_mistake("num_classes", task, wanted, "task."))
    return mistakes


def _ranges_mistakes(task: Mapping[str, Any], columns: list[str]) -> list[str]:
    ranges = task["ranges"]
    if task.get("kind") != "regression":
        return [_mistake("ranges", task, "left out: only a regression has ranges", "task.")]
    if not isinstance(ranges, dict):
        return [_mistake("ranges", task, "a table of columns: sentiment = [-3, 3]", "task.")]
    mistakes = _unknown_keys(ranges, columns, "task.ranges.")
    for name, limits in ranges.items():
        pair = isinstance(limits, list) and len(limits) == 2 and all(map(_is_number, limits))
        if not pair or limits[0] >= limits[1]:
            wanted = "two numbers, [lowest, highest]"
            mistakes.append(_mistake(name, ranges, wanted, "task.ranges."))
    return mistakes


def _unknown_keys(values: Mapping[str, Any], known: Sequence[str], table: str = "") -> list[str]:
    listed = ", ".join(known)
    return [
        f"key {_show(table + key)}: unknown.{did_you_mean(key, known)} Known here: {listed}."
        for key in values
        if key not in known
    ]


def _mistake(key: str, values: Mapping[str, Any], wanted: str, table: str = "") -> str:
    got = f"got {_show(values[key])}" if key in values else "missing"
    return f"key {_show(table + key)}: {got}. It must be {wanted}."


def _is_list_of_texts(value: Any) -> TypeGuard[list[str]]:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, str) and each.strip() and each.isprintable() for each in value)
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e30 and not math.isnan(value)


def _matches(value: Any, pattern: re.Pattern) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _show(value: Any) -> str:
    try:
        text = ascii(value)
    except ValueError:  # Python writes out no integers of very many digits
        return "a number too long to show"
    return text if len(text) <= 80 else text[:80] + "..."
