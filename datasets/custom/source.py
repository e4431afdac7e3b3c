"""A user's own data: data.toml, which says what they are, and NPZ files with the arrays.

The files are read in the order of their names, and are all together one data set. Each has, for N
examples whose numbers of steps add up to S,

    id (N,), split (N,)        text
    num_steps (N,)             integers, at least 1
    label (N,) or (N, C)       numbers
    <modality> (S, F)          numbers: the steps of all examples, one after another

and may have `video` (N,), `words` (S,) and `intervals` (S, 2).
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from rmfn_tf.datasets.arrays import to_float32
from rmfn_tf.datasets.source import SPLITS, Item, Report, Sample, Source, SourceError, find_files
from rmfn_tf.names import check_modalities, did_you_mean, unknown_name
from rmfn_tf.task import Task

DESCRIPTION = "data.toml"
DATASET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_REQUIRED = ("id", "split", "label", "num_steps")
_OPTIONAL = ("video", "words", "intervals")
_TEXT, _INTEGERS, _NUMBERS = "US", "iu", "biuf"  # kinds of dtype
_KINDS = {_TEXT: "text", _INTEGERS: "integers", _NUMBERS: "numbers"}


def _check_name(name: str) -> str:
    if not DATASET_NAME.fullmatch(name):
        raise ValueError("It must be a letter, then letters, digits, _ . -, 100 at most")
    return name


def _check_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("It must be one line of text")
    return text


def _check_modalities(names: list[str]) -> list[str]:
    check_modalities(names)
    return names


def _to_task(values: Any) -> Task:
    """The task in a table of a file, where every value can be of any type."""
    if not isinstance(values, dict):
        raise ValueError(f"It must be a table; got {_show(values)}")
    ranges = values.get("ranges", {})
    if not isinstance(ranges, dict):
        raise ValueError(f"`ranges` must be a table; got {_show(ranges)}")
    for name, limits in ranges.items():
        numbers = isinstance(limits, list | tuple) and all(type(x) in (int, float) for x in limits)
        if not numbers or len(limits) != 2 or not -math.inf < limits[0] < limits[1] < math.inf:
            wanted = "must be two numbers, the lower first"
            raise ValueError(f"The range of {name!r} {wanted}; got {_show(limits)}")
    if type(values.get("num_classes", 0)) is not int:
        raise ValueError(f"`num_classes` must be an integer; got {_show(values['num_classes'])}")
    if values.get("per_step"):
        raise ValueError("`per_step` must be left out: here every example has one label as a whole")
    task = Task.from_json(values)
    for name in ranges:
        if name not in task.columns:
            raise ValueError(unknown_name("label in `ranges`", name, task.columns))
    return task


def _show(value: Any) -> str:
    try:
        return ascii(value)[:80]
    except ValueError:
        return "a number too long to show"


class DataDescription(BaseModel):
    """The name, the arrays and the task of a data set of one's own: what data.toml holds.

    Args:
        name: of the config: `custom/<name>`.
        modalities: names of the feature arrays, in the order that they have everywhere.
        task: what the labels are; as JSON values, or as TOML gives them.
        description: one line about the data; may be empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, AfterValidator(_check_name)]
    modalities: Annotated[list[str], Field(min_length=1), AfterValidator(_check_modalities)]
    task: Annotated[Task, PlainValidator(_to_task)]
    description: Annotated[str, AfterValidator(_check_line)] = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads data.toml.

        Raises:
            SourceError: no such file, no TOML, or mistakes in it; all of them are named.
        """
        if not path.is_file():
            mend = "`rmfn data template` writes one that can be changed"
            raise SourceError.at(path, found="no such file", mend=mend)
        try:
            values = tomllib.loads(path.read_text("utf-8-sig"))  # Windows' editors write the mark
        except (ValueError, RecursionError) as error:
            found = f"not valid TOML: {(str(error).splitlines() or [''])[0][:200]}"
            raise SourceError.at(path, found=found, mend="See https://toml.io") from error
        try:
            return cls(**values)
        except ValidationError as error:
            mistakes = [_mistake(each) for each in error.errors()]
            raise SourceError("\n".join(f"{path}, {each}" for each in mistakes)) from None


def _mistake(error: Any) -> str:
    """`key 'modalities': got []. It must be ...`, from what pydantic says of one mistake."""
    place = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = list(DataDescription.model_fields)
        return f"key {place!r}: unknown.{did_you_mean(place, known)} Known: {', '.join(known)}."
    if error["type"] == "missing":
        return f"key {place!r}: missing."
    said = error["msg"].removeprefix("Value error, ").rstrip(".")[:400]
    got = "" if place == "task" else f"; got {_show(error['input'])}"  # it has said so itself
    return f"key {place!r}: {said}{got}."


@dataclass(frozen=True)
class OwnData(Source):
    """Reads what a description says.

    Args:
        data: of the data set.
    """

    data: DataDescription

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """data.toml and every NPZ file of a folder, by name.

        Raises:
            MissingFiles: data.toml is missing, or there is no NPZ file.
        """
        names: list[str] = []
        if folder is not None:
            paths = Path(folder).expanduser().glob("*.npz")
            names = sorted(path.name for path in paths if not path.name.startswith("."))
        return find_files(folder, [DESCRIPTION, *(names or ["*.npz"])])

    def read_widths(self, files: Mapping[str, Path], report: Report) -> dict[str, int]:
        """modality -> F by the first NPZ file.

        Args:
            files: what `find` gave.
            report: told of the file.

        Raises:
            SourceError: the file is broken, or lacks an array.
        """
        path = next(path for name, path in files.items() if name != DESCRIPTION)
        report(path)
        arrays = _Arrays(path, self.data)
        return {name: arrays.width(name) for name in self.data.modalities}

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All samples, in the order of the files and of their rows.

        Args:
            files: what `find` gave.
            report: told of each file, and when it is done.

        Yields:
            Samples with features as float32, whose values may be NaN or infinite.

        Raises:
            SourceError: a file is broken, or its arrays are not as data.toml and the other files
                want them; the message names the file, the array, and the example.
        """
        paths = [path for name, path in files.items() if name != DESCRIPTION]
        widths: dict[str, int] = {}
        home: dict[str, Path] = {}
        for done, path in enumerate(paths, start=1):
            report(path)
            arrays = _Arrays(path, self.data)
            for name in self.data.modalities:
                width = arrays.width(name)
                if widths.setdefault(name, width) != width:
                    found = f"{width} features a step, and {widths[name]} in {paths[0].name}"
                    mend = "All files must have the same number"
                    raise SourceError.at(path, name, found=found, mend=mend)
            for split, sample in arrays.samples():
                if home.setdefault(sample.id, path) != path:
                    found = f"{sample.id[:80]!a}, which {home[sample.id].name} has too"
                    mend = "Ids must differ over all files"
                    raise SourceError.at(path, "id", found=found, mend=mend)
                yield split, sample
            report(done, len(paths))


