"""A user's own data: data.toml, which describes them, and NPZ files with the arrays.

README.md beside this file says which arrays there are.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from rmfn_tf.datasets.arrays import to_float32
from rmfn_tf.datasets.source import SPLITS, Item, Report, Sample, Source, SourceError, find_files
from rmfn_tf.names import check_modalities, unknown_name
from rmfn_tf.task import Task

DESCRIPTION = "data.toml"
DATASET_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_REQUIRED = ("id", "split", "label", "num_steps")
_OPTIONAL = ("video", "words", "intervals")
_KINDS = {"text": "US", "integers": "iu", "numbers": "biuf"}  # the kinds of dtype that they are
_EACH_EXAMPLE, _EACH_STEP = "one for each id", "one for each step, as num_steps adds up"


def check_name(name: str) -> str:
    """The name as it is; a ValueError where no data set can have it."""
    if not DATASET_NAME.fullmatch(name):
        raise ValueError(
            "A data set's name must begin with a letter and hold letters, digits, '_', '.' and "
            f"'-' alone, 100 at most; got {name!r}. Choose another (name, --name)."
        )
    return name


def _check_modalities(names: list[str]) -> list[str]:
    check_modalities(names)
    return names


def _check_task(task: Task) -> Task:
    for name, (low, high) in task.ranges.items():
        if name not in task.columns:
            raise ValueError(unknown_name("label in `ranges`", name, task.columns))
        if not low < high:
            raise ValueError(f"The range of {name!r} has the lower number first; got {low}, {high}")
    return task


def _check_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"It must be one line of text; got {text[:100]!r}")
    return text


class DataDescription(BaseModel):
    """What data.toml holds: the config's name, the modalities (the names of the feature arrays) in
    the order that they have everywhere, what the labels are, and one line about the data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(check_name)]
    modalities: Annotated[list[str], Field(min_length=1), AfterValidator(_check_modalities)]
    task: Annotated[Task, AfterValidator(_check_task)]
    description: Annotated[str, AfterValidator(_check_line)] = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads data.toml; a `SourceError` names all mistakes in it."""
        try:
            return cls(**tomllib.loads(path.read_text("utf-8-sig")))  # Windows writes the mark
        except ValidationError as error:
            mistakes = [f"{path}, {_mistake(each)}" for each in error.errors()]
            raise SourceError("\n".join(mistakes)) from None
        except (OSError, ValueError, RecursionError) as error:
            mend = "`rmfn data info custom` says what belongs in it"
            raise SourceError.unreadable(path, "TOML", error, mend) from error


def _mistake(error: Any) -> str:
    """One of pydantic's errors as `key 'modalities': Input should be a valid list; got 3.`"""
    *table, name = map(str, error["loc"])
    said = error["msg"].removeprefix("Value error, ").rstrip(".")[:400]
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = [each.name for each in fields(Task)] if table else DataDescription.model_fields
        said = unknown_name("key", name, known).rstrip(".")
    elif error["type"] not in ("missing", "value_error"):  # these already say what they got
        said += f"; got {ascii(error['input'])[:80]}"
    return f"key {'.'.join([*table, name])!r}: {said}."


