"""From a built TensorFlow Datasets builder to `Examples`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rmfn_tf.data.examples import Examples
from rmfn_tf.task import Task

_KNOWN = {"id", "video_id", "words", "intervals", "present", "label"}


def load_examples(
    builder: Any,
    split: Any,
    *,
    record: Callable[[dict[str, Any]], None] | None = None,
    outside_any_run: bool = False,
) -> Examples:
    """Reads a split of a built builder into memory, in the order of its files.

    Rows of the test split are locked, however they are named (`"test"`, `"test[:3]"`, `"all"`):
    only a finished run opens them (`rmfn_tf.training.run.Run.open_examples`), and records it in
    its folder; or you say that you read them `outside_any_run`.

    Args:
        builder: one of `rmfn_tf.datasets`, already built (`download_and_prepare`). Its metadata
            name the modalities in order, the kind of task, and which label columns are scored.
        split: as TensorFlow Datasets takes it: `"train"`, `"train[:100]"`, a `ReadInstruction`.
        record: for a run: called with `{"split", "rows", "test_rows"}` before rows of the test
            split are read.
        outside_any_run: whether to read rows of the test split without a record.

    Returns:
        The examples. Scalars that the builder yields beyond the common ones (the `kind` of the
        synthetic sarcasm task) are in `extra`.

    Raises:
        ValueError: the split reads locked rows, or the builder has no such split, no such metadata
            or a damaged file.
        TypeError: `builder` is a name.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds  # here, as importing this module need not load TensorFlow

    if isinstance(builder, str):
        raise TypeError(
            f"load_examples: `builder` must be what rmfn_tf.datasets.build({builder!r}) returns; "
            "got its name."
        )
    metadata = builder.info.metadata
    if not metadata or "modalities" not in metadata or "task" not in metadata:
        raise ValueError(
            f"load_examples: the metadata of {builder.info.full_name!r} name no modalities and "
            "task; use a builder of rmfn_tf.datasets."
        )
    total, of_test = _count_rows(builder, split)
    if of_test and not outside_any_run:
        if record is None:
            raise ValueError(
                f"load_examples: split {str(split)!r} of {builder.info.full_name!r} reads "
                f"{of_test} rows of the test split: let a finished run open them and record it in "
                "its folder (`rmfn evaluate RUN --split test`, `rmfn predict RUN`, in Python "
                "`rmfn_tf.training.run.Run.open_examples`), or say in Python that they are read "
                "`outside_any_run=True`."
            )
        record({"split": str(split), "rows": total, "test_rows": of_test})
    try:
        rows = list(tfds.as_numpy(builder.as_dataset(split=split, shuffle_files=False)))
    except tf.errors.OpError as error:
        raise ValueError(
            f"load_examples: split {split!r} in {builder.data_dir} cannot be read: "
            f"{str(error.message).splitlines()[0]} Remove that folder and build the data again."
        ) from error

    modalities = list(metadata["modalities"])
    known = _KNOWN.union(modalities)
    extra = [name for name, value in rows[0].items() if name not in known and np.ndim(value) == 0]
    return Examples(
        ids=[_text(row["id"]) for row in rows],
        features={name: [row[name] for row in rows] for name in modalities},
        labels=_to_labels([row["label"] for row in rows], Task.from_json(metadata["task"])),
        present={name: np.array([row["present"][name] for row in rows]) for name in modalities},
        groups=np.array([_text(row["video_id"]) for row in rows]),
        words=[[_text(word) for word in row["words"]] for row in rows],
        extra={name: np.array([_text(row[name]) for row in rows]) for name in extra},
    )


def _count_rows(builder: Any, split: Any) -> tuple[int, int]:
    """How many rows a split reads, and how many of them lie in the files of the test split."""
    splits = builder.info.splits
    try:
        read = splits[split].file_instructions
    except (AttributeError, KeyError, NotImplementedError, ValueError) as error:
        raise ValueError(
            f"load_examples: {builder.info.full_name!r} has no split {split!r}; it has "
            f"{sorted(splits)}."
        ) from error
    total = sum(each.take for each in read)
    if not total:
        raise ValueError(f"load_examples: split {split!r} of {builder.info.full_name!r} is empty.")
    locked = {str(path) for path in splits["test"].filepaths} if "test" in splits else set()
    return total, sum(each.take for each in read if each.filename in locked)


def _to_labels(labels: Sequence[Any], task: Task) -> np.ndarray | list[np.ndarray]:
    """Classes as int64 `(N,)`, or the scored columns as float32 `(N, C)`; for a task with a label
    at each step a list of such arrays."""

    def convert(values: Any) -> np.ndarray:
        if task.kind == "classification":
            return np.asarray(values, np.int64)
        columns = np.reshape(values, (len(values), len(task.columns)))
        return columns[:, [task.columns.index(name) for name in task.labels]].astype(np.float32)

    return [convert(each) for each in labels] if task.per_step else convert(labels)


def _text(value: Any) -> Any:
    """Bytes as text; anything else as it is."""
    return value.decode("utf-8") if isinstance(value, bytes) else value
