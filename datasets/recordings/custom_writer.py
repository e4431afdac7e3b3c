"""Writing a folder that the builder `custom` reads: `data.toml`, and examples in NPZ files."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from rmfn_tf.datasets.sources.sample import Sample
from rmfn_tf.files import only_writer, replace_file, write_text

# Of a file, so that few examples are in memory at once. Each word takes the room of the longest.
SHARD_BYTES = 2**26
SHARD_STEPS = 2**18


@contextlib.contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write in that becomes `out` when all is written, and is deleted if not.

    Raises:
        ValueError: `out` is there and not an empty folder, or another process writes it.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ValueError(f"{out} is there already. Name a new folder, or delete it first.")
    out = out.resolve()
    partial = out.with_name(f".partial-{out.name}")
    partial.mkdir(parents=True, exist_ok=True)
    with only_writer(partial):
        try:
            for left_over in partial.iterdir():  # of a run that was killed
                left_over.unlink()
            yield partial
            if out.exists():
                out.rmdir()
            os.replace(partial, out)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


class CustomWriter:
    """Takes examples one by one, and writes a file whenever enough of them are there.

    Args:
        folder: an empty folder.
        modalities: the names, in the order of the data set.
        integers: whether labels are whole numbers.
    """

    def __init__(self, folder: Path, modalities: Sequence[str], integers: bool) -> None:
        self._folder, self._modalities = folder, list(modalities)
        self._label_type = np.int64 if integers else np.float64
        self._waiting: list[tuple[str, Sample]] = []
        self._bytes = self._steps = 0
        self._num_files = 0

    def add(self, split: str, sample: Sample) -> None:
        """Takes one example; it must have words and intervals."""
        self._waiting.append((split, sample))
        self._bytes += sum(rows.nbytes for rows in sample.features.values())
        self._steps += sample.num_steps
        if self._bytes >= SHARD_BYTES or self._steps >= SHARD_STEPS:
            self._flush()

    def finish(self, name: str, description: str, task: Mapping[str, Any]) -> None:
        """Writes what is waiting, and `data.toml`."""
        if self._waiting:
            self._flush()
        facts = {
            "name": name,
            "modalities": self._modalities,
            "description": description,
            "task": dict(task),
        }
        write_text(self._folder / "data.toml", tomli_w.dumps(facts))

    def _flush(self) -> None:
        splits, samples = zip(*self._waiting, strict=True)
        arrays: dict[str, Any] = {
            "id": np.array([sample.id for sample in samples], str),
            "split": np.array(splits, str),
            "label": np.array([sample.label for sample in samples], self._label_type),
            "num_steps": np.array([sample.num_steps for sample in samples], np.int64),
            "video": np.array([sample.video_id for sample in samples], str),
            "segment": np.array([sample.segment for sample in samples], np.int64),
            "words": np.concatenate([np.asarray(sample.words, str) for sample in samples]),
            "intervals": np.concatenate([np.asarray(sample.intervals) for sample in samples]),
        }
        for name in self._modalities:
            arrays[name] = np.concatenate([sample.features[name] for sample in samples])
        path = self._folder / f"part-{self._num_files:05d}.npz"
        replace_file(path, lambda partial: np.savez(partial, **arrays))
        self._num_files += 1
        self._waiting, self._bytes, self._steps = [], 0, 0
