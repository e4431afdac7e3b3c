"""How numbers, rows and explanations of a comparison read, in Markdown and on a terminal alike.

A result is what `rmfn compare` writes as JSON: `data`, `split`, `items`, `videos`, `seeds`,
`reference`, `command`, `resamples` (`bootstrap`, `permutation`), `metrics`, `lower_is_better`,
`rows` (each `row`, `kind` "model" or "floor", `runs`, and `values`: metric → `mean`, `std`, `low`,
`high`, `best`, `difference`, `p_items`, `p_seeds`, `p`, `p_holm`), `constant_predictions`,
`published` (as `published_for` gives it, or None) and `notes`. A value that does not exist is None.
"""

import math
from collections.abc import Mapping
from typing import Any

Result = Mapping[str, Any]
Row = Mapping[str, Any]


def rows_of(result: Result) -> list[Row]:
    return sorted(result["rows"], key=lambda row: row["kind"] != "model")


def published_rows(result: Result) -> list[Row]:
    return result["published"]["rows"] if result["published"] else []


def all_metrics(result: Result) -> list[str]:
    """The compared metrics, then those that only published rows have."""
    published = (metric for row in published_rows(result) for metric in row["values"])
    return list(dict.fromkeys([*result["metrics"], *published]))


def best_rows(result: Result, metric: str) -> set[str]:
    """The rows whose mean prints as the best does: no table marks a difference it does not show."""
    if metric not in result["metrics"]:
        return set()
    means = {row["row"]: row["values"][metric]["mean"] for row in result["rows"]}
    known = {row: mean for row, mean in means.items() if mean is not None and math.isfinite(mean)}
    pick = min if metric in result["lower_is_better"] else max
    best = number(pick(known.values(), default=None))
    return {row for row, mean in known.items() if number(mean) == best}


def explanations(result: Result) -> list[str]:
    lines = []
    if "r" in result["metrics"] and result["constant_predictions"]:
        lines.append("¹ The same prediction for every item, so r is 0 by convention.")
    bootstrap, permutation = (result["resamples"][key] for key in ("bootstrap", "permutation"))
    lines.append(
        "mean ± std: over the row's runs (one run has no std). [low, high]: 95 % bootstrap "
        f"interval of that mean, {bootstrap} resamples of whole videos, of these trained models. "
        f"p: the larger of two two-sided p-values against {result['reference']}, of a paired "
        f"permutation test (swaps of whole videos: all of them, or {permutation} drawn where there "
        "are more), which does not see what other seeds would give, and of Welch's t-test over the "
        "runs, which sees nothing else; a pair "
        "of rows that does not vary over its runs has only the first."
    )
    if "fold" in result["split"]:
        lines.append(
            "The folds' training sets overlap, so these are optimistic: the intervals are too "
            "narrow and the p-values too small."
        )
    return lines


def constant_mark(result: Result, row: Row, metric: str) -> str:
    return " ¹" if metric == "r" and row["row"] in result["constant_predictions"] else ""


def directed(result: Result, metric: str) -> str:
    return f"{metric} {'↓' if metric in result['lower_is_better'] else '↑'}"


def mean_and_std(value: Mapping[str, Any]) -> str:
    mean = number(value["mean"])
    return mean if value["std"] is None else f"{mean} ± {number(value['std'])}"


def interval(value: Mapping[str, Any]) -> str:
    if value["low"] is None or value["high"] is None:
        return ""
    return f"[{number(value['low'])}, {number(value['high'])}]"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:z.3f}"


def signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+z.3f}"


def p_value(value: float | None) -> str:
    return "<0.001" if value is not None and value < 0.001 else number(value)
