"""What a sweep over stages and a search say: tables, reports, and the sentence of fresh seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from rmfn_tf.comparison.report import Table, bullets

SIGNIFICANT = 0.05
_BEST = 5  # trials in a report


def compare_paired(scores: Sequence[float], reference: Sequence[float]) -> dict[str, Any]:
    """`{"mean", "std", "p"}` of the differences of runs that share a seed.

    `std` is that of the differences, `p` of a two-sided paired t-test; both None for a single seed,
    and `p` where all differences are the same.
    """
    differences = np.subtract(scores, reference)
    if len(differences) < 2:
        return {"mean": float(differences.mean()), "std": None, "p": None}
    spread = float(differences.std(ddof=1))
    p = float(stats.ttest_rel(scores, reference).pvalue) if spread > 1e-12 else None
    return {"mean": float(differences.mean()), "std": spread, "p": p}


def paired_answer(
    name: str,
    reference_name: str,
    metric: str,
    lower_is_better: bool,
    fresh: Mapping[str, Any] | None,
    num_seeds: int,
) -> str:
    """What fresh seeds say of the chosen one, in a sentence.

    Args:
        name: of what was chosen, as the sentence begins with it.
        reference_name: of what it is compared with.
        metric: what was looked at.
        lower_is_better: of the metric.
        fresh: a difference, as `compare_paired` gives it; None: no fresh seeds were run.
        num_seeds: how many fresh ones.
    """
    if fresh is None:
        return (
            f"{name} was chosen by its own {metric}, which is therefore optimistic, and no fresh "
            f"seeds were run: whether it is better than {reference_name} is not known."
        )
    mean, std, p = (fresh[key] for key in ("mean", "std", "p"))
    gain = f"{name} over {reference_name}: {metric} {mean:+.3f}"
    if std is None:
        return f"{gain} on one fresh seed: one seed shows nothing. Take 5 or more."
    verdict = "no evidence"
    if p is not None and p < SIGNIFICANT:
        verdict = "evidence for it" if (mean < 0) == lower_is_better else "evidence against it"
    shown = "" if p is None else f", p = {p:.3f}"
    return f"{gain} ± {std:.3f} over {num_seeds} fresh seeds{shown}: {verdict}."


def sweep_table(result: Mapping[str, Any]) -> Table:
    """A line for each number of stages; see `rmfn_tf.tuning.stages.sweep_stages`."""
    header = ["stages", _directed(result), f"minus K={result['reference']}, same seeds", "p"]
    lines = []
    for row in result["rows"]:
        difference, p = row["difference"], ""
        cells = [str(row["stages"]), _spread(row["mean"], row["std"]), "", "", ""]
        if difference is not None:
            p = "" if difference["p"] is None else f"{difference['p']:.3f}"
            cells[2:4] = _spread(difference["mean"], difference["std"], sign="+"), p
        cells[4] = f"{row['parameters']:,}"
        lines.append(cells)
    best = {n for n, row in enumerate(result["rows"]) if row["stages"] == result["best"]}
    return Table([*header, "parameters"], lines, frozenset(best))


def sweep_markdown(result: Mapping[str, Any]) -> str:
    """The whole report."""
    notes = [
        f"Mean ± deviation over the seeds {_listed(result['seeds'])}, on {result['split']}. "
        "The test split was not read.",
        "Differences are paired by seed; p of paired t-tests, corrected for their number (Holm). "
        "The best row (bold) was chosen by these scores, which flatters it.",
    ]
    if result["fresh_seeds"]:
        fresh = _listed(result["fresh_seeds"])
        notes.append(f"The sentence at the end is of the fresh seeds {fresh} alone.")
    return _page(
        f"{result['data']}: how many stages?", result, sweep_table(result).to_markdown(), notes
    )


def search_table(result: Mapping[str, Any]) -> Table:
    """A column for each of the best trials: there are more parameters than a page is wide."""
    trials = _ranked(result)[:_BEST]
    lines = [[_directed(result), *(f"{each['score']:.4f}" for each in trials)]]
    for name in result["space"]:
        lines.append([name, *(_value(each["values"].get(name)) for each in trials)])
    for name in ("epochs", "parameters"):
        lines.append([name, *(f"{each[name]:,}" for each in trials)])
    return Table(["trial", *(str(each["id"]) for each in trials)], lines)


def search_markdown(result: Mapping[str, Any]) -> str:
    """The whole report; see `rmfn_tf.tuning.search.run_search`."""
    failed = [each for each in result["trials"] if each["status"] == "FAILED"]
    notes = [
        f"{len(result['trials'])} trials, {len(failed)} of them failed. Scores are on "
        f"{result['split']}. The test split was not read.",
        "The best trial was chosen by its score, which flatters it.",
    ]
    if result["tuner"] == "hyperband":
        notes.append("Trials of fewer epochs are rounds on the way: compare those of equal epochs.")
    if result["fresh"]:
        best, preset = (result["fresh"][name] for name in ("best", "preset"))
        notes.append(
            f"Over the fresh seeds {_listed(result['fresh_seeds'])} alone: {_scores(best)}, the "
            f"preset {_scores(preset)}; the sentence at the end is of these, p of a paired t-test."
        )
    notes += [f"Trial {each['id']} failed: {each['error']}" for each in failed]
    title = f"{result['data']}, {result['model']}: {result['tuner']} search"
    return _page(title, result, search_table(result).to_markdown(), notes)


def _page(title: str, result: Mapping[str, Any], table: str, notes: Sequence[str]) -> str:
    command = f"```bash\n{result['command']}\n```"
    return "\n\n".join([f"# {title}", command, table, bullets(notes), f"**{result['answer']}**\n"])


def _ranked(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The completed trials, best first."""
    completed = [each for each in result["trials"] if each["status"] == "COMPLETED"]
    return sorted(completed, key=lambda each: each["score"], reverse=not result["lower_is_better"])


def _directed(result: Mapping[str, Any]) -> str:
    return f"{result['metric']} ({'lower' if result['lower_is_better'] else 'higher'} is better)"


def _spread(mean: float, std: float | None, sign: str = "") -> str:
    return f"{mean:{sign}.3f}" + ("" if std is None else f" ± {std:.3f}")


def _scores(scores: Sequence[float]) -> str:
    spread = f" ± {np.std(scores, ddof=1):.4f}" if len(scores) > 1 else ""
    return f"{np.mean(scores):.4f}{spread}"


def _value(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
