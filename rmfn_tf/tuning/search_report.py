"""A search as tables and text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rmfn_tf.comparison.markdown import escape, plain_table
from rmfn_tf.tuning.importance import FEWEST_TRIALS, parameter_importance

_BEST = 5  # trials in a report
_LITTLE = 0.1  # of the variance


def search_table(result: Mapping[str, Any], most: int = 10) -> tuple[list[str], list[list[str]]]:
    """The header, and a line for each of the best trials."""
    better = "lower" if result["lower_is_better"] else "higher"
    header = ["trial", f"{result['metric']} ({better} is better)", *result["space"]]
    header += ["epochs", "parameters", "s an epoch"]
    return header, [
        [
            trial["id"],
            f"{trial['score']:.4f}",
            *(_value(trial["values"].get(name)) for name in result["space"]),
            str(trial["epochs"]),
            "" if trial["parameters"] is None else f"{trial['parameters']:,}",
            "" if trial["seconds_per_epoch"] is None else f"{trial['seconds_per_epoch']:.2f}",
        ]
        for trial in ranked(result)[:most]
    ]


def best_trials(result: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The first of `search_table` on their side: there are more parameters than a page is wide."""
    header, lines = search_table(result, most=_BEST)
    turned = [list(row) for row in zip(header, *lines, strict=True)]
    return turned[0], turned[1:]


def ranked(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The completed trials, best first."""
    completed = [each for each in result["trials"] if each["status"] == "COMPLETED"]
    return sorted(completed, key=lambda each: each["score"], reverse=not result["lower_is_better"])


def search_markdown(result: Mapping[str, Any]) -> str:
    """The whole report."""
    completed, begun = ranked(result), result["trials"]
    parts = [
        f"# {result['data']}, {result['model']}: {result['tuner']} search",
        f"```bash\n{result['command']}\n```",
        f"{len(begun)} trials, {len(completed)} of them completed; the best:",
        plain_table(*best_trials(result), numbers=len(completed[:_BEST])),
    ]
    if "num_stages" in result["space"]:
        parts += ["By number of stages:", _by_stages(result)]
    parts += _importance(result)
    failed = [each for each in begun if each["status"] == "FAILED"]
    if failed:
        parts += ["Failed:", "\n".join(f"- trial {t['id']}: {escape(t['error'])}" for t in failed)]
    notes = [f"Scores are on {result['split']}. The test split was not read."]
    notes.append("The best trial was chosen by its score, which flatters it.")
    if result["tuner"] == "hyperband":
        notes.append("Trials of fewer epochs are rounds on the way: compare those of equal epochs.")
    if result["fresh"]:
        seeds = ", ".join(map(str, result["fresh_seeds"]))
        notes.append(
            f"Over the fresh seeds {seeds} alone: {_scores(result['fresh']['best'])}, the preset "
            f"{_scores(result['fresh']['preset'])}; the sentence at the end is of these, p of a "
            "paired t-test."
        )
    parts += ["\n".join(f"- {note}" for note in notes), f"**{result['answer']}**\n"]
    return "\n\n".join(parts)


def _by_stages(result: Mapping[str, Any]) -> str:
    by_number: dict[int, list[float]] = {}
    for trial in ranked(result):
        by_number.setdefault(trial["values"]["num_stages"], []).append(trial["score"])
    header = ["stages", "trials", f"best {result['metric']}", f"median {result['metric']}"]
    lines = [
        [str(number), str(len(scores)), f"{scores[0]:.4f}", f"{np.median(scores):.4f}"]
        for number, scores in sorted(by_number.items())
    ]
    return plain_table(header, lines, numbers=3)


def _importance(result: Mapping[str, Any]) -> list[str]:
    found = parameter_importance(result)
    if found is None:
        return [f"Fewer than {FEWEST_TRIALS} trials were completed: too few to say what matters."]
    explained = f"{found['explained']:.2f} of the variance of the scores it has not seen"
    if found["explained"] < _LITTLE:
        return [
            f"Importance: these trials do not show which parameters matter (a random forest "
            f"explains {explained})."
        ]
    lines = [[name, f"{number:.3f}"] for name, number in found["importance"].items()]
    return [
        f"Importance: what a random forest's R² loses when a parameter is shuffled. It explains "
        f"{explained}.",
        plain_table(["parameter", "importance"], lines, numbers=1),
    ]


def _scores(scores: Sequence[float]) -> str:
    spread = f" ± {np.std(scores, ddof=1):.4f}" if len(scores) > 1 else ""
    return f"{np.mean(scores):.4f}{spread}"


def _value(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
