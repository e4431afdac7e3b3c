"""Models beside each other: the same seeds, the same split or folds, one table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.published import published_for
from rmfn_tf.comparison.report import make_report, to_rows
from rmfn_tf.comparison.significance import BOOTSTRAP, PERMUTATION, summarize
from rmfn_tf.comparison.table import listed
from rmfn_tf.files import only_writer, write_rows
from rmfn_tf.metrics import metrics_for, score
from rmfn_tf.models import sees_future
from rmfn_tf.names import unknown_name
from rmfn_tf.task import Task
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.predictions import Predictions
from rmfn_tf.training.run import Run
from rmfn_tf.training.runs import OnProgress, train_many
from rmfn_tf.training.splits import check_splits, open_task
from rmfn_tf.visualization import plot_comparison


def compare_models(
    configs: Mapping[str, RunConfig],
    seeds: Sequence[int],
    builder: Any,
    out: Path,
    *,
    reference: str | None = None,
    command: str = "",
    **how: Any,
) -> dict[str, Any]:
    """Trains every config with every seed, judges them on the same items, and writes the tables.

    `out` holds `runs/<row>/seed_<n>/`, each a run folder, and `compare.{json,md,csv,png}`. Called
    again, it trains only what is missing, and interrupted runs go on. The test split is opened
    when all runs are finished, and not before.

    Args:
        configs: row → config, all of the same data, folds and labels; their seeds are not used.
        seeds: the seeds of each row's runs.
        builder: the built data, or a list of several forms of a data set: every row is then trained
            on each, with the runs of the second and later forms in `runs_<config>/`, and what is
            predicted of their test splits, which share no example, is put together.
        reference: the row that the others are tested against, which may be a floor. By default
            `ef_lstm` where it is a row, or else the last of several configs, or else the constant.
        command: the command that the report shows.
        **how: `workers`, `cluster` and `on_progress`, as `train_many` takes them. After the
            training `on_progress` counts the runs that are judged, of each form of the data anew.

    Returns:
        The content of `compare.json` (see `rmfn_tf.comparison.report`).

    Raises:
        ValueError: configs of different data, an unknown reference, a run that failed.
        OSError: a folder cannot be written.
    """
    builders = builder if isinstance(builder, list) else [builder]
    forms = [configs]
    if len(builders) > 1:
        names = [f"{each.name}/{each.builder_config.name}" for each in builders]
        if len(set(names)) < len(names):
            raise ValueError(f"Name each form of the data once; got {listed(names)}.")
        forms = [{row: x.replace(data=name) for row, x in configs.items()} for name in names]
    first = next(iter(configs.values()))
    task = open_task(first, builders[0])
    floors = task.of_kind.floors
    for form, each in zip(forms, builders, strict=True):
        _check_rows(form, floors, each)
        if open_task(first, each) != task:
            raise ValueError(f"{first.data} and {each.info.full_name} have different tasks.")
    if reference is None:
        several = list(configs)[-1] if len(configs) > 1 else floors[0]
        reference = "ef_lstm" if "ef_lstm" in configs else several
    if reference not in (*configs, *floors):
        raise ValueError(unknown_name("reference", reference, (*configs, *floors)))
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        places = ["runs", *(f"runs_{each.builder_config.name}" for each in builders[1:])]
        trained = [
            train_rows(form, seeds, out / place, each, **how)
            for form, place, each in zip(forms, places, builders, strict=True)
        ]
        tell = how.get("on_progress", lambda done, total: None)
        judged = [judge(rows, each, tell) for rows, each in zip(trained, builders, strict=True)]
        items, by_row = judged[0] if len(judged) == 1 else _together(judged)
        values = summarize(task, items, by_row, reference)
        videos = len(np.unique(items.groups))
        kinds = {row: "floor" if row in floors else "model" for row in by_row}
        result = {
            "data": " + ".join(next(iter(form.values())).data for form in forms),
            "split": f"{first.folds} folds" if first.folds else "test",
            "items": len(items.ids),
            "videos": videos,
            "seeds": list(seeds),
            "reference": reference,
            "command": command,
            "fingerprint": [each.info.metadata["fingerprint"] for each in builders],
            "resamples": {"bootstrap": BOOTSTRAP, "permutation": PERMUTATION},
            "metrics": list(values[reference]),
            "lower_is_better": [x.name for x in metrics_for(task) if x._direction == "down"],
            "rows": [
                {"row": row, "kind": kinds[row], "runs": len(runs), "values": values[row]}
                for row, runs in by_row.items()
            ],
            "constant_predictions": [
                row for row, runs in by_row.items() if all((x == x[:1]).all() for x in runs)
            ],
            "parts": score_parts(task, items, by_row),
            # The papers' rows are means over all labels, of segments by themselves.
            "published": None if first.labels or task.per_step else published_for(first.data),
            "notes": _notes(task, configs, videos, len(seeds)),
        }
        write_rows(out / "compare.csv", to_rows(result))
        make_report(result).write(out, "compare", plot_comparison(result))
    return result


def train_rows(
    configs: Mapping[str, RunConfig], seeds: Sequence[int], folder: Path, builder: Any, **how: Any
) -> dict[str, list[Run]]:
    """Trains what is missing of every config with every seed, in `<folder>/<row>/seed_<n>`, as
    `train_many` does; gives the runs of each row in the order of the seeds."""
    rows = {row: [Run(folder / row / f"seed_{seed}") for seed in seeds] for row in configs}
    jobs = {
        run.folder: configs[row].replace(seed=seed)
        for row, runs in rows.items()
        for seed, run in zip(seeds, runs, strict=True)
    }
    train_many(jobs, builder, **how)
    return rows


def judge(
    rows: Mapping[str, Sequence[Run]], builder: Any, on_progress: OnProgress
) -> tuple[Predictions, dict[str, list[np.ndarray]]]:
    """Reads what every finished run predicts; opens the test split where it is still closed.

    Gives the items, and row → its predictions, one array per seed, models first. Floors are those
    of the first row's runs: they depend on the data and the folds alone.
    """
    by_row: dict[str, list[np.ndarray]] = {row: [] for row in rows}
    done, total = 0, sum(map(len, rows.values()))
    for row, runs in rows.items():
        for run in runs:
            config = run.config
            if not config.folds:
                run.evaluate(builder, "test")
            items = run.predictions("out_of_fold" if config.folds else "test")
            by_row[row].append(items.by_row.pop(config.model))
            if row == next(iter(rows)):
                for floor, values in items.by_row.items():
                    by_row.setdefault(floor, []).append(values)
            done += 1
            on_progress(done, total)
    return items, by_row


def _together(
    judged: Sequence[tuple[Predictions, dict[str, list[np.ndarray]]]],
) -> tuple[Predictions, dict[str, list[np.ndarray]]]:
    """What `judge` gave of several forms of the data, as if it were of one."""
    ids = [name for items, _ in judged for name in items.ids]
    if len(set(ids)) < len(ids):
        raise ValueError("The test splits of data that are compared together share examples.")
    groups, labels = (
        np.concatenate([getattr(items, name) for items, _ in judged])
        for name in ("groups", "labels")
    )
    by_row = {
        row: [np.concatenate(parts) for parts in zip(*(x[row] for _, x in judged), strict=True)]
        for row in judged[0][1]
    }
    return Predictions(ids, groups, labels, {}, {}), by_row


def score_parts(
    task: Task, items: Predictions, by_row: Mapping[str, Sequence[np.ndarray]]
) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Scores of each kind of items, and of each label, by themselves: `"accuracy by <name>"` → row
    → kind or label → the score of each of the row's runs.

    Kinds are the values that the data set alone has (`Examples.extra`), where these tell two to
    twenty kinds apart; their metric is the one by which configurations are chosen. Several labels
    have every metric and, where they are present or not, their base rates.
    """
    metric, parts = task.of_kind.selection[0], {}
    for name, values in items.extra.items():
        if 2 <= len(kinds := np.unique(values).tolist()) <= 20:
            parts[f"{metric} by {name}"] = {
                row: {
                    kind: [score(task, items.labels[of], run[of])[metric] for run in runs]
                    for kind, of in ((kind, values == kind) for kind in kinds)
                }
                for row, runs in by_row.items()
            }
    if len(task.labels) == 1:  # the table of all items has its scores
        return parts
    if task.kind == "multilabel":
        rates = [[rate] for rate in items.labels.mean(axis=0).tolist()]
        parts["base rate by label"] = {
            "share of the items": dict(zip(task.labels, rates, strict=True))
        }
    for row, runs in by_row.items():
        for k, label in enumerate(task.labels):
            alone, truth = task.select([label]), items.labels[:, [k]]
            scores = [score(alone, truth, run[:, [k]]) for run in runs]
            for name in scores[0]:
                of_row = parts.setdefault(f"{name} by label", {}).setdefault(row, {})
                of_row[label] = [each[name] for each in scores]
    return parts


