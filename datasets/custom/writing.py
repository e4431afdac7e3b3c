"""Writes a folder that the builder `custom` reads: `data.toml`, and examples in NPZ files."""

import contextlib
import dataclasses
import functools
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from rmfn_tf.data.examples import Examples
from rmfn_tf.datasets.custom.source import DESCRIPTION, DataDescription, OwnData, check_name
from rmfn_tf.datasets.source import SPLITS, Reading, Sample
from rmfn_tf.files import only_writer, replace_file, write_text
from rmfn_tf.names import unknown_name
from rmfn_tf.task import Task

PART_BYTES = 2**26  # of the features in one NPZ file, which is read as a whole


def write_custom(
    folder: str | Path,
    examples: Examples | Mapping[str, Examples],
    *,
    name: str | None = None,
    task: Task | str | None = None,
    columns: Sequence[str] = (),
    description: str = "",
    split_seed: int = 0,
) -> Path:
    """Writes the folder of a data set of your own, `custom/<name>`, and returns its path.

        examples = Examples.from_arrays({"language": words, "acoustic": voice}, labels)
        write_custom("mine", examples)
        builder = rmfn_tf.datasets.build("custom/mine", manual_dir="mine")

    Args:
        folder: a new or an empty folder. It is there whole, or not at all.
        examples: split (`train`, `validation`, `test`) -> its examples; or all examples, whose
            groups are drawn into the splits, 70, 10 and 20 in a hundred, each group whole. Zeros
            are written for a modality that an example does not have (`present`); `extra` values
            are left out.
        name: of the data set; None takes the folder's own.
        task: what the labels are, or its kind. None takes a regression or, where the labels are
            integers, a classification with the classes from 0 to the highest label. With a kind or
            None the task is per step where the examples have a label at each step.
        columns: names of the label columns, where `task` is no `Task`. By default `label`, or
            `label_0`, `label_1`, ...
        description: one line about the data.
        split_seed: draws the splits, 0 or more.

    Raises:
        ValueError: the folder is there and not empty, or a data set could not be built of it: an
            unknown split or kind of task, labels that do not fit the task, a group or an id in two
            splits.
    """
    folder = Path(folder).expanduser()
    name = folder.resolve().name if name is None else name
    check_name(name)
    if isinstance(examples, Examples):
        whole = examples
        groups = [str(group) for group in whole.groups]
        drawn = draw_splits(set(groups), split_seed)
        splits = [drawn[group] for group in groups]
    elif not examples:
        raise ValueError("There are no examples to write: name one split at least.")
    else:
        for split in set(examples) - set(SPLITS):
            raise ValueError(unknown_name("split", split, SPLITS))
        whole = functools.reduce(Examples.concatenate, examples.values())
        splits = [split for split, part in examples.items() for _ in part.ids]
    task = _choose_task(whole, task, columns)
    with new_folder(folder) as unfinished:
        samples = ((split, _sample(whole, row)) for row, split in enumerate(splits))
        write_folder(unfinished, samples, name=name, description=description, task=task)
        source = OwnData(DataDescription.read(unfinished / DESCRIPTION))
        files = source.find(unfinished)
        Reading.of(source.read(files, lambda *_: None), files)  # refuses now what a build would
    return folder


def _choose_task(examples: Examples, task: Task | str | None, columns: Sequence[str]) -> Task:
    labels, per_step = examples.rows.labels, examples.per_step
    if isinstance(task, Task):  # as of a built data set, which may have columns beside the labels
        ranges = {name: each for name, each in task.ranges.items() if name in task.labels}
        if task.per_step != per_step:
            has = "a label at each step" if per_step else "one label as a whole"
            raise ValueError(f"An example has {has}, and the task says per_step={task.per_step}.")
        return dataclasses.replace(task, columns=task.labels, ranges=ranges)
    if not columns:
        count = labels[0].size
        columns = [f"label_{column}" for column in range(count)] if count > 1 else ["label"]
    kind = task or ("classification" if labels.ndim == 1 else "regression")
    classes = int(labels.max()) + 1 if kind == "classification" else 0
    return Task(kind, tuple(columns), num_classes=classes, per_step=per_step)


