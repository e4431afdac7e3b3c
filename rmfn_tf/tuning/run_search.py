"""A search from its start to its answer."""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rmfn_tf.comparison.train_all import OnProgress
from rmfn_tf.files import only_writer
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.splits import check_splits
from rmfn_tf.tuning.differences import compare_paired, paired_answer
from rmfn_tf.tuning.over_seeds import scores_over_seeds
from rmfn_tf.tuning.process import CHIEF, run_share
from rmfn_tf.tuning.search import SEARCH, Search
from rmfn_tf.tuning.supervisor import Supervisor
from rmfn_tf.tuning.trials import RUN, read_trials, trial_folder

ORACLE_IP, TUNER_ID = "KERASTUNER_ORACLE_IP", "KERASTUNER_TUNER_ID"


class SearchFailed(ValueError):
    """No trial of a search came to its end.

    Args:
        mistakes: what ended each of them.
    """

    def __init__(self, mistakes: list[str]):
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        listed = "\n".join(f"  - {each}" for each in self.mistakes)
        return f"None of {len(self.mistakes)} trials came to its end:\n{listed}"


def run_search(
    search: Search,
    builder: Any,
    out: Path,
    *,
    workers: int = 1,
    seeds: int = 5,
    command: str = "",
    on_trials: Callable[[int], None] | None = None,
    on_fresh: OnProgress | None = None,
) -> dict[str, Any]:
    """Runs the trials that are missing, then the best configuration beside the given one over fresh
    seeds: the score by which it was chosen is optimistic. The test split is not read.

    Where KERASTUNER_ORACLE_IP is set, this process is KerasTuner's chief, and the trials are run by
    others (`work`); `workers` then counts only for the fresh seeds.

    Args:
        search: the search.
        builder: the built data set.
        out: the folder; there may be a part of this search in it.
        workers: processes that run trials side by side, of one thread each where they are several.
        seeds: how many fresh ones, after that of the search.
        command: stands in the report.
        on_trials: called twice a second with the number of trials that ended.
        on_fresh: as in `train_all`, for the runs over fresh seeds.

    Returns:
        `{"data", "model", "split", "metric", "lower_is_better", "tuner", "command", "fingerprint",
        "space", "trials": as `read_trials`, "best": id, "fresh_seeds", "fresh": {"best": scores,
        "preset": scores, "difference": paired} or None, "answer": a sentence}`.

    Raises:
        ValueError: no trial came to its end, with the trials' own errors; or as `Search.start` or
            `Supervisor.run`.
        OSError: a folder cannot be written.
    """
    config = search.config
    check_splits(config, builder)
    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        search.start(out, builder)
        data_dir = str(builder.data_dir_root)
        if ORACLE_IP in os.environ:
            run_share(out, data_dir)
        else:
            Supervisor(out, data_dir, workers).run(on_trials)
        trials = read_trials(out, search)
        best = _best(trials, search)
        fresh_seeds = range(config.seed + 1, config.seed + 1 + seeds)
        chosen = RunConfig.read(trial_folder(out, best["id"]) / RUN / "config.toml")
        fresh: dict[str, Any] | None = None
        if seeds:
            scores = scores_over_seeds(
                {best["id"]: chosen, "preset": config},
                fresh_seeds,
                partial(fresh_run, out),
                search.metric,
                builder,
                workers,
                on_fresh,
            )
            fresh = {
                "best": scores[best["id"]],
                "preset": scores["preset"],
                "difference": compare_paired(scores[best["id"]], scores["preset"]),
            }
    completed = sum(each["status"] == "COMPLETED" for each in trials)
    return {
        "data": config.data,
        "model": config.model,
        "split": f"{config.folds} folds" if config.folds else "validation",
        "metric": search.metric,
        "lower_is_better": search.lower_is_better,
        "tuner": search.tuner,
        "command": command,
        "fingerprint": builder.info.metadata["fingerprint"],
        "space": list(search.space),
        "trials": trials,
        "best": best["id"],
        "fresh_seeds": list(fresh_seeds),
        "fresh": fresh,
        "answer": paired_answer(
            f"The best of {completed} trial{'s' if completed > 1 else ''}",
            "the preset",
            search.metric,
            search.lower_is_better,
            fresh and fresh["difference"],
            seeds,
        ),
    }


def is_worker() -> bool:
    """Whether the environment makes this process a worker of a chief on some machine."""
    return ORACLE_IP in os.environ and CHIEF not in os.environ.get(TUNER_ID, "")


def work(builder: Any, out: Path) -> None:
    """Runs trials of a search that its chief has started, or will, in the same folder."""
    while not (out / SEARCH).exists():
        time.sleep(1)
    run_share(out, str(builder.data_dir_root))


def fresh_run(out: Path, name: str, seed: int) -> Path:
    """Where a search keeps a run over a fresh seed: of a trial's configuration, or of "preset"."""
    return out / "fresh" / name / f"seed_{seed}"


def best_run(result: Mapping[str, Any], out: Path) -> Path:
    """A run of the best configuration: of the first fresh seed, where there is any."""
    if result["fresh_seeds"]:
        return fresh_run(out, result["best"], result["fresh_seeds"][0])
    return trial_folder(out, result["best"]) / RUN


def _best(trials: list[dict[str, Any]], search: Search) -> dict[str, Any]:
    completed = [each for each in trials if each["status"] == "COMPLETED"]
    if not completed:
        raise SearchFailed([f"trial {each['id']}: {each['error']}" for each in trials])
    # Of equals the first.
    return (min if search.lower_is_better else max)(completed, key=lambda each: each["score"])
