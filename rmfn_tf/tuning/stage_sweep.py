"""How many stages does fusion need? Every number over the same seeds, the best one once more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.significance import holm
from rmfn_tf.comparison.train_all import OnProgress
from rmfn_tf.files import only_writer
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run_progress import count_epochs
from rmfn_tf.training.splits import check_splits, open_task
from rmfn_tf.tuning.differences import compare_paired, paired_answer
from rmfn_tf.tuning.over_seeds import scores_over_seeds
from rmfn_tf.tuning.search import SEARCH


def sweep_stages(
    config: RunConfig,
    stages: Sequence[int],
    seeds: int,
    builder: Any,
    out: Path,
    *,
    workers: int = 1,
    command: str = "",
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Trains a model with each number of stages over the same seeds; the test split is not read.

    The number with the best mean validation (or out-of-fold) score is then trained again, beside
    the smallest, over as many fresh seeds: the score by which it was chosen is optimistic. Called
    again with the same `out`, it trains only what is missing.

    Args:
        config: the run; its `num_stages` and seed are not looked at.
        stages: numbers of stages, ascending.
        seeds: how many, from 0; the fresh ones follow.
        builder: the built data set.
        out: the folder.
        workers: runs side by side, as in `train_all`.
        command: stands in the report.
        on_progress: as in `train_all`.

    Returns:
        `{"data", "split", "metric", "lower_is_better", "seeds", "fresh_seeds", "command",
        "fingerprint", "rows", "best", "reference", "fresh", "answer"}`. A row:
        `{"stages", "scores": one a seed, "mean", "std", "parameters", "seconds_per_epoch",
        "difference": paired with the smallest number, or None}`; `fresh` is such a difference over
        the fresh seeds, or None where the smallest number is the best; `answer` a sentence.

    Raises:
        ValueError: a model without stages, a folder of a search, or as `train_all`.
        OSError: a folder cannot be written.
    """
    if config.model != "rmfn":
        raise ValueError(f"Only rmfn has stages; the model is {config.model!r}.")
    if (out / SEARCH).exists():
        raise ValueError(f"{out} holds a search; name another folder with --out.")
    check_splits(config, builder)
    metric, lower = open_task(config, builder).of_kind.selection
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):

        def train(numbers: Sequence[int], seeds: Sequence[int]) -> dict[int, list[float]]:
            return scores_over_seeds(
                {number: with_stages(config, number) for number in numbers},
                seeds,
                partial(run_folder, out),
                metric,
                builder,
                workers,
                on_progress,
            )

        scores = train(stages, range(seeds))
        means = {number: float(np.mean(each)) for number, each in scores.items()}
        # Of equals the smaller.
        best = (min if lower else max)(stages, key=lambda number: means[number])
        reference, fresh = stages[0], None
        fresh_seeds = range(seeds, 2 * seeds)
        if best != reference:
            again = train((reference, best), fresh_seeds)
            fresh = compare_paired(again[best], again[reference])
    result = {
        "data": config.data,
        "split": f"{config.folds} folds" if config.folds else "validation",
        "metric": metric,
        "lower_is_better": lower,
        "seeds": list(range(seeds)),
        "fresh_seeds": list(fresh_seeds) if fresh else [],
        "command": command,
        "fingerprint": builder.info.metadata["fingerprint"],
        "rows": _rows(out, scores),
        "best": best,
        "reference": reference,
        "fresh": fresh,
    }
    return {**result, "answer": answer(result)}


def run_folder(out: Path, stages: int, seed: int) -> Path:
    """Where a sweep keeps a run."""
    return out / "runs" / f"stages_{stages}" / f"seed_{seed}"


def best_run(result: Mapping[str, Any], out: Path) -> Path:
    """The best number's first run, of the fresh seeds where there are any."""
    return run_folder(out, result["best"], (result["fresh_seeds"] or result["seeds"])[0])


def with_stages(config: RunConfig, stages: int) -> RunConfig:
    """The config with another number of stages."""
    return replace(config, hyperparameters={**config.hyperparameters, "num_stages": stages})


def answer(result: Mapping[str, Any]) -> str:
    """What the data support, in one sentence."""
    best, reference, metric = result["best"], result["reference"], result["metric"]
    fresh = result["fresh"]
    if fresh is None:
        return (
            f"K={reference} has the best mean {metric} of all: no sign that more stages help on "
            "these data."
        )
    return paired_answer(
        f"K={best}",
        f"K={reference}",
        metric,
        result["lower_is_better"],
        fresh,
        len(result["fresh_seeds"]),
    )


def _rows(out: Path, scores: Mapping[int, Sequence[float]]) -> list[dict[str, Any]]:
    reference = next(iter(scores))
    compared = {
        number: compare_paired(each, scores[reference])
        for number, each in scores.items()
        if number != reference
    }
    adjusted = holm({n: each["p"] for n, each in compared.items() if each["p"] is not None})
    for number, p in adjusted.items():
        compared[number]["p"] = p
    return [
        {
            "stages": number,
            "scores": list(each),
            "mean": float(np.mean(each)),
            "std": float(np.std(each, ddof=1)) if len(each) > 1 else None,
            "parameters": _facts(run_folder(out, number, 0))["parameters"],
            "seconds_per_epoch": float(
                np.mean([_seconds(run_folder(out, number, seed)) for seed in range(len(each))])
            ),
            "difference": compared.get(number),
        }
        for number, each in scores.items()
    ]


def _seconds(run: Path) -> float:
    """Of an epoch; over all folds where there are any."""
    return _facts(run)["seconds"] / max(count_epochs(run), 1)


def _facts(run: Path) -> dict[str, Any]:
    return json.loads((run / "run.json").read_text())
