"""History as TensorBoard shows it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf


def write_events(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Brings the event files of a folder to a history: a curve for training, one for validation.

    They are made anew each time. The TensorBoard callback of Keras appends: where a training goes
    on after a kill, epochs would stand there twice.

    Args:
        folder: for `tensorboard --logdir`; holds `train/` and `validation/`.
        history: a row an epoch, `{"epoch", "loss", "val_loss", ...}`.

    Raises:
        OSError: the folder cannot be written; an older one stays.
    """
    fresh = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    names = [name for name in history[0] if name != "epoch"]
    try:
        for part in ("validation", "train"):
            curves = [name for name in names if name.startswith("val_") == (part == "validation")]
            if not curves:
                continue
            writer = tf.summary.create_file_writer(str(fresh / part))
            with writer.as_default():
                for row in history:
                    for name in curves:
                        curve = name.removeprefix("val_")
                        tf.summary.scalar(curve, row[name], step=int(row["epoch"]))
            writer.close()
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except tf.errors.OpError as error:
        raise OSError(f"{folder} could not be written: {error.message}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
