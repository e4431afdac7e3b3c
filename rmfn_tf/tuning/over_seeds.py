"""Configurations trained over the same seeds."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from rmfn_tf.comparison.train_all import OnProgress, train_all
from rmfn_tf.training.config import RunConfig

Name = TypeVar("Name", int, str)


def scores_over_seeds(
    configs: Mapping[Name, RunConfig],
    seeds: Sequence[int],
    folder: Callable[[Name, int], Path],
    metric: str,
    builder: Any,
    workers: int,
    on_progress: OnProgress | None,
) -> dict[Name, list[float]]:
    """Trains what is missing; the score of each run, by configuration and in the order of seeds.

    Args:
        configs: runs whose seeds are not looked at.
        seeds: of the runs.
        folder: where the run of a configuration and a seed is kept.
        metric: what counts, on validation or out of fold.
        builder, workers, on_progress: as in `train_all`.

    Raises:
        ValueError, OSError: as `train_all`.
    """
    jobs = {
        folder(name, seed): replace(config, seed=seed)
        for name, config in configs.items()
        for seed in seeds
    }
    train_all(jobs, builder, workers, on_progress)
    return {
        name: [_score(folder(name, seed), config.model, metric) for seed in seeds]
        for name, config in configs.items()
    }


def _score(run: Path, model: str, metric: str) -> float:
    return json.loads((run / "metrics.json").read_text())["metrics"][model][metric]
