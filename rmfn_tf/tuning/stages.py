"""How many stages does fusion need? Every number over the same seeds, the best over fresh ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.significance import holm
from rmfn_tf.comparison.table import Report, Table, directed, listed, p_value, spread
from rmfn_tf.files import only_writer
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run
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
    """Trains a model with each number of stages (ascending) over the same seeds, from 0; the test
    split is not read.

    The number with the best mean validation (or out-of-fold) score is then trained again, beside
    the smallest, over as many fresh seeds, from 1000: the score by which it was chosen is
    optimistic. Called again with the same `out`, it trains only what is missing. The other
    arguments and the errors are as in `compare_models`.

    Returns:
        `Selection.facts`, and `seeds`, `fresh_seeds`, `rows`, `best` and `reference` (numbers of
        stages; the reference is the smallest), `fresh` (the paired difference of the best over the
        fresh seeds, or None where the smallest is the best), `best_run` (a run of the best, within
        `out`) and `answer` (a sentence). A row: `{"stages", "scores": one per seed, "mean", "std",
        "parameters", "difference": paired with the smallest number, or None}`.
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
        row_of[k]: config.replace(hyperparameters={**config.hyperparameters, "num_stages": k})
        for k in stages
    }
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        by_row = selection.scores(configs, selected, runs)
        scores = {k: by_row[row] for k, row in row_of.items()}
        best = selection.pick(stages, key=lambda k: np.mean(scores[k]))  # the smaller one of equals
        fresh_seeds, fresh = list[int](), None
        answer = f"K={reference} has the best mean {selection.metric} of all: no sign that more "
        answer += "stages help on these data."
        if best != reference:
            both = {row_of[k]: configs[row_of[k]] for k in (reference, best)}
            fresh_seeds, again = selection.again(both, selected, seeds, runs)
            fresh = compare_paired(again[row_of[best]], again[row_of[reference]])
            answer = selection.answer(f"K={best}", f"K={reference}", fresh, seeds)
    differences = {k: compare_paired(scores[k], scores[reference]) for k in stages[1:]}
    tested = {k: each["p"] for k, each in differences.items() if each["p"] is not None}
    for k, p in holm(tested).items():
        differences[k]["p"] = p
    return selection.facts | {
        "seeds": selected,
        "fresh_seeds": fresh_seeds,
        "rows": [
            {
                "stages": k,
                "scores": scores[k],
                "mean": float(np.mean(scores[k])),
                "std": float(np.std(scores[k], ddof=1)) if seeds > 1 else None,
                "parameters": Run(runs / row_of[k] / "seed_0").facts["parameters"],
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


def sweep_report(result: Mapping[str, Any]) -> Report:
    """A line for each number of stages."""
    lines = []
    for row in result["rows"]:
        compared = ["", ""]
        if each := row["difference"]:
            p = "" if each["p"] is None else p_value(each["p"])
            compared = [spread(each["mean"], each["std"], "+"), p]
        mean = spread(row["mean"], row["std"])
        lines.append([str(row["stages"]), mean, *compared, f"{row['parameters']:,}"])
    best = [row["stages"] for row in result["rows"]].index(result["best"])
    score = directed(result["metric"], result["lower_is_better"])
    difference = f"minus K={result['reference']}, same seeds"
    header = ["stages", score, difference, "p", "parameters"]
    notes = [
        f"Mean ± standard deviation over the seeds {listed(result['seeds'])}, on "
        f"{result['split']}. The test split was not read.",
        "Differences are paired by seed, p is of paired t-tests, corrected for their number "
        "(Holm). The best row (bold) was chosen by these scores, which are therefore optimistic "
        "for it.",
    ]
    if fresh := listed(result["fresh_seeds"]):
        notes.append(f"The sentence at the end is about the fresh seeds {fresh} alone.")
    table = Table(header, lines, frozenset([best]))
    return Report(f"{result['data']}: how many stages?", result, table, notes)
