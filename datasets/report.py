"""Counts of what was read from the source files, and a fingerprint that tells data apart."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from rmfn_tf.datasets.source import Reading


def describe(reading: Reading, per_step: bool) -> dict[str, Any]:
    """Counts of what was found and left out, as plain JSON values.

    Returns:
        - `splits`: split -> `{"examples", "videos", "dropped", "present": {modality: examples that
          have it}}`; where each step has a label of its own (`per_step`) also `labelled_steps` and
          `unlabelled_steps`,
        - `not_finite`: modality -> values that are NaN or infinite,
        - `videos`: how many in all, those of dropped segments too,
        - `steps`: `{"shortest", "median", "longest"}`; `with_words`: examples with known words,
        - `dropped`: `[{"id", "split", "reason"}]`; `notes`: sentences.
    """
    samples = [sample for rows in reading.splits.values() for sample in rows]
    dropped = [asdict(each) for each in reading.dropped]
    videos = {each.video_id for each in samples} | {each.pop("video_id") for each in dropped}
    modalities = list(samples[0].features) if samples else []
    splits, not_finite = {}, {}
    for split, rows in reading.splits.items():
        splits[split] = {
            "examples": len(rows),
            "videos": len({sample.video_id for sample in rows}),
            "dropped": sum(each["split"] == split for each in dropped),
            "present": {name: sum(each.present[name] for each in rows) for name in modalities},
        }
        if per_step:
            labelled = sum(int(sample.labelled.sum()) for sample in rows)
            unlabelled = sum(sample.num_steps for sample in rows) - labelled
            splits[split] |= {"labelled_steps": labelled, "unlabelled_steps": unlabelled}
    for name in modalities:
        counts = (np.count_nonzero(~np.isfinite(each.features[name])) for each in samples)
        not_finite[name] = int(sum(counts))
    steps = [sample.num_steps for sample in samples] or [0]
    middle = float(np.median(steps))
    return {
        "splits": splits,
        "not_finite": not_finite,
        "videos": len(videos),
        "steps": {"shortest": min(steps), "median": middle, "longest": max(steps)},
        "with_words": sum(sample.words is not None for sample in samples),
        "dropped": dropped,
        "notes": list(reading.notes),
    }


def fingerprint(reading: Reading, options: Mapping[str, str]) -> str:
    """SHA-256 over options that are not defaults, then split, id and label of each example.

    Runs record it, so that no model is evaluated by mistake on other data than it was trained on.
    """
    digest = hashlib.sha256()
    if options:
        digest.update(json.dumps(dict(options), sort_keys=True).encode())
    for split, samples in reading.splits.items():
        for sample in samples:
            label = np.asarray(sample.label, "<f8").tobytes()
            digest.update(f"{split}\0{sample.id}\0".encode() + label)
    return digest.hexdigest()
