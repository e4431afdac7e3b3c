"""How many stages does fusion need? Every number over the same seeds, the best over fresh ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.significance import holm
from rmfn_tf.files import only_writer, read_json
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.runs import OnProgress, train_many
from rmfn_tf.training.splits import check_splits, open_task
from rmfn_tf.tuning.report import compare_paired, paired_answer

SEARCH = "search.json"  # what the folder of a search has, and that of a sweep has not
MOST_SEEDS = 1000


def sweep_stages(
    config: RunConfig,
    builder: Any,
    out: Path,
    *,
    stages: Sequence[int],
    seeds: int = 5,
    workers: int = 1,
    cluster: str = "",
    command: str = "",
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Trains a model with each number of stages over the same seeds; the test split is not read.

    The number with the best mean validation (or out-of-fold) score is then trained again, beside
    the smallest, over as many fresh seeds: the score by which it was chosen is optimistic. Called
    again with the same `out`, it trains only what is missing.

    Args:
        config: the run; its `num_stages` and seed are not looked at.
        builder: the built data set.
        out: the folder.
        stages: numbers of stages, ascending.
        seeds: how many, from 0, 1000 at most; the fresh ones are from 1000.
        workers, cluster, on_progress: as in `train_many`.
        command: stands in the report.

    Returns:
        `{"data", "model", "split", "metric", "lower_is_better", "seeds", "fresh_seeds", "command",
        "fingerprint", "rows", "best", "reference", "fresh", "best_run", "answer"}`. A row:
        `{"stages", "scores": one a seed, "mean", "std", "parameters", "difference": paired with the
        smallest number, or None}`; `fresh` is such a difference over the fresh seeds, or None where
        the smallest number is the best; `best_run` a run of it, within `out`; `answer` a sentence.

    Raises:
        ValueError: a model without stages, a folder of a search, or as `train_many`.
        OSError: as `train_many`.
    """
    if config.model != "rmfn":
        raise ValueError(f"Only rmfn has stages; the model is {config.model!r}.")
    if not 1 <= seeds <= MOST_SEEDS:
        raise ValueError(f"The number of seeds must be from 1 to {MOST_SEEDS}; got {seeds}.")
    if (out / SEARCH).exists():
        raise ValueError(f"{out} holds a search; name another folder with --out.")
    result = about(config, builder, command)
    metric, lower = result["metric"], result["lower_is_better"]

    def row(number: int) -> str:
        return f"runs/stages_{number}"

    def train(numbers: Sequence[int], seeds: Sequence[int]) -> dict[int, list[float]]:
        sizes = {k: {**config.hyperparameters, "num_stages": k} for k in numbers}
        configs = {row(k): config.replace(hyperparameters=sizes[k]) for k in numbers}
        how: dict[str, Any] = {"workers": workers, "cluster": cluster, "on_progress": on_progress}
        scores = scores_over_seeds(configs, seeds, out, metric, builder, **how)
        return dict(zip(numbers, scores.values(), strict=True))

    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        selected = list(range(seeds))
        scores = train(stages, selected)
        # Of equals the smaller.
        best = (min if lower else max)(stages, key=lambda number: np.mean(scores[number]))
        reference, fresh, fresh_seeds = stages[0], None, list[int]()
        answer = (
            f"K={reference} has the best mean {metric} of all: no sign that more stages help on "
            "these data."
        )
        if best != reference:
            fresh_seeds = seeds_beyond(selected, seeds)
            again = train((reference, best), fresh_seeds)
            fresh = compare_paired(again[best], again[reference])
            answer = paired_answer(f"K={best}", f"K={reference}", metric, lower, fresh, seeds)
        facts = {k: read_json(out / row(k) / "seed_0" / "run.json") for k in stages}
    return result | {
        "seeds": selected,
        "fresh_seeds": fresh_seeds,
        "rows": _rows(scores, facts),
        "best": best,
        "reference": reference,
        "fresh": fresh,
        "best_run": f"{row(best)}/seed_{(fresh_seeds or selected)[0]}",
        "answer": answer,
    }


# What a sweep and a search share.


def about(config: RunConfig, builder: Any, command: str) -> dict[str, Any]:
    """The first entries of a result; ValueError where the data do not have what the run needs."""
    check_splits(config, builder)
    metric, lower_is_better = open_task(config, builder).of_kind.selection
    return {
        "data": config.data,
        "model": config.model,
        "split": f"{config.folds} folds" if config.folds else "validation",
        "metric": metric,
        "lower_is_better": lower_is_better,
        "command": command,
        "fingerprint": builder.info.metadata["fingerprint"],
    }


def seeds_beyond(selected: Sequence[int], count: int) -> list[int]:
    """Fresh seeds: from the next multiple of 1000, so that no other number of seeds that is asked
    for later takes one that was looked at for a fresh one, or the other way round."""
    first = MOST_SEEDS * (max(selected) // MOST_SEEDS + 1)
    return list(range(first, first + count))


def scores_over_seeds(
    configs: Mapping[str, RunConfig],
    seeds: Sequence[int],
    out: Path,
    metric: str,
    builder: Any,
    **how: Any,
) -> dict[str, list[float]]:
    """Trains what is missing; the score of each run, by configuration and in the order of seeds.

    Args:
        configs: name → run whose seed is not looked at; its runs lie in `<out>/<name>/seed_<n>`.
        seeds: of the runs.
        out: the folder.
        metric: what counts, on validation or out of fold.
        builder, how: as in `train_many`, and so are the errors.
    """
    jobs = {
        out / name / f"seed_{seed}": config.replace(seed=seed)
        for name, config in configs.items()
        for seed in seeds
    }
    train_many(jobs, builder, **how)
    return {
        name: [read_score(out / name / f"seed_{seed}", config.model, metric) for seed in seeds]
        for name, config in configs.items()
    }


def read_score(run: Path, model: str, metric: str) -> float:
    """What a finished run says of its model; ValueError that names a file that is damaged."""
    return read_json(run / "metrics.json")["metrics"][model][metric]


def _rows(
    scores: Mapping[int, Sequence[float]], facts: Mapping[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
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
            "parameters": facts[number]["parameters"],
            "difference": compared.get(number),
        }
        for number, each in scores.items()
    ]
