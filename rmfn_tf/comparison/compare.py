"""Models beside each other: the same seeds, the same split or folds, one table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.comparison.published import published_for
from rmfn_tf.comparison.report import to_csv, to_markdown
from rmfn_tf.comparison.summary import BOOTSTRAP, PERMUTATION, lower_is_better, summarize
from rmfn_tf.files import only_writer, replace_file, write_json, write_text
from rmfn_tf.names import unknown_name
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.evaluate import evaluate_run
from rmfn_tf.training.predictions import Predictions, read_predictions
from rmfn_tf.training.runs import OnProgress, train_many
from rmfn_tf.training.splits import check_splits, check_test_split, open_task
from rmfn_tf.visualization import plot_comparison


def compare_models(
    configs: Mapping[str, RunConfig],
    seeds: Sequence[int],
    builder: Any,
    out: Path,
    *,
    reference: str | None = None,
    workers: int = 1,
    cluster: str = "",
    command: str = "",
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Trains every config with every seed, judges them on the same items, and writes the tables.

    `out` holds `runs/<row>/seed_<n>/`, each a run folder, and `compare.{json,md,csv,png}`. Called
    again, it trains only what is missing; what was interrupted goes on. The test split is opened
    when all runs are finished, and not before.

    Args:
        configs: row -> config, of the same data, folds and labels; its seed is not looked at.
        seeds: of the runs.
        builder: the built data set.
        out: the folder.
        reference: the row that the others are tested against; a floor may be one. By default
            `ef_lstm` where it is a row, or else the last of several configs, or else the constant.
        workers, cluster: where the runs are trained; see `rmfn_tf.training.runs.open_workers`.
        command: stands in the tables.
        on_progress: called as `on_progress(done, total)` every second, in epochs of all runs.

    Returns:
        The content of `compare.json`; `to_markdown`, `to_table` and `to_csv` render it.

    Raises:
        ValueError: configs of different data, an unknown reference, a run that failed.
        OSError: a folder cannot be written.
    """
    task = open_task(next(iter(configs.values())), builder)
    floors = task.of_kind.floors
    _check_rows(configs, floors, builder)
    reference = reference or _default_reference(list(configs), floors)
    if reference not in (*configs, *floors):
        raise ValueError(unknown_name("reference", reference, (*configs, *floors)))
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        jobs = {
            run_folder(out, row, seed): config.replace(seed=seed)
            for row, config in configs.items()
            for seed in seeds
        }
        train_many(jobs, builder, workers=workers, cluster=cluster, on_progress=on_progress)
        items, by_row = judge(configs, seeds, builder, out)
        values = summarize(task, items, by_row, reference)
        first = next(iter(configs.values()))
        videos = len(np.unique(items.groups))
        result = {
            "data": first.data,
            "split": f"{first.folds} folds" if first.folds else "test",
            "items": len(items.ids),
            "videos": videos,
            "seeds": list(seeds),
            "reference": reference,
            "command": command,
            "fingerprint": builder.info.metadata["fingerprint"],
            "resamples": {"bootstrap": BOOTSTRAP, "permutation": PERMUTATION},
            "metrics": list(values[reference]),
            "lower_is_better": lower_is_better(task),
            "rows": [
                {
                    "row": row,
                    "kind": "floor" if row in floors else "model",
                    "runs": len(runs),
                    "values": values[row],
                }
                for row, runs in by_row.items()
            ],
            "constant_predictions": [
                row
                for row, runs in by_row.items()
                if all((values == values[:1]).all() for values in runs)
            ],
            # The papers' rows are means over all labels.
            "published": None if first.labels else published_for(first.data),
            "notes": _notes(videos, len(seeds)),
        }
        _write(out, result)
    return result


def run_folder(out: Path, row: str, seed: int) -> Path:
    """Where a comparison keeps the run of a row and seed."""
    return out / "runs" / row / f"seed_{seed}"


def _default_reference(rows: Sequence[str], floors: Sequence[str]) -> str:
    if "ef_lstm" in rows:
        return "ef_lstm"
    return rows[-1] if len(rows) > 1 else floors[0]


def _notes(videos: int, seeds: int) -> list[str]:
    notes = ["Holm's correction covers every p-value of this table: all rows and metrics together."]
    if seeds == 1:
        notes.append("One seed: p says nothing of what another seed would give. Take 5 or more.")
    if videos == 1:
        notes.append("One video: nothing can be resampled, so there are no intervals, and p is 1.")
    return notes


def _check_rows(configs: Mapping[str, RunConfig], floors: Sequence[str], builder: Any) -> None:
    """Everything that would fail at the end, told before anything is trained."""
    first = next(iter(configs.values()))
    check_splits(first, builder)
    if not first.folds:
        check_test_split(first, builder)
    for row, config in configs.items():
        if row in floors:
            raise ValueError(f"A row cannot be called {row!r}: that is a floor of its own.")
        for key in ("data", "folds", "labels"):
            here, there = getattr(config, key), getattr(first, key)
            if here != there:
                raise ValueError(
                    f"Row {row!r} has {key} {here!r}, the first {there!r}: compare on the same "
                    "data, folds and labels."
                )


def judge(
    configs: Mapping[str, RunConfig], seeds: Sequence[int], builder: Any, out: Path
) -> tuple[Predictions, dict[str, list[np.ndarray]]]:
    """Reads what every run predicts; opens the test split where there is one and it is closed.

    Returns:
        The items, and row -> its predictions, one per seed, models first. Floors are those of the
        first config's runs: they depend on the data and the folds alone.
    """
    kind = open_task(next(iter(configs.values())), builder).kind
    models: dict[str, list[np.ndarray]] = {row: [] for row in configs}
    floors: dict[str, list[np.ndarray]] = {}
    first = next(iter(configs))
    for row, config in configs.items():
        for seed in seeds:
            run = run_folder(out, row, seed)
            if not config.folds:
                evaluate_run(run, builder, "test")
            name = "out_of_fold" if config.folds else "test"
            items = read_predictions(run / f"predictions_{name}.csv", kind)
            models[row].append(items.by_row.pop(config.model))
            if row == first:
                for floor, values in items.by_row.items():
                    floors.setdefault(floor, []).append(values)
    return items, models | floors


def _write(out: Path, result: Mapping[str, Any]) -> None:
    write_text(out / "compare.md", to_markdown(result))
    write_text(out / "compare.csv", to_csv(result))
    replace_file(out / "compare.png", lambda path: plot_comparison(result).savefig(path, dpi=120))
    write_json(out / "compare.json", result)
