"""A sweep over stages as a table."""

from collections.abc import Mapping
from typing import Any

from rmfn_tf.comparison.markdown import plain_table


def sweep_table(result: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The header, and a line for each number of stages."""
    metric, smallest = result["metric"], result["reference"]
    header = [
        "stages",
        f"{metric} ({'lower' if result['lower_is_better'] else 'higher'} is better)",
        f"minus K={smallest}, same seeds",
        "p",
        "parameters",
        "s an epoch",
    ]
    return header, [
        [
            f"{row['stages']}{' (best)' if row['stages'] == result['best'] else ''}",
            _spread(row["mean"], row["std"], sign=""),
            "" if row["difference"] is None else _spread(**_without_p(row["difference"]), sign="+"),
            _p(row["difference"]),
            f"{row['parameters']:,}",
            f"{row['seconds_per_epoch']:.2f}",
        ]
        for row in result["rows"]
    ]


def sweep_markdown(result: Mapping[str, Any]) -> str:
    """The whole report."""
    header, lines = sweep_table(result)
    seeds = ", ".join(map(str, result["seeds"]))
    notes = [
        f"Mean ± deviation over the seeds {seeds}, on {result['split']}. "
        "The test split was not read.",
        "Differences are paired by seed; p of paired t-tests, corrected for their number (Holm). "
        "The best row was chosen by these scores, which flatters it.",
    ]
    if result["fresh_seeds"]:
        fresh = ", ".join(map(str, result["fresh_seeds"]))
        notes.append(f"The sentence at the end is of the fresh seeds {fresh} alone.")
    return "\n\n".join(
        [
            f"# {result['data']}: how many stages?",
            f"```bash\n{result['command']}\n```",
            plain_table(header, lines, numbers=len(header) - 1),
            "\n".join(f"- {note}" for note in notes),
            f"**{result['answer']}**\n",
        ]
    )


def _spread(mean: float, std: float | None, sign: str) -> str:
    return f"{mean:{sign}.3f}" + ("" if std is None else f" ± {std:.3f}")


def _without_p(difference: Mapping[str, Any]) -> dict[str, Any]:
    return {key: difference[key] for key in ("mean", "std")}


def _p(difference: Mapping[str, Any] | None) -> str:
    return "" if difference is None or difference["p"] is None else f"{difference['p']:.3f}"
