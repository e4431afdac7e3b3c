"""What a sweep over stages and a search share: scores on validation, and the chosen configuration
again over fresh seeds, since the score by which it was chosen is optimistic."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from rmfn_tf.comparison.compare import train_rows
from rmfn_tf.comparison.table import number, spread
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.run import Run
from rmfn_tf.training.splits import check_splits, open_task

SEARCH = "search.json"  # a file that the folder of a search has, and that of a sweep has not
MOST_SEEDS = 1000
_SIGNIFICANT = 0.05


class Selection:
    """How configurations are compared without the test split: by `metric`, on validation or out of
    fold, of which `pick` (`min` or `max`) takes the best. `how` is as in `compare_models`."""

    def __init__(self, config: RunConfig, builder: Any, **how: Any):
        check_splits(config, builder, validation=True)
        self.metric, lower_is_better = open_task(config, builder).of_kind.selection
        self.pick = min if lower_is_better else max
        self.facts = {
            "data": config.data,
            "model": config.model,
            "split": f"{config.folds} folds" if config.folds else "validation",
            "metric": self.metric,
            "lower_is_better": lower_is_better,
            "command": how.pop("command", ""),
            "fingerprint": builder.info.metadata["fingerprint"],
        }
        self.builder, self._how = builder, how

    def scores(
        self, configs: Mapping[str, RunConfig], seeds: Sequence[int], folder: Path
    ) -> dict[str, list[float]]:
        """Trains as `train_rows`; the score of each row's runs, in the order of the seeds."""
        rows = train_rows(configs, seeds, folder, self.builder, **self._how)
        return {row: [self.score(run) for run in runs] for row, runs in rows.items()}

    def score(self, run: Run) -> float:
        """What a finished run reached; ValueError that names a file that is damaged."""
        return run.metrics["metrics"][run.config.model][self.metric]

    def again(
        self, configs: Mapping[str, RunConfig], selected: Sequence[int], count: int, folder: Path
    ) -> tuple[list[int], dict[str, list[float]]]:
        """Trains a reference and the chosen config over so many fresh seeds; gives these and
        `scores`.

        They begin at the next multiple of 1000 after the `selected` ones: no seed is ever both
        looked at for a choice and fresh, even when another number of seeds is asked for later.
        """
        first = MOST_SEEDS * (max(selected) // MOST_SEEDS + 1)
        seeds = list(range(first, first + count))
        return seeds, self.scores(configs, seeds, folder)

    def answer(self, name: str, reference: str, fresh: Mapping[str, Any], seeds: int) -> str:
        """What fresh seeds say of the configuration called `name`, in a sentence; `fresh` is its
        paired difference from the reference."""
        mean, std, p = (fresh[key] for key in ("mean", "std", "p"))
        gain = f"{name} over {reference}: {self.metric} {spread(mean, std, '+')}"
        if std is None:
            return f"{gain} on one fresh seed: one seed shows nothing. Take 5 or more."
        verdict = "no evidence"
        if p is not None and p < _SIGNIFICANT:
            is_better = self.pick(mean, 0) == mean
            verdict = "evidence for it" if is_better else "evidence against it"
        shown = "" if p is None else f", p = {number(p)}"
        return f"{gain} over {seeds} fresh seeds{shown}: {verdict}."


def compare_paired(scores: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """`{"mean", "std", "p"}` of the differences of runs that share a seed; `p` is of a two-sided
    paired t-test. None for what does not exist, with one seed or where all are the same."""
    differences = np.subtract(scores, reference)
    std = float(differences.std(ddof=1)) if len(differences) > 1 else None
    p = float(stats.ttest_rel(scores, reference).pvalue) if std and std > 1e-12 else None
    return {"mean": float(differences.mean()), "std": std, "p": p}
