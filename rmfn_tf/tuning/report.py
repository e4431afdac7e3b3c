"""The tables and reports of a sweep over stages and of a search."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rmfn_tf.comparison.table import Table, bullets, directed, number, p_value, page, spread

_BEST = 5  # trials in a report


def sweep_table(result: Mapping[str, Any]) -> Table:
    """A line for each number of stages; see `rmfn_tf.tuning.stages.sweep_stages`."""
    score = directed(result["metric"], result["lower_is_better"])
    difference = f"minus K={result['reference']}, same seeds"
    lines = []
    for row in result["rows"]:
        compared = ["", ""]
        if each := row["difference"]:
            p = "" if each["p"] is None else p_value(each["p"])
            compared = [spread(each["mean"], each["std"], "+"), p]
        mean = spread(row["mean"], row["std"])
        lines.append([str(row["stages"]), mean, *compared, f"{row['parameters']:,}"])
    best = [row["stages"] for row in result["rows"]].index(result["best"])
    return Table(["stages", score, difference, "p", "parameters"], lines, frozenset([best]))


def sweep_markdown(result: Mapping[str, Any]) -> str:
    """The whole report."""
    notes = [
        f"Mean ± standard deviation over the seeds {_listed(result['seeds'])}, on "
        f"{result['split']}. The test split was not read.",
        "Differences are paired by seed, p is of paired t-tests, corrected for their number "
        "(Holm). The best row (bold) was chosen by these scores, which are therefore optimistic "
        "for it.",
    ]
    if result["fresh_seeds"]:
        fresh = _listed(result["fresh_seeds"])
        notes.append(f"The sentence at the end is about the fresh seeds {fresh} alone.")
    return _page(f"{result['data']}: how many stages?", result, sweep_table(result), notes)


def search_table(result: Mapping[str, Any]) -> Table:
    """A column for each of the best trials: there are more parameters than a page is wide."""
    completed = [each for each in result["trials"] if each["status"] == "COMPLETED"]
    lower = result["lower_is_better"]
    trials = sorted(completed, key=lambda each: each["score"], reverse=not lower)[:_BEST]
    scores = [number(each["score"], digits=4) for each in trials]
    lines = [[directed(result["metric"], lower), *scores]]
    for name in result["space"]:
        values = [each["values"].get(name, "") for each in trials]
        lines.append([name, *(f"{x:.3g}" if isinstance(x, float) else str(x) for x in values)])
    for name in ("epochs", "parameters"):
        lines.append([name, *(f"{each[name]:,}" for each in trials)])
    return Table(["trial", *(str(each["id"]) for each in trials)], lines)


def search_markdown(result: Mapping[str, Any]) -> str:
    """The whole report; see `rmfn_tf.tuning.search.run_search`."""
    failed = [each for each in result["trials"] if each["status"] == "FAILED"]
    notes = [
        f"{len(result['trials'])} trials, of which {len(failed)} failed. Scores are on "
        f"{result['split']}. The test split was not read.",
        "The best trial was chosen by its score, which is therefore optimistic.",
    ]
    if result["tuner"] == "hyperband":
        notes.append(
            "Trials of fewer epochs are earlier rounds: compare trials of equally many epochs."
        )
    if result["fresh"]:
        best, preset = (_spread(result["fresh"][name]) for name in ("best", "preset"))
        notes.append(
            f"Over the fresh seeds {_listed(result['fresh_seeds'])} alone, the best trial has "
            f"{best} and the preset {preset}; the sentence at the end is about these, and its p is "
            "of a paired t-test."
        )
    notes += [f"Trial {each['id']} failed: {each['error']}" for each in failed]
    title = f"{result['data']}, {result['model']}: {result['tuner']} search"
    return _page(title, result, search_table(result), notes)


def _page(title: str, result: Mapping[str, Any], table: Table, notes: Sequence[str]) -> str:
    return page(title, result, table.to_markdown(), bullets(notes), f"**{result['answer']}**")


def _spread(scores: Sequence[float]) -> str:
    std = float(np.std(scores, ddof=1)) if len(scores) > 1 else None
    return spread(float(np.mean(scores)), std, digits=4)


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
