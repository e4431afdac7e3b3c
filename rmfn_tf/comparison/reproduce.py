"""A published table run again: the data checked, the protocol run, every difference named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.compare import compare_models, judge
from rmfn_tf.comparison.protocols import Protocol
from rmfn_tf.comparison.report import Table, bullets, to_markdown
from rmfn_tf.files import write_json, write_text
from rmfn_tf.metrics import per_label_table
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.runs import OnProgress
from rmfn_tf.training.splits import LearningData, open_learning_data

LABELS_TITLE = "Label by label, mean over seeds"


def reproduce(
    protocol: Protocol,
    configs: Mapping[str, RunConfig],
    builder: Any,
    out: Path,
    *,
    seeds: int,
    workers: int = 1,
    cluster: str = "",
    command: str = "",
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Runs a protocol by `compare_models` and sets its table beside the published one.

    Writes `reproduce.md` and `reproduce.json` beside the files of the comparison; called again, it
    trains only what is missing.

    Args:
        protocol: what to run.
        configs: row -> config, of the protocol's models.
        builder: the built data set.
        out: the folder.
        seeds: how many runs of each row, from seed 0.
        workers, cluster: as in `compare_models`.
        command: stands in the tables.
        on_progress: as in `compare_models`.

    Returns:
        The result of the comparison, and `counts` (of each split: `here` and `published`),
        `differences` (sentences) and `per_label` (see `label_rows`).

    Raises:
        ValueError, OSError: as `compare_models`.
    """
    counts = {
        split: {"here": builder.info.splits[split].num_examples, "published": published}
        for split, published in builder.PUBLISHED_COUNTS.items()
    }
    # Of what is learned from alone: the test split is still closed.
    first = next(iter(configs.values()))
    found = data_differences(counts, open_learning_data(first, builder))
    result = compare_models(
        configs,
        range(seeds),
        builder,
        out,
        reference=protocol.reference,
        workers=workers,
        cluster=cluster,
        command=command,
        on_progress=on_progress,
    )
    of_this_copy = protocol.copies.get(builder.builder_config.name, ())
    if seeds != protocol.seeds:
        found.append(f"{seeds} seeds were run; the protocol has {protocol.seeds}.")
    result |= {
        "counts": counts,
        "differences": [*found, *of_this_copy, *_of_this_build(builder), *protocol.differences],
        "per_label": label_rows(configs, range(seeds), protocol.reference, builder, out),
    }
    write_text(out / "reproduce.md", reproduction_markdown(result))
    write_json(out / "reproduce.json", result)
    return result


def _of_this_build(builder: Any) -> list[str]:
    """How the files were read, and what was noted."""
    metadata = builder.info.metadata
    options = [f"Built with {name} = {value}." for name, value in metadata["options"].items()]
    return [*options, *metadata["report"]["notes"]]


def data_differences(counts: Mapping[str, Mapping[str, int]], learning: LearningData) -> list[str]:
    """Sentences: where this copy of the data is not what the papers describe."""
    found = [
        f"{split} has {each['here']} examples; the papers have {each['published']}."
        for split, each in counts.items()
        if each["here"] != each["published"]
    ]
    splits = {"train": learning.train, "validation": learning.validation}
    for modality in learning.train.present:
        shares = {
            split: (int(examples.present[modality].sum()), len(examples))
            for split, examples in splits.items()
            if examples is not None
        }
        if all(there == total for there, total in shares.values()):
            continue
        said = ", ".join(
            f"{there} of {total} in {split}" for split, (there, total) in shares.items()
        )
        if any(there for there, _ in shares.values()):
            found.append(f"{modality} is there for {said}; for the others it is zeros.")
        else:
            found.append(
                f"{modality} is absent in this copy ({said}), and the models see zeros in its "
                "place; the published rows had it."
            )
    return found


def label_rows(
    configs: Mapping[str, RunConfig], seeds: range, reference: str, builder: Any, out: Path
) -> list[dict[str, Any]]:
    """The metrics of each label by itself, averaged over the seeds.

    Returns:
        A row per label: `{"label": name, "values": {metric: {row: mean}}}`, the rows being the
        models and the reference. In a multilabel task each has a `base_rate`, the share of the
        items in which the label is present.
    """
    task = Task.from_json(builder.info.metadata["task"])
    items, by_row = judge(configs, seeds, builder, out)
    rows = [*configs, *({reference} - set(configs))]
    tables = {
        row: [per_label_table(task, items.labels, run) for run in by_row[row]] for row in rows
    }
    metrics = [name for name in tables[reference][0][0] if name != "label"]
    multilabel = task.kind == "multilabel"
    return [
        {
            "label": label,
            **({"base_rate": float(items.labels[:, k].mean())} if multilabel else {}),
            "values": {
                metric: {
                    row: float(np.mean([table[k][metric] for table in tables[row]])) for row in rows
                }
                for metric in metrics
            },
        }
        for k, label in enumerate(task.labels)
    ]


def reproduction_markdown(result: Mapping[str, Any]) -> str:
    """The data, the differences, the comparison's own report, and the labels one by one."""
    parts = [
        to_markdown(result).rstrip(),
        "## Data beside the papers'",
        _count_table(result).to_markdown(),
        "## What differs from the published protocol and data",
        bullets(result["differences"]),
        f"## {LABELS_TITLE}",
        label_table(result).to_markdown(),
    ]
    return "\n\n".join(parts) + "\n"


def label_table(result: Mapping[str, Any]) -> Table:
    """A line per label: its base rate where it has one, each metric of each row."""
    labels = result["per_label"]
    columns = [(metric, row) for metric, by_row in labels[0]["values"].items() for row in by_row]
    rates = ["base_rate"] if "base_rate" in labels[0] else []
    lines = [
        [
            each["label"],
            *(f"{each[rate]:z.3f}" for rate in rates),
            *(f"{each['values'][metric][row]:z.3f}" for metric, row in columns),
        ]
        for each in labels
    ]
    header = ["label", *(["base rate"] if rates else [])]
    return Table([*header, *(f"{metric} {row}" for metric, row in columns)], lines)


def _count_table(result: Mapping[str, Any]) -> Table:
    """A line per split: how many examples are here, how many the papers have."""
    lines = []
    for split, each in result["counts"].items():
        here, published = each["here"], each["published"]
        lines.append([split, str(here), str(published), "" if here == published else "differs"])
    return Table(["split", "here", "papers", ""], lines)