@dataclass(frozen=True)
class OwnData(Source):
    """The files that `data`, their data.toml, describes."""

    data: DataDescription
    widths: Mapping[str, int] = field(default_factory=dict)  # from `read_widths`, for a config

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """data.toml and every NPZ file of a folder, by name."""
        paths = [] if folder is None else Path(folder).expanduser().glob("*.npz")
        names = sorted(path.name for path in paths if not path.name.startswith("."))
        return find_files(folder, [DESCRIPTION, *(names or ["*.npz"])])

    def read_widths(self, files: Mapping[str, Path], report: Report) -> dict[str, int]:
        """Modality -> F in the first NPZ file."""
        path = next(path for name, path in files.items() if name != DESCRIPTION)
        report(path)
        return _Arrays(path, self.data).widths

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        """All samples, in the order of the files and of their rows; features may hold NaN."""
        paths = [path for name, path in files.items() if name != DESCRIPTION]
        widths: dict[str, int] = {}
        for done, path in enumerate(paths, start=1):
            report(path)
            arrays = _Arrays(path, self.data)
            widths = widths or arrays.widths
            yield from arrays.samples(widths)
            report(done, len(paths))


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file by name, none of them of Python objects."""
    arrays: dict[str, np.ndarray] = {}
    name = None
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("one array, where several with names belong")
        with file:
            for name in file.files:
                arrays[name] = file[name]
                if not isinstance(arrays[name], np.ndarray):  # NumPy gives other members as bytes
                    raise ValueError("no array, as NumPy writes them")
    except MemoryError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds
        if "allow_pickle" in str(error):  # NumPy's message tells how to run it all the same
            text = "Python objects, which could run code" if name else "no zip archive"
            error = ValueError(text)
        mend = "It must be what numpy.savez writes of arrays of numbers and text"
        raise SourceError.unreadable(path, "NPZ", error, mend, name and name[:80]) from error
    return arrays


class _Arrays:
    """The arrays of one file: names and widths are checked at once, all else by `samples`."""

    def __init__(self, path: Path, data: DataDescription) -> None:
        self.path, self.data, self.arrays = path, data, _load(path)
        needed = (*_REQUIRED, *data.modalities)
        known = (*needed, *_OPTIONAL)
        for name in self.arrays:
            if name not in known:
                mend = "Other features must be named in `modalities` of data.toml"
                raise self.error(name, unknown_name("array", name[:80], known).rstrip("."), mend)
        for name in needed:
            if name not in self.arrays:
                found = f"missing; there are {', '.join(self.arrays) or 'no arrays'}"
                raise self.error(name, found, "Every file must hold this array")
        self.widths: dict[str, int] = {}
        for name in data.modalities:
            shape = self.arrays[name].shape
            if len(shape) != 2 or not shape[1]:
                mend = "Features must have shape (S, F): the steps of all examples in turn"
                raise self.error(name, f"shape {shape}", mend)
            self.widths[name] = shape[1]

    def error(self, name: str, found: str, mend: str) -> SourceError:
        return SourceError.at(self.path, name, found=found, mend=mend)

    def samples(self, widths: Mapping[str, int]) -> Iterator[tuple[str, Sample]]:
        """Split and sample of each example, in the order of the rows; `widths` are those of the
        first file."""
        rows = self.arrays["id"].size
        if not rows:
            raise self.error("id", "no examples", "Leave the file out")
        ids = self._texts("id", rows, _EACH_EXAMPLE)
        videos = self._texts("video", rows, _EACH_EXAMPLE) if "video" in self.arrays else ids
        for name, texts in (("id", ids), ("video", videos)):
            self._check(name, texts, [bool(text.strip()) for text in texts], "Name every example")
        splits = self._texts("split", rows, _EACH_EXAMPLE)
        wanted = f"Splits are {', '.join(SPLITS)}"
        self._check("split", splits, [split in SPLITS for split in splits], wanted)
        num_steps = self._array("num_steps", "integers", (rows,), _EACH_EXAMPLE)
        wanted = "Every example must have a step at least"
        self._check("num_steps", num_steps, num_steps >= 1, wanted)
        edges = list(accumulate(num_steps.tolist(), initial=0))  # Python's integers: no overflow
        steps = edges[-1]
        as_wide = f"{_EACH_STEP}, as wide as in the first file"
        features = {
            name: to_float32(self._array(name, "numbers", (steps, width), as_wide))
            for name, width in widths.items()
        }
        words = self._texts("words", steps, _EACH_STEP) if "words" in self.arrays else None
        labels = self._labels(edges)
        intervals = None
        if "intervals" in self.arrays:
            intervals = to_float32(self._array("intervals", "numbers", (steps, 2), _EACH_STEP))
            right = np.isfinite(intervals).all(axis=1) & (intervals[:, 0] <= intervals[:, 1])
            mend = "A step has a finite start in seconds, and an end that is no earlier"
            self._check("intervals", intervals.tolist(), right, mend)
        for row, (start, end) in enumerate(pairwise(edges)):
            sample = Sample(
                id=ids[row],
                features={name: values[start:end] for name, values in features.items()},
                label=labels[row],
                video_id=videos[row],
                words=None if words is None else words[start:end],
                intervals=None if intervals is None else intervals[start:end],
            )
            if self.data.task.per_step and not sample.labelled.any():
                found = f"not one of the steps of {sample.id[:80]!a} has a label"
                raise self.error("label", found, "Leave the example out")
            yield splits[row], sample

    def _check(self, name: str, values: Any, right: Any, mend: str, about: str = "") -> None:
        """A SourceError about the first value of the array `name` that is not `right`."""
        for row in np.flatnonzero(~np.asarray(right))[:1]:
            found = f"{about}{values[row]}".strip()[:80] or "an empty text"
            raise self.error(name, f"{found} in row {row}", mend)

    def _array(self, name: str, what: str, shape: tuple[int, ...], why: str) -> np.ndarray:
        array = self.arrays[name]
        if array.dtype.kind not in _KINDS[what]:
            raise self.error(name, f"values of type {array.dtype}", f"It must be {what}")
        if array.shape != shape:
            raise self.error(name, f"shape {array.shape}", f"It must have shape {shape}: {why}")
        return array

    def _texts(self, name: str, length: int, why: str) -> list[str]:
        values = self._array(name, "text", (length,), why)
        try:
            texts = [x.decode() if isinstance(x, bytes) else x for x in values.tolist()]
            "".join(texts).encode()  # half a surrogate pair can be read but not stored
        except (UnicodeError, ValueError, SystemError):
            found = "text that is not Unicode (UTF-8 where it is bytes)"
            raise self.error(name, found, "Save it as an array of str") from None
        return texts

    def _labels(self, edges: list[int]) -> np.ndarray | list[Any]:
        """For each example a class, a number, or a row of numbers; for a task `per_step` an array
        with one of these for each step."""
        task, array = self.data.task, self.arrays["label"]
        columns, rows, why = len(task.columns), len(edges) - 1, _EACH_EXAMPLE
        if task.per_step:
            rows, why = edges[-1], f"{_EACH_STEP}, for per_step is true in data.toml"
        elif array.shape[:1] == (edges[-1],) != (rows,):
            why += " (where each step has one: per_step = true in [task] of data.toml)"
        shape = (rows, columns) if columns > 1 or array.shape == (rows, 1) else (rows,)
        is_class = task.kind == "classification"
        what = "integers" if is_class else "numbers"
        why += f", and a column for each of {', '.join(task.columns)}"
        table = self._array("label", what, shape, why[:400]).reshape(rows, columns)
        none = np.zeros(rows, bool)
        if task.per_step:
            none = (table == -1 if is_class else np.isnan(table)).all(axis=1)
        for name, values in zip(task.columns, table.T, strict=True):
            low, high = task.ranges.get(name, (-np.inf, np.inf))
            right = np.isfinite(to_float32(values)) & (values >= low) & (values <= high)
            wanted = "a finite number"
            if name in task.ranges:
                wanted += f" from {low} to {high} (task.ranges in data.toml)"
            if is_class:
                right = (values >= 0) & (values < task.num_classes)
                wanted = f"an integer from 0 to {task.num_classes - 1} (num_classes in data.toml)"
            elif task.kind == "multilabel":
                right, wanted = np.isin(values, (0, 1)), "0 or 1"
            if task.per_step:
                wanted += f"; a step without a label has {-1 if is_class else 'NaN in all columns'}"
            self._check("label", values, right | none, f"It must be {wanted}", f"{name} is ")
        labels = table.astype(np.int64) if is_class else to_float32(table)
        if not task.per_step:
            return labels if columns > 1 else labels[:, 0].tolist()
        return np.split(labels[:, 0] if is_class else labels, edges[1:-1])
