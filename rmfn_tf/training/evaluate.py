"""Judging a finished run on a split."""

from pathlib import Path
from typing import Any

from rmfn_tf.files import only_writer, read_json, write_json
from rmfn_tf.training.floors import floor_predictions
from rmfn_tf.training.predictions import predict, report, write_predictions
from rmfn_tf.training.run import Run
from rmfn_tf.training.splits import open_split


def evaluate_run(folder: Path, builder: Any, split: str) -> dict[str, Any]:
    """Judges the run's model on a split, beside the trivial floors, which learn from `train`.

    The test split is read once: the result is kept in the run folder and given again.

    Args:
        folder: a run folder made without folds.
        builder: the data set it was trained on.
        split: one of the data set's.

    Returns:
        See `report`; its rows are the model and the floors.

    Raises:
        ValueError: not a run folder, a run that is not finished or was cross-validated, an unknown
            split, or data other than the run was trained on.
    """
    run = Run(folder)
    config = run.config
    if config.folds:
        raise ValueError(
            f"{folder} was cross-validated: its model has learned from all of the data, which "
            "leaves none to judge it on. What its folds predicted is in metrics.json and "
            "predictions_out_of_fold.csv."
        )
    if split not in builder.info.splits:
        raise ValueError(
            f"{config.data} has no split {split!r}; it has {list(builder.info.splits)}."
        )
    run.check_data(builder)
    model, kept = run.model(), folder / "metrics_test.json"
    with only_writer(folder):
        if split == "test" and kept.exists():
            return read_json(kept)
        examples, task = run.open_examples(builder, split), run.task
        predictions = {config.model: predict(model, examples)}
        predictions |= floor_predictions(task, open_split(config, builder, "train"), examples)
        write_predictions(folder / f"predictions_{split}.csv", examples, predictions)
        result = report(split, task, examples.labels, predictions)
        if split == "test":
            write_json(kept, result)
        return result
