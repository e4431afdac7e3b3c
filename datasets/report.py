"""What was read from the source files, in numbers: for reports, and to tell data apart."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rmfn_tf.datasets.source import Reading


def describe(reading: Reading) -> dict[str, Any]:
    """Counts of what was found and left out, as plain JSON values.

    Returns:
        - `splits`: split -> `{"examples", "videos", "dropped", "present": {modality: examples that
          have it}}`,
        - `not_finite`: modality -> values that are NaN or infinite,
        - `videos`: all, those of dropped segments too,
        - `steps`: `{"shortest", "median", "longest"}`,
        - `with_words`: examples whose words are known,
        - `dropped`: `[{"id", "split", "reason"}]`,
        - `notes`: sentences.
    """
    samples = [sample for split in reading.splits.values() for sample in split]
    steps = [sample.num_steps for sample in samples] or [0]
    modalities = list(samples[0].features) if samples else []
    return {
        "splits": {
            split: {
                "examples": len(rows),
                "videos": len({sample.video_id for sample in rows}),
                "dropped": sum(each.split == split for each in reading.dropped),
                "present": {
                    name: sum(sample.present[name] for sample in rows) for name in modalities
                },
            }
            for split, rows in reading.splits.items()
        },
        "not_finite": {
            name: sum(
                int(np.count_nonzero(~np.isfinite(sample.features[name]))) for sample in samples
            )
            for name in modalities
        },
        "videos": len(
            {sample.video_id for sample in samples} | {each.video_id for each in reading.dropped}
        ),
        "steps": {
            "shortest": min(steps),
            "median": float(np.median(steps)),
            "longest": max(steps),
        },
        "with_words": sum(sample.words is not None for sample in samples),
        "dropped": [
            {"id": each.id, "split": each.split, "reason": each.reason} for each in reading.dropped
        ],
        "notes": list(reading.notes),
    }


def fingerprint(reading: Reading, options: Mapping[str, str]) -> str:
    """SHA-256 over options that are not defaults, then split, id and label of each example.

    Runs record it, so that a model is not judged on other data than it was trained on by mistake.
    """
    digest = hashlib.sha256()
    if options:
        digest.update(json.dumps(dict(options), sort_keys=True).encode())
    for split, samples in reading.splits.items():
        for sample in samples:
            label = np.asarray(sample.label, "<f8").tobytes()
            digest.update(f"{split}\0{sample.id}\0".encode() + label)
    return digest.hexdigest()
