"""Predictions as CSV: a row for each predictor and example."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rmfn_tf.data import Examples
from rmfn_tf.files import write_rows


class Predictions(NamedTuple):
    """What stands in such a file.

    Attributes:
        ids: of the N examples.
        groups: `(N,)`, their videos.
        labels: `(N,)` classes or `(N, C)` values.
        by_row: predictor (the model, a floor) -> `(N, outputs)`.
    """

    ids: list[str]
    groups: np.ndarray
    labels: np.ndarray
    by_row: dict[str, np.ndarray]


def write_predictions(path: Path, examples: Examples, by_row: Mapping[str, np.ndarray]) -> None:
    """Writes `predictor, id, video_id, label_0, ..., prediction_0, ...`, digits that read back to
    the same float32.

    Args:
        path: the file, replaced in one step.
        examples: N of them.
        by_row: predictor -> `(N, outputs)`.
    """
    labels = examples.labels.reshape(len(examples), -1).tolist()
    rows: list[dict[str, Any]] = []
    for predictor, values in by_row.items():
        for row, (identifier, video) in enumerate(
            zip(examples.ids, examples.groups.tolist(), strict=True)
        ):
            rows.append(
                {
                    "predictor": predictor,
                    "id": identifier,
                    "video_id": video,
                    **{f"label_{i}": each for i, each in enumerate(labels[row])},
                    **{f"prediction_{i}": each for i, each in enumerate(values[row].tolist())},
                }
            )
    write_rows(path, rows)


def read_predictions(path: Path, kind: str) -> Predictions:
    """Reads what `write_predictions` wrote.

    Args:
        path: the file.
        kind: of the task; the labels of a `"classification"` are integers `(N,)`.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    predictors = list(dict.fromkeys(row["predictor"] for row in rows))
    first = [row for row in rows if row["predictor"] == predictors[0]]
    labels = _numbers(first, "label_")
    return Predictions(
        ids=[row["id"] for row in first],
        groups=np.array([row["video_id"] for row in first]),
        labels=labels[:, 0].astype(int) if kind == "classification" else labels,
        by_row={
            each: _numbers([row for row in rows if row["predictor"] == each], "prediction_")
            for each in predictors
        },
    )


def _numbers(rows: list[dict[str, str]], start: str) -> np.ndarray:
    names = [name for name in rows[0] if name.startswith(start)]
    return np.array([[float(row[name]) for name in names] for row in rows])