def _sample(examples: Examples, row: int) -> Sample:
    words, label = examples.words[row], examples.labels[row]
    return Sample(
        id=examples.ids[row],
        features={
            name: sequences[row] if examples.present[name][row] else np.zeros_like(sequences[row])
            for name, sequences in examples.features.items()
        },
        label=label if examples.per_step else label.squeeze(),
        video_id=str(examples.groups[row]),
        words=words if any(words) else None,
    )


@contextlib.contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `out` at the end, or is deleted after an error.

    What a killed process left is deleted first; a `FolderInUse` where another process writes.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"{out} is there already. Name a new folder, or delete it first.")
    out = out.resolve()
    scratch = out.with_name(f".partial-{out.name}")
    scratch.mkdir(parents=True, exist_ok=True)
    with only_writer(scratch):
        try:
            unfinished = scratch / out.name
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            yield unfinished
            if out.exists():
                out.rmdir()
            unfinished.replace(out)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def write_folder(
    folder: Path, samples: Iterable[tuple[str, Sample]], *, name: str, description: str, task: Task
) -> None:
    """Writes the samples, each with its split, in one or more NPZ files; then data.toml."""
    join_labels: Any = np.concatenate if task.per_step else np.array
    for number, part in enumerate(_in_parts(samples)):
        splits, rows = zip(*part, strict=True)
        arrays: dict[str, Any] = {
            "id": np.array([sample.id for sample in rows], str),
            "split": np.array(splits, str),
            "label": join_labels([sample.label for sample in rows]),
            "num_steps": np.array([sample.num_steps for sample in rows]),
            "video": np.array([sample.video_id for sample in rows], str),
        }
        if any(sample.words for sample in rows):
            words = [sample.words or [""] * sample.num_steps for sample in rows]
            arrays["words"] = np.concatenate([np.asarray(each, str) for each in words])
        if all(sample.intervals is not None for sample in rows):
            arrays["intervals"] = np.concatenate([sample.intervals for sample in rows])
        modalities = list(rows[0].features)
        for modality in modalities:
            arrays[modality] = np.concatenate([sample.features[modality] for sample in rows])
        replace_file(folder / f"part-{number:05d}.npz", functools.partial(np.savez, **arrays))
    values = task.to_json()
    defaults = {"labels": values["columns"], "metrics": "default"}
    facts = {
        "name": name,
        "modalities": modalities,
        "description": description,
        "task": {k: v for k, v in values.items() if v and v != defaults.get(k)},
    }
    write_text(folder / DESCRIPTION, tomli_w.dumps(facts))


def _in_parts(samples: Iterable[tuple[str, Sample]]) -> Iterator[list[tuple[str, Sample]]]:
    """The samples of one file after the other, each of PART_BYTES or a little more."""
    part, size = [], 0
    for split, sample in samples:
        part.append((split, sample))
        size += sum(rows.nbytes for rows in sample.features.values())
        if size >= PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def draw_splits(groups: Collection[str], seed: int) -> dict[str, str]:
    """Group -> split: 70, 10 and 20 per cent of the groups, drawn by the seed alone."""
    if len(groups) < 3:
        raise ValueError(
            f"At least three groups (videos with words) are needed for train, validation and test; "
            f"got {len(groups)}. Say the splits yourself (in a column split)."
        )
    drawn = np.random.default_rng(seed).permutation(sorted(groups)).tolist()
    num_test, num_validation = (max(1, round(share * len(drawn))) for share in (0.2, 0.1))
    splits = ["test"] * num_test + ["validation"] * num_validation
    splits += ["train"] * (len(drawn) - len(splits))
    return dict(zip(drawn, splits, strict=True))
