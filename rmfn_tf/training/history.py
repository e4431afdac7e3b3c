"""The history of a training as people look at it: a CSV file and curves for TensorBoard."""

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from rmfn_tf.files import write_rows


def write_history(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Replaces `history.csv` and `tensorboard/` in a folder.

    Args:
        folder: of one training.
        history: one row for each epoch, `{"epoch", "loss", "val_loss", ...}`.

    Raises:
        OSError: the folder cannot be written; the older files stay.
    """
    write_rows(folder / "history.csv", history)
    _write_curves(folder / "tensorboard", history)


def read_history(folder: Path) -> list[dict[str, float]]:
    """The rows of `history.csv` in a folder; an empty list where there is no such file."""
    path = folder / "history.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _write_curves(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Event files for training and for validation, made anew each time. (After a kill, those of the
    TensorBoard callback of Keras lack epochs or have them twice, and it meets a full disk with an
    error of TensorFlow's.)"""
    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        for part, start in (("train", ""), ("validation", "val_")):
            names = [name.removeprefix("val_") for name in history[0] if name != "epoch"]
            curves = [name for name in dict.fromkeys(names) if start + name in history[0]]
            if not curves:
                continue
            writer = tf.summary.create_file_writer(str(fresh / part))
            with writer.as_default():
                for row in history:
                    for name in curves:
                        tf.summary.scalar(name, row[start + name], step=int(row["epoch"]))
            writer.close()
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except tf.errors.OpError as error:
        raise OSError(f"{folder} could not be written: {error.message}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
