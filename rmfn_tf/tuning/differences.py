"""What runs over fresh seeds say of what was chosen."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

SIGNIFICANT = 0.05


def compare_paired(scores: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """`{"mean", "std", "p"}` of the differences of runs that share a seed.

    `std` is that of the differences, `p` of a two-sided paired t-test; both None for a single seed,
    and `p` where all differences are the same.
    """
    differences = np.subtract(scores, reference)
    if len(differences) < 2:
        return {"mean": float(differences.mean()), "std": None, "p": None}
    spread = float(differences.std(ddof=1))
    varies = spread > 1e-12
    p = float(stats.ttest_rel(scores, reference).pvalue) if varies else None
    return {"mean": float(differences.mean()), "std": spread, "p": p}


def paired_answer(
    name: str,
    reference_name: str,
    metric: str,
    lower_is_better: bool,
    fresh_difference: Mapping[str, Any] | None,
    num_seeds: int,
) -> str:
    """What fresh seeds say of the chosen one, in a sentence.

    Args:
        name: of what was chosen, as the sentence begins with it.
        reference_name: of what it is compared with.
        metric: what was looked at.
        lower_is_better: of the metric.
        fresh_difference: as `compare_paired` gives it; None: no fresh seeds were run.
        num_seeds: how many fresh ones.
    """
    if fresh_difference is None:
        return (
            f"{name} was chosen by its own {metric}, which is therefore optimistic, and no fresh "
            f"seeds were run: whether it is better than {reference_name} is not known."
        )
    mean, std, p = (fresh_difference[key] for key in ("mean", "std", "p"))
    gain = f"{name} over {reference_name}: {metric} {mean:+.3f}"
    if std is None:
        return f"{gain} on one fresh seed: one seed shows nothing. Take 5 or more."
    verdict = "no evidence"
    if p is not None and p < SIGNIFICANT:
        verdict = "evidence for it" if (mean < 0) == lower_is_better else "evidence against it"
    shown = "" if p is None else f", p = {p:.3f}"
    return f"{gain} ± {std:.3f} over {num_seeds} fresh seeds{shown}: {verdict}."
