"""A published table run again: the data checked, the protocol run, every difference named."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.compare import compare_models, judge, train_rows
from rmfn_tf.comparison.published import Protocol
from rmfn_tf.comparison.report import make_report
from rmfn_tf.comparison.table import Table, bullets
from rmfn_tf.files import write_json, write_text
from rmfn_tf.metrics import per_label_table
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.splits import LearningData, open_learning_data


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
        The result of the comparison, and `counts` (of each split: `here` and `published`),
        `differences` (sentences) and `per_label` (see `label_rows`).
    """
    counts = {
        split: {"here": builder.info.splits[split].num_examples, "published": published}
        for split, published in builder.PUBLISHED_COUNTS.items()
    }
    # Of what is learned from alone: the test split is still closed.
    learning = open_learning_data(next(iter(configs.values())), builder)
    differences = data_differences(counts, learning)
    if seeds != protocol.seeds:
        differences.append(f"{seeds} seeds were run; the protocol has {protocol.seeds}.")
    differences += protocol.copies.get(builder.builder_config.name, [])
    metadata = builder.info.metadata
    differences += [f"Built with {name} = {x}." for name, x in metadata["options"].items()]
    differences += [*metadata["report"]["notes"], *protocol.differences]
    result = compare_models(
        configs, range(seeds), builder, out, reference=protocol.reference, **how
    )
    # Nothing is left to train: gives the finished runs.
    runs = train_rows(configs, range(seeds), out / "runs", builder)
    items, by_row = judge(runs, builder)
    shown = {row: by_row[row] for row in (*configs, protocol.reference)}
    result |= {
        "counts": counts,
        "differences": differences,
        "per_label": label_rows(Task.from_json(metadata["task"]), items.labels, shown),
    }
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


def data_differences(counts: Mapping[str, Mapping[str, int]], learning: LearningData) -> list[str]:
    """Sentences that say where this copy of the data is not what the papers describe."""
    found = [
        f"{split} has {each['here']} examples; the papers have {each['published']}."
        for split, each in counts.items()
        if each["here"] != each["published"]
    ]
    splits = {"train": learning.train, "validation": learning.validation}
    for modality in learning.train.present:
        flags = {name: each.present[modality] for name, each in splits.items() if each is not None}
        shares = ", ".join(f"{x.sum()} of {len(x)} in {name}" for name, x in flags.items())
        there = np.concatenate(list(flags.values()))
        if not there.any():
            found.append(
                f"{modality} is absent in this copy ({shares}), and the models see zeros in its "
                "place; the published rows had it."
            )
        elif not there.all():
            found.append(f"{modality} is there for {shares}; for the others it is zeros.")
    return found


def label_rows(
    task: Task, labels: np.ndarray, by_row: Mapping[str, Sequence[np.ndarray]]
) -> list[dict[str, Any]]:
    """The metrics of each label by itself, averaged over the seeds; `by_row`: row → its predictions
    of the items, one array per seed.

    Gives for each label `{"label": name, "values": {metric: {row: mean}}}`; in a multilabel task
    also `base_rate`, the share of the items in which the label is present.
    """
    tables = {row: [per_label_table(task, labels, x) for x in runs] for row, runs in by_row.items()}
    metrics = [name for name in next(iter(tables.values()))[0][0] if name != "label"]
    rows: list[dict[str, Any]] = []
    for k, label in enumerate(task.labels):
        row: dict[str, Any] = {"label": label}
        if task.kind == "multilabel":
            row["base_rate"] = float(labels[:, k].mean())
        row["values"] = {
            metric: {
                name: float(np.mean([table[k][metric] for table in runs]))
                for name, runs in tables.items()
            }
            for metric in metrics
        }
        rows.append(row)
    return rows
