"""A published table run again: the data checked, the protocol run, every difference named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rmfn_tf.comparison.compare import compare_models
from rmfn_tf.comparison.published import Protocol
from rmfn_tf.comparison.report import make_report
from rmfn_tf.comparison.table import Table, bullets
from rmfn_tf.files import write_json, write_text
from rmfn_tf.training.config import RunConfig


def reproduce(
    protocol: Protocol,
    configs: Mapping[str, RunConfig],
    builder: Any,
    out: Path,
    *,
    seeds: int,
    **how: Any,
) -> dict[str, Any]:
    """Runs a protocol by `compare_models` (whose arguments these are, `seeds` from 0) and sets its
    table beside the published one. Writes `reproduce.md` and `reproduce.json` beside the files of
    the comparison; called again, it trains only what is missing.

    Returns:
        The result of the comparison, and `counts` (of each split: `here` and `published`) and
        `differences` (sentences).
    """
    metadata, form = builder.info.metadata, builder.builder_config
    splits = metadata["report"]["splits"]
    counts = {
        split: {"here": splits[split]["examples"], "published": published}
        for split, published in (form.published_counts or builder.PUBLISHED_COUNTS).items()
    }
    differences = data_differences(counts, splits)
    if seeds != protocol.seeds:
        differences.append(f"{seeds} seeds were run; the protocol has {protocol.seeds}.")
    differences += protocol.copies.get(form.name, [])
    differences += [f"Built with {name} = {x}." for name, x in metadata["options"].items()]
    differences += [*metadata["report"]["notes"], *protocol.differences]
    result = compare_models(
        configs, range(seeds), builder, out, reference=protocol.reference, **how
    )
    result |= {"counts": counts, "differences": differences}
    counted = []
    for split, each in counts.items():
        here, papers = each["here"], each["published"]
        counted.append([split, str(here), str(papers), "" if here == papers else "differs"])
    parts = [
        make_report(result).to_markdown().rstrip(),
        "## Data beside the papers'",
        Table(["split", "here", "papers", ""], counted).to_markdown(),
        "## What differs from the published protocol and data",
        bullets(differences),
    ]
    write_text(out / "reproduce.md", "\n\n".join(parts) + "\n")
    write_json(out / "reproduce.json", result)
    return result


def data_differences(
    counts: Mapping[str, Mapping[str, int]], splits: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Sentences that say where this copy of the data is not what the papers describe; `splits` are
    those of the build's report."""
    found = [
        f"{split} has {each['here']} examples; the papers have {each['published']}."
        for split, each in counts.items()
        if each["here"] != each["published"]
    ]
    # Of what is learned from alone: the test split is still closed.
    learned = {split: each for split, each in splits.items() if split != "test"}
    for modality in learned["train"]["present"]:
        there = {split: each["present"][modality] for split, each in learned.items()}
        shares = ", ".join(f"{n} of {learned[x]['examples']} in {x}" for x, n in there.items())
        if not any(there.values()):
            found.append(
                f"{modality} is absent in this copy ({shares}), and the models see zeros in its "
                "place; the published rows had it."
            )
        elif any(n < learned[split]["examples"] for split, n in there.items()):
            found.append(f"{modality} is there for {shares}; for the others it is zeros.")
    return found
