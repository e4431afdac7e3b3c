"""Which of the searched parameters the scores of a search depend on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

FEWEST_TRIALS = 10
# With fewer, a trial may be in every tree's sample, and then has no out-of-bag prediction.
_TREES = 100
_SHUFFLES = 10


def parameter_importance(result: Mapping[str, Any], seed: int = 0) -> dict[str, Any] | None:
    """Fits a random forest to the scores of the completed trials and shuffles its inputs in turn.

    The importance of a parameter is by how much the forest's R² on these trials falls, on average,
    when the parameter's values are shuffled among them: 0.5 says that the squared error grows by
    half of the scores' variance. 0 says that the forest does not use it, and noise can make it
    slightly less. The forest has seen these trials: how far it can be believed is what `explained`
    says, its R² on trials that a tree has not seen. At 0 or less it predicts no better than the
    mean score, and the importances mean nothing.

    Args:
        result: of a search; see `rmfn_tf.tuning.run_search.run_search`.
        seed: of the forest and the shuffles.

    Returns:
        `{"importance": {name: float}, the largest first, "explained": out-of-bag R², "trials": how
        many}`, or None with fewer than 10 completed trials. With Hyperband "epochs" is one of the
        names: what more epochs gain is not put down to what was trained for longer.
    """
    trials = [trial for trial in result["trials"] if trial["status"] == "COMPLETED"]
    if len(trials) < FEWEST_TRIALS:
        return None
    columns = {
        name: _encode(name, [trial["values"].get(name) for trial in trials])
        for name in result["space"]
    }
    if result["tuner"] == "hyperband":
        columns["epochs"] = np.array([trial["epochs"] for trial in trials], dtype=float)
    scores = np.array([trial["score"] for trial in trials], dtype=float)
    if np.ptp(scores) == 0:  # R² would call the forest perfect.
        return {"importance": dict.fromkeys(columns, 0.0), "explained": 0.0, "trials": len(trials)}
    table = np.column_stack(list(columns.values()))
    forest = RandomForestRegressor(_TREES, oob_score=True, random_state=seed).fit(table, scores)
    falls = permutation_importance(
        forest, table, scores, n_repeats=_SHUFFLES, random_state=seed
    ).importances_mean
    order = np.argsort(-falls, kind="stable")
    names = list(columns)
    return {
        "importance": {names[i]: float(falls[i]) for i in order},
        "explained": float(forest.oob_score_),
        "trials": len(trials),
    }


def _encode(name: str, values: Sequence[Any]) -> np.ndarray:
    """One number a trial; below all others where the parameter is not active."""
    active = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in active):
        # A tree can cut any category out of the order with two splits.
        codes = {value: code for code, value in enumerate(sorted(map(str, set(active))))}
        numbers = [None if value is None else float(codes[str(value)]) for value in values]
    else:
        scale = np.log10 if name == "learning_rate" else float
        numbers = [None if value is None else float(scale(value)) for value in values]
    known = [number for number in numbers if number is not None]
    outside = min(known, default=0.0) - 1.0
    return np.array([outside if number is None else number for number in numbers])