class _Arrays:
    """The arrays of one file: N examples of S steps together. Each is checked when it is read."""

    def __init__(self, path: Path, data: DataDescription) -> None:
        self.path, self.data = path, data
        self.arrays: dict[str, np.ndarray] = {}
        name = None
        try:
            with path.open("rb") as stream:
                file = np.load(stream, allow_pickle=False)
                if isinstance(file, np.ndarray):
                    raise ValueError("one array, where several with names belong")
                for name in file.files:
                    array = file[name]
                    if not isinstance(array, np.ndarray):  # it is bytes
                        raise ValueError("no array, as NumPy writes them")
                    self.arrays[name] = array
        except MemoryError:
            raise
        except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds
            text = ascii((str(error).splitlines() or [type(error).__name__])[0][:200])[1:-1]
            if "allow_pickle" in text:  # NumPy tells how to read it all the same
                text = "Python objects, which could run code" if name else "no zip archive"
            raise SourceError.at(
                path,
                name and name[:80],
                found=f"not readable as NPZ ({text})",
                mend="It is cut off, damaged, or not what numpy.savez writes of arrays of numbers "
                "and text",
            ) from error
        known = (*_REQUIRED, *_OPTIONAL, *data.modalities)
        for name in self.arrays:
            if name not in known:
                raise self.error(
                    name,
                    "an unknown array",
                    f"{did_you_mean(name, known)} Known are {', '.join(known)}; other features "
                    "must be named in `modalities` of data.toml".lstrip(),
                )
        for name in (*_REQUIRED, *data.modalities):
            if name not in self.arrays:
                found = f"missing; there are {', '.join(self.arrays) or 'no arrays'}"
                raise self.error(name, found, "Every file must hold this array")

    def error(self, name: str, found: str, mend: str) -> SourceError:
        """An error about one array."""
        return SourceError.at(self.path, name[:80], found=found, mend=mend)

    def width(self, name: str) -> int:
        """F of the features of a modality."""
        shape = self.arrays[name].shape
        if len(shape) != 2 or not shape[1]:
            mend = "Features must have shape (S, F): the steps of all examples, one after another"
            raise self.error(name, f"shape {shape}", mend)
        return shape[1]

    def samples(self) -> Iterator[tuple[str, Sample]]:
        """Split and sample of each example, in the order of the rows."""
        rows = (len(self.arrays["id"]) if self.arrays["id"].ndim else 0,)
        if rows == (0,):
            raise self.error("id", "no examples", "Leave the file out")
        ids = self._texts("id", rows)
        splits = self._texts("split", rows)
        videos = self._texts("video", rows) if "video" in self.arrays else ids
        for row, (text, split, video) in enumerate(zip(ids, splits, videos, strict=True)):
            if split not in SPLITS:
                mend = f"{did_you_mean(split, SPLITS)} Splits are {', '.join(SPLITS)}".lstrip()
                raise self.error("split", f"{split[:80]!a} in row {row}", mend)
            for name, value in (("id", text), ("video", video)):
                if not value.strip():
                    raise self.error(name, f"an empty text in row {row}", "Name every example")
        if len(set(ids)) < len(ids):
            twice = next(text for text in ids if ids.count(text) > 1)
            raise self.error("id", f"{twice[:80]!a} there twice", "Ids must differ over all files")
        labels = self._labels(ids)
        num_steps = self._array("num_steps", _INTEGERS, rows, "one for each id").tolist()
        if min(num_steps) < 1:
            found = f"{min(num_steps)} {_of_example(ids, num_steps.index(min(num_steps)))}"
            raise self.error("num_steps", found, "Every example must have a step at least")
        steps, why = sum(num_steps), "one row for each step, as num_steps adds up"
        features = {
            name: to_float32(self._array(name, _NUMBERS, (steps, self.width(name)), why))
            for name in self.data.modalities
        }
        words = self._texts("words", (steps,)) if "words" in self.arrays else None
        edges = np.cumsum([0, *num_steps]).tolist()
        intervals = self._intervals(ids, edges) if "intervals" in self.arrays else None
        for row, (start, end) in enumerate(pairwise(edges)):
            yield (
                splits[row],
                Sample(
                    id=ids[row],
                    features={name: values[start:end] for name, values in features.items()},
                    label=labels[row],
                    video_id=videos[row],
                    words=None if words is None else words[start:end],
                    intervals=None if intervals is None else intervals[start:end],
                ),
            )

    def _array(self, name: str, kinds: str, shape: tuple[int, ...], why: str) -> np.ndarray:
        array = self.arrays[name]
        if array.dtype.kind not in kinds:
            raise self.error(name, f"values of type {array.dtype}", f"It must be {_KINDS[kinds]}")
        if array.shape != shape:
            raise self.error(name, f"shape {array.shape}", f"It must have shape {shape}: {why}")
        return array

    def _texts(self, name: str, shape: tuple[int, ...]) -> list[str]:
        why = "one for each id" if name != "words" else "one for each step"
        values = self._array(name, _TEXT, shape, why)
        try:
            texts = [x.decode() if isinstance(x, bytes) else x for x in values.tolist()]
            "".join(texts).encode()  # half a surrogate pair can be read but not stored
        except (UnicodeError, ValueError, SystemError):
            found = "text that is not Unicode (UTF-8 where it is bytes)"
            raise self.error(name, found, "Save it as an array of str") from None
        return texts

    def _labels(self, ids: Sequence[str]) -> np.ndarray | list[Any]:
        """One class, number, or row of numbers for each example."""
        task, array = self.data.task, self.arrays["label"]
        rows, columns = len(ids), len(task.columns)
        shape = (rows, columns) if columns > 1 or array.shape == (rows, 1) else (rows,)
        kinds = _INTEGERS if task.kind == "classification" else _NUMBERS
        why = f"one for each id, and a column for each of {', '.join(task.columns)}"[:300]
        table = self._array("label", kinds, shape, why).reshape(rows, columns)
        for column, name in enumerate(task.columns):
            self._check_column(name, table[:, column], ids)
        labels = table.astype(np.int64) if task.kind == "classification" else to_float32(table)
        return labels if columns > 1 else labels[:, 0].tolist()

    def _check_column(self, name: str, values: np.ndarray, ids: Sequence[str]) -> None:
        task = self.data.task
        if task.kind == "classification":
            right = (values >= 0) & (values < task.num_classes)
            wanted = f"an integer from 0 to {task.num_classes - 1} (num_classes in data.toml)"
        elif task.kind == "multilabel":
            right, wanted = (values == 0) | (values == 1), "0 or 1"
        else:
            right, wanted = np.isfinite(to_float32(values)), "a finite number"
            if right.all() and name in task.ranges:
                low, high = task.ranges[name]
                right = (values >= low) & (values <= high)
                wanted = f"from {low} to {high} (task.ranges in data.toml)"
        if not right.all():
            row = int(np.argmin(right))
            found = f"{name} is {values[row]} {_of_example(ids, row)}"
            raise self.error("label", found, f"It must be {wanted}")

    def _intervals(self, ids: Sequence[str], edges: Sequence[int]) -> np.ndarray:
        why = "one row for each step, as num_steps adds up"
        seconds = to_float32(self._array("intervals", _NUMBERS, (edges[-1], 2), why))
        right = np.isfinite(seconds).all(axis=1) & (seconds[:, 0] <= seconds[:, 1])
        if not right.all():
            step = int(np.argmin(right))
            row = int(np.searchsorted(edges, step, side="right")) - 1
            start, end = seconds[step]
            found = f"{start} to {end} in step {step - edges[row]} {_of_example(ids, row)}"
            mend = (
                "A step has a finite start and end in seconds, and ends no earlier than it starts"
            )
            raise self.error("intervals", found, mend)
        return seconds


def _of_example(ids: Sequence[str], row: int) -> str:
    """For errors about one example."""
    return f"of id {ids[row][:80]!a} (row {row})"