def _notes(task: Task, configs: Mapping[str, RunConfig], videos: int, seeds: int) -> list[str]:
    notes = ["Holm's correction covers every p-value of this table: all rows and metrics together."]
    if seeds == 1:
        notes.append("One seed: p says nothing of what another seed would give. Take 5 or more.")
    if task.per_step:
        ahead = [row for row, x in configs.items() if sees_future(x.model, x.hyperparameters)]
        seen = f"; of {listed(ahead)} from the whole sequence" if ahead else ""
        notes.append(f"A prediction for a step is made from the steps up to it{seen}.")
    if videos == 1:
        notes.append("One video: nothing can be resampled, so there are no intervals, and p is 1.")
    return notes


def _check_rows(configs: Mapping[str, RunConfig], floors: Sequence[str], builder: Any) -> None:
    """Says before anything is trained what would fail at the end."""
    first = next(iter(configs.values()))
    check_splits(first, builder)
    sizes = {name: split.num_examples for name, split in builder.info.splits.items()}
    if not first.folds and not sizes.get("test"):
        raise ValueError(f"{first.data} has no test split with examples; it has {sizes}.")
    for row, config in configs.items():
        if row in floors:
            raise ValueError(f"A row cannot be called {row!r}: that is the name of a floor.")
        for key in ("data", "folds", "labels"):
            here, there = getattr(config, key), getattr(first, key)
            if here != there:
                raise ValueError(
                    f"Row {row!r} has {key} {here!r}, the first {there!r}: compare on the same "
                    "data, folds and labels."
                )
