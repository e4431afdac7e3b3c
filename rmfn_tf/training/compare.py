"""Models beside each other: the same seeds, the same split or folds, one table."""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rmfn_tf.metrics import metrics_for
from rmfn_tf.training.config import RunConfig, unknown_name
from rmfn_tf.training.evaluate import evaluate_run
from rmfn_tf.training.files import only_writer, replace_file, write_json, write_text
from rmfn_tf.training.floors import FLOORS
from rmfn_tf.training.predictions import Predictions, read_predictions
from rmfn_tf.training.published import published_for
from rmfn_tf.training.report import to_csv, to_markdown
from rmfn_tf.training.run import is_finished, train_run
from rmfn_tf.training.scores import score
from rmfn_tf.training.statistics import bootstrap_intervals, holm, permutation_p_values
from rmfn_tf.training.workers import start_worker, train_in_worker
from rmfn_tf.visualization import plot_comparison

OnRun = Callable[[int, int], None]
_BOOTSTRAP, _PERMUTATION = 2000, 9999


def compare_models(
    configs: Mapping[str, RunConfig],
    seeds: Sequence[int],
    builder: Any,
    out: Path,
    *,
    reference: str | None = None,
    workers: int = 1,
    command: str = "",
    on_run: OnRun | None = None,
) -> dict[str, Any]:
    """Trains every config with every seed, judges them on the same items, and writes the tables.

    `out` holds `runs/<row>/seed_<n>/`, each a run folder, and `compare.{json,md,csv,png}`. Called
    again, it trains only what is missing; what was interrupted goes on. The test split is opened
    when all runs are finished, and not before.

    Args:
        configs: row -> config, of the same data and folds; its seed is not looked at.
        seeds: of the runs.
        builder: the built data set.
        out: the folder.
        reference: the row that the others are tested against; a floor may be one. By default
            `ef_lstm` where it is a row, or else the last config.
        workers: processes that train side by side, of one thread each; 1 trains in this process
            with TensorFlow's own threads.
        command: stands in the tables.
        on_run: called as `on_run(finished, total)` after each run.

    Returns:
        The content of `compare.json`; `rmfn_tf.training.report` renders it.

    Raises:
        ValueError: configs of different data, an unknown reference, a run that failed.
        OSError: a folder cannot be written.
    """
    first = next(iter(configs.values()))
    floors = FLOORS[builder.info.metadata["task"]["kind"]]
    _check_rows(configs, floors)
    reference = reference or ("ef_lstm" if "ef_lstm" in configs else list(configs)[-1])
    if reference not in (*configs, *floors):
        raise ValueError(unknown_name("reference", reference, (*configs, *floors)))
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        jobs = {
            out / "runs" / row / f"seed_{seed}": replace(config, seed=seed)
            for row, config in configs.items()
            for seed in seeds
        }
        _train_all(jobs, builder, workers, on_run)
        items, by_row = _judge(configs, seeds, builder, out)
        task = builder.info.metadata["task"]
        values = _values(task, items, by_row, reference)
        rows = [
            {
                "row": row,
                "kind": "floor" if row in floors else "model",
                "runs": len(runs),
                "values": values[row],
            }
            for row, runs in by_row.items()
        ]
        metrics = metrics_for(task)
        result = {
            "data": first.data,
            "split": f"{first.folds} folds" if first.folds else "test",
            "items": len(items.ids),
            "videos": len(np.unique(items.groups)),
            "seeds": list(seeds),
            "reference": reference,
            "command": command,
            "fingerprint": builder.info.metadata["fingerprint"],
            "resamples": {"bootstrap": _BOOTSTRAP, "permutation": _PERMUTATION},
            "metrics": [metric.name for metric in metrics],
            "lower_is_better": [each.name for each in metrics if each._direction == "down"],
            "rows": rows,
            "constant_predictions": [
                row
                for row, runs in by_row.items()
                if all((values == values[:1]).all() for values in runs)
            ],
            "published": published_for(first.data),
            "notes": [
                "Holm's correction covers every p-value of this table: all rows and metrics "
                "together.",
            ],
        }
        _write(out, result)
    return result


