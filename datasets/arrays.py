"""What published arrays have in common: row i is sample i, and samples are padded with zeros."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rmfn_tf.datasets.source import SourceError

SPLIT_IN_FILES = {"train": "train", "validation": "valid", "test": "test"}


class Stored(NamedTuple):
    """An array, and the file and key where it was found."""

    values: np.ndarray
    path: Path
    key: str

    def error(self, found: str, mend: str) -> SourceError:
        return SourceError.at(self.path, self.key, found=found, mend=mend)


def to_features(
    parts: Mapping[tuple[str, ...], Stored], widths: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Modality -> `(N, steps, F)`, from arrays that each hold one or more modalities side by side;
    zeros for a modality that is in none. A SourceError names an array of another width, or with
    other rows and steps than the first."""
    arrays: dict[str, np.ndarray] = {}
    rows_and_steps = next(iter(parts.values())).values.shape[:2]
    for modalities, part in parts.items():
        shape, sizes = part.values.shape, [widths[name] for name in modalities]
        if len(shape) != 3 or 0 in shape or shape[2] != sum(sizes):
            wanted = " + ".join(f"{widths[name]} {name}" for name in modalities)
            mend = f"It must be (rows, steps, {wanted}): it is the file of another data set"
            raise part.error(f"shape {shape}", mend)
        if shape[:2] != rows_and_steps:
            mend = (
                f"The array before it has {rows_and_steps[0]} rows of {rows_and_steps[1]} steps, "
                "and row i of all arrays is one sample: take all, aligned, from one copy"
            )
            raise part.error(f"{shape[0]} rows of {shape[1]} steps", mend)
        edges = np.cumsum(sizes)[:-1]
        arrays |= zip(modalities, np.split(part.values, edges, axis=2), strict=True)
    nothing = {name: np.zeros((*rows_and_steps, F), np.float32) for name, F in widths.items()}
    return nothing | arrays  # in the order of `widths`


def to_labels(labels: Stored, rows: int, *columns: int) -> np.ndarray:
    """The labels as float32 `(rows, *columns)`; further axes of size 1 are dropped. A SourceError
    where the shape is another, or a label is not finite."""
    shape = labels.values.shape
    if shape[:1] != (rows,) or [size for size in shape[1:] if size != 1] != list(columns):
        mend = f"The features beside it need {(rows, *columns)}: take all files from one copy"
        raise labels.error(f"labels of shape {shape}", mend)
    values = to_float32(labels.values).reshape(rows, *columns)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        found = f"{len(bad)} labels that are not finite, the first in row {bad[0, 0]}"
        raise labels.error(found, "Every sample needs a label: take the file from another copy")
    return values


def to_float32(array: np.ndarray) -> np.ndarray:
    """The array as float32; values beyond its range become infinite, as some of COVAREP's are."""
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def strip_padding(features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The steps of one sample, from the first to the last that holds anything in any modality.

    Published arrays are padded with zeros in front to a fixed number of steps, and some samples
    end in zero rows too. All-zero steps in between stay: they are words for which no modality has
    a frame. A sample without any value keeps one all-zero step: it has a label, so leaving it out
    would change the published counts, and no layer accepts a sequence of no steps.

    Args:
        features: modality -> `(steps, F)`; NaN and infinities count as values.
    """
    holds_value = np.any([(rows != 0).any(axis=1) for rows in features.values()], axis=0)
    steps = np.flatnonzero(holds_value)
    first, last = (steps[0], steps[-1]) if steps.size else (0, 0)
    return {name: to_float32(rows[first : last + 1]) for name, rows in features.items()}
