"""Predictions: made, kept as CSV with a row for each predictor and example, and judged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd

from rmfn_tf.data import Examples, epoch_batches
from rmfn_tf.files import replace_file
from rmfn_tf.metrics import score
from rmfn_tf.task import Task

PREDICT_BATCH = 256


class Predictions(NamedTuple):
    """What stands in such a file of N examples or, with a label at each step, steps."""

    ids: list[str]
    groups: np.ndarray  # (N,), their videos
    labels: np.ndarray  # (N,) classes or (N, C) values
    by_row: dict[str, np.ndarray]  # predictor (the model, a floor) -> (N, outputs)
    extra: dict[str, np.ndarray]  # `Examples.extra`, each (N,), as text


def predict(model: keras.Model, examples: Examples) -> np.ndarray:
    """Predictions `(rows, outputs)`, one for each of `examples.rows`."""
    longest = int(examples.lengths.max())
    # Outputs of all steps can be put together where all are padded to one length.
    buckets = [longest] if examples.per_step else None
    batches = epoch_batches(examples, PREDICT_BATCH, buckets=buckets)
    values = np.asarray(model.predict(batches, verbose=0))
    if not examples.per_step:
        return values
    return np.concatenate(
        [x[: len(known)][known] for x, known in zip(values, examples.known, strict=True)]
    )


def write_predictions(path: Path, examples: Examples, by_row: Mapping[str, np.ndarray]) -> None:
    """Replaces a file of `predictor, id, video_id, extra_<name>, ..., label_0, ..., prediction_0,
    ...`, with digits that read back to the same float32. `by_row`: predictor -> `(rows, outputs)`,
    as `predict`; ValueError where they are not finite."""
    ids, groups, labels, whose = examples.rows
    known = {"id": ids, "video_id": groups}
    known |= {f"extra_{name}": each[whose] for name, each in examples.extra.items()}
    tables = []
    for predictor, values in by_row.items():
        if not np.isfinite(values).all():
            raise ValueError(
                f"The predictions of {predictor} are not finite. Look for extreme values in the "
                "data, or change the scaling or the model's hyperparameters."
            )
        table = {"predictor": predictor, **known}
        for start, columns in (("label", labels.reshape(len(ids), -1)), ("prediction", values)):
            table |= {f"{start}_{i}": each.tolist() for i, each in enumerate(columns.T)}
        tables.append(pd.DataFrame(table))
    replace_file(path, lambda partial: pd.concat(tables).to_csv(partial, index=False))


def read_predictions(path: Path, kind: str) -> Predictions:
    """Reads what `write_predictions` wrote for a task of this kind."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    predictors = table["predictor"].unique().tolist()
    first = table[: len(table) // len(predictors)]  # all have the same examples in the same order
    labels = first.filter(regex="^label_").to_numpy(dtype=float)
    values = table.filter(regex="^prediction_").to_numpy(dtype=float)
    extra = first.filter(regex="^extra_")
    return Predictions(
        ids=first["id"].tolist(),
        groups=np.array(first["video_id"].tolist()),
        labels=labels[:, 0].astype(int) if kind == "classification" else labels,
        by_row=dict(zip(predictors, values.reshape(len(predictors), len(first), -1), strict=True)),
        extra={x.removeprefix("extra_"): np.array(extra[x].tolist()) for x in extra},
    )


def report(
    split: str, task: Task, labels: np.ndarray, predictions: Mapping[str, np.ndarray]
) -> dict[str, Any]:
    """What a run or an evaluation says: a row of metrics for each `(N, outputs)` of predictions.

    `{"split", "metrics": {row: {metric: value}}, "constant_predictions": [rows]}`; the last are the
    rows that predict one and the same for every example, whose r is 0 by convention.
    """
    return {
        "split": split,
        "metrics": {row: score(task, labels, values) for row, values in predictions.items()},
        "constant_predictions": [
            row for row, values in predictions.items() if (values == values[:1]).all()
        ],
    }
