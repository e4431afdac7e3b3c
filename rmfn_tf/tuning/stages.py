"""How many stages does fusion need? Every number over the same seeds, the best over fresh ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.significance import holm
from rmfn_tf.files import only_writer, read_json
from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning.selection import MOST_SEEDS, SEARCH, Selection, compare_paired


def sweep_stages(
    config: RunConfig,
    builder: Any,
    out: Path,
    *,
    stages: Sequence[int],
    seeds: int = 5,
    **how: Any,
) -> dict[str, Any]:
    """Trains a model with each number of stages over the same seeds; the test split is not read.

    The number with the best mean validation (or out-of-fold) score is then trained again, beside
    the smallest, over as many fresh seeds: the score by which it was chosen is optimistic. Called
    again with the same `out`, it trains only what is missing.

    Args:
        config: the run; its `num_stages` and seed are not used.
        builder: the built data set.
        out: the folder.
        stages: numbers of stages, ascending.
        seeds: the number of seeds, from 0, 1000 at most; the fresh ones are from 1000.
        **how: as in `compare_models`: `workers`, `cluster`, `command` and `on_progress`.

    Returns:
        `Selection.facts`, and `seeds`, `fresh_seeds`, `rows`, `best` and `reference` (numbers of
        stages; the reference is the smallest), `fresh` (the paired difference of the best over the
        fresh seeds, or None where the smallest is the best), `best_run` (a run of the best, within
        `out`) and `answer` (a sentence). A row: `{"stages", "scores": one per seed, "mean", "std",
        "parameters", "difference": paired with the smallest number, or None}`.

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
    selection, runs = Selection(config, builder, **how), out / "runs"
    selected, reference = list(range(seeds)), stages[0]
    row_of = {k: f"stages_{k}" for k in stages}
    configs = {
        row: config.replace(hyperparameters={**config.hyperparameters, "num_stages": k})
        for k, row in row_of.items()
    }
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        by_row = selection.scores(configs, selected, runs)
        scores = {k: by_row[row] for k, row in row_of.items()}
        best = selection.pick(stages, key=lambda k: np.mean(scores[k]))  # the smaller one of equals
        both = {row_of[k]: configs[row_of[k]] for k in (reference, best)}
        count = seeds if best != reference else 0
        fresh_seeds, _, fresh = selection.again(both, selected, count, runs)
    differences = {k: compare_paired(scores[k], scores[reference]) for k in stages[1:]}
    tested = {k: each["p"] for k, each in differences.items() if each["p"] is not None}
    for k, p in holm(tested).items():
        differences[k]["p"] = p
    answer = (
        f"K={reference} has the best mean {selection.metric} of all: no sign that more stages help "
        "on these data."
    )
    if fresh:
        answer = selection.answer(f"K={best}", f"K={reference}", fresh, seeds)
    return selection.facts | {
        "seeds": selected,
        "fresh_seeds": fresh_seeds,
        "rows": [
            {
                "stages": k,
                "scores": scores[k],
                "mean": float(np.mean(scores[k])),
                "std": float(np.std(scores[k], ddof=1)) if seeds > 1 else None,
                "parameters": read_json(runs / row_of[k] / "seed_0" / "run.json")["parameters"],
                "difference": differences.get(k),
            }
            for k in stages
        ],
        "best": best,
        "reference": reference,
        "fresh": fresh,
        "best_run": f"runs/{row_of[best]}/seed_{(fresh_seeds or selected)[0]}",
        "answer": answer,
    }