def _check_rows(configs: Mapping[str, RunConfig], floors: Sequence[str]) -> None:
    first = next(iter(configs.values()))
    for row, config in configs.items():
        if row in floors:
            raise ValueError(f"A row cannot be called {row!r}: that is a floor of its own.")
        if (config.data, config.folds) != (first.data, first.folds):
            raise ValueError(
                f"Row {row!r} is of {config.data} with {config.folds} folds, the first of "
                f"{first.data} with {first.folds}: compare on the same data and folds."
            )


def _train_all(
    jobs: Mapping[Path, RunConfig], builder: Any, workers: int, on_run: OnRun | None
) -> None:
    missing = {folder: config for folder, config in jobs.items() if not is_finished(folder)}
    done = len(jobs) - len(missing)

    def tell() -> None:
        if on_run is not None:
            on_run(done, len(jobs))

    tell()
    if workers == 1:
        for folder, config in missing.items():
            train_run(config, builder, folder, resume=True)
            done += 1
            tell()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=start_worker) as pool:
        data_dir = str(builder.data_dir_root)
        futures = [
            pool.submit(train_in_worker, config, data_dir, folder)
            for folder, config in missing.items()
        ]
        try:
            for future in as_completed(futures):
                future.result()
                done += 1
                tell()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _judge(
    configs: Mapping[str, RunConfig], seeds: Sequence[int], builder: Any, out: Path
) -> tuple[Predictions, dict[str, list[np.ndarray]]]:
    """Opens the test split where there is one.

    Returns:
        The items, and row -> its predictions, one per seed, models first. Floors are those of the
        first config's runs: they depend on the data and the folds alone.
    """
    kind = builder.info.metadata["task"]["kind"]
    models: dict[str, list[np.ndarray]] = {row: [] for row in configs}
    floors: dict[str, list[np.ndarray]] = {}
    first = next(iter(configs))
    for row, config in configs.items():
        for seed in seeds:
            run = out / "runs" / row / f"seed_{seed}"
            if not config.folds:
                evaluate_run(run, builder, "test")
            name = "out_of_fold" if config.folds else "test"
            items = read_predictions(run / f"predictions_{name}.csv", kind)
            models[row].append(items.by_row.pop(config.model))
            if row == first:
                for floor, values in items.by_row.items():
                    floors.setdefault(floor, []).append(values)
    return items, models | floors


def _values(
    task: Mapping[str, Any],
    items: Predictions,
    by_row: Mapping[str, list[np.ndarray]],
    reference: str,
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Row -> what a table says of it: metric -> mean, std, low, high, best, difference to
    the reference, p, p_holm."""
    labels, groups = items.labels, items.groups
    p_values = {
        (row, name): p
        for row, runs in by_row.items()
        if row != reference
        for name, p in permutation_p_values(
            task, labels, runs, by_row[reference], groups, resamples=_PERMUTATION
        ).items()
    }
    adjusted = holm(p_values)
    metrics = metrics_for(task)
    lower = [each.name for each in metrics if each._direction == "down"]
    scores = {}
    for row, runs in by_row.items():
        scored = [score(task, labels, run) for run in runs]
        scores[row] = {each.name: [run[each.name] for run in scored] for each in metrics}
    table = {}
    for row, runs in by_row.items():
        intervals = bootstrap_intervals(task, labels, runs, groups, resamples=_BOOTSTRAP)
        values: dict[str, dict[str, float | None]] = {}
        for name, mine in scores[row].items():
            tested = row != reference
            mean = float(np.mean(mine))
            values[name] = {
                "mean": mean,
                "std": float(np.std(mine, ddof=1)) if len(mine) > 1 else None,
                "low": intervals[name][0],
                "high": intervals[name][1],
                "best": min(mine) if name in lower else max(mine),
                "difference": mean - float(np.mean(scores[reference][name])) if tested else None,
                "p": p_values[row, name] if tested else None,
                "p_holm": adjusted[row, name] if tested else None,
            }
        table[row] = values
    return table


def _write(out: Path, result: Mapping[str, Any]) -> None:
    write_text(out / "compare.md", to_markdown(result))
    write_text(out / "compare.csv", to_csv(result))
    replace_file(out / "compare.png", lambda path: plot_comparison(result).savefig(path, dpi=120))
    write_json(out / "compare.json", result)
