"""History as TensorBoard shows it."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf


def write_events(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Brings the event files of a folder to a history: a curve for training, one for validation.

    They are made anew each time, so that no epoch of an interrupted training stands there twice.

    Args:
        folder: for `tensorboard --logdir`; holds `train/` and `validation/`.
        history: a row an epoch, `{"epoch", "loss", "val_loss", ...}`.

    Raises:
        OSError: the folder cannot be written.
    """
    with written_anew(folder) as fresh:
        _write(fresh, history)


@contextmanager
def written_anew(folder: Path) -> Iterator[Path]:
    """Gives a folder to write event files to; it takes the place of `folder` once all are written.

    Raises:
        OSError: the folder cannot be written; where writing fails, an older one stays.
    """
    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        yield fresh
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except tf.errors.OpError as error:
        raise OSError(f"{folder} could not be written: {error.message}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    for part, prefix in (("train", ""), ("validation", "val_")):
        names = [
            name
            for name in history[0]
            if name != "epoch" and name.startswith("val_") == bool(prefix)
        ]
        if not names:
            continue
        writer = tf.summary.create_file_writer(str(folder / part))
        with writer.as_default():
            for row in history:
                for name in names:
                    tf.summary.scalar(name.removeprefix(prefix), row[name], step=int(row["epoch"]))
        writer.close()
