"""A search over hyperparameters: an oracle of KerasTuner is asked for trials and told their scores.

What an oracle answers depends on what it was asked and told before, and on nothing else, and it is
told the scores in the order of the trials, whichever ends first. So a search that goes on after a
kill asks the same questions again, tells what lies in its folder, and ends as if nothing happened.
"""

import math
import warnings
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner import oracles
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from rmfn_tf.files import only_writer, read_json, write_json
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.presets import merge
from rmfn_tf.training.run import Run
from rmfn_tf.training.runs import OnProgress, open_workers
from rmfn_tf.tuning.report import compare_paired, paired_answer
from rmfn_tf.tuning.spaces import check_tune, draw_settings
from rmfn_tf.tuning.stages import SEARCH, about, read_score, scores_over_seeds, seeds_beyond

TUNERS = ("random", "bayesian", "hyperband")


def check_tuner(name: str) -> None:
    """ValueError for a name that is none of `TUNERS`."""
    if name not in TUNERS:
        raise ValueError(f"The tuner must be one of {', '.join(TUNERS)}; got {name!r}.")


def run_search(
    config: RunConfig,
    builder: Any,
    out: Path,
    *,
    tuner: str,
    trials: int = 20,
    tune: Sequence[str] | None = None,
    seeds: int = 5,
    workers: int = 1,
    cluster: str = "",
    command: str = "",
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Runs the trials that are missing, then the best configuration beside the given one over fresh
    seeds: the score by which it was chosen is optimistic. The test split is not read.

    A trial is a run in `<out>/trials/<number>`; what was asked for is in `<out>/search.json`.

    Args:
        config: a run with all that is not searched. Its seed is that of every trial and of what the
            tuner draws; its epochs are those of every trial, and with Hyperband the most of any.
        builder: the built data set.
        out: the folder; there may be a part of this search in it.
        tuner: one of `TUNERS`.
        trials: how many at most; there may be more when it is called again.
        tune: names of the parameters that are searched (`rmfn_tf.tuning.spaces`); None: all.
        seeds: how many fresh ones.
        workers, cluster: as in `open_workers`. `workers` trials are asked for at a time, with a
            cluster too; a search that goes on keeps to the number that it began with.
        command: stands in the report.
        on_progress: called as `on_progress(done, total)`, in trials, then in epochs of the runs
            over fresh seeds.

    Returns:
        `{"data", "model", "split", "metric", "lower_is_better", "tuner", "command", "fingerprint",
        "space", "trials", "best": id, "seeds", "fresh_seeds", "fresh": {"best": scores, "preset":
        scores, "difference": paired} or None, "best_run": within `out`, "answer": a sentence}`. A
        trial: `{"id", "status": "COMPLETED" or "FAILED", "score", "values": of the parameters that
        are active in it, "epochs", "parameters", "error"}`; what is not known is None.

    Raises:
        ValueError: no such tuner or parameter, a folder of something else, or all trials failed.
        OSError: a folder cannot be written, or a worker was lost; the same call goes on.
    """
    check_tuner(tuner)
    if trials < 1:
        raise ValueError(f"The number of trials must be at least 1; got {trials}.")
    result = about(config, builder, command)
    metric, lower = result["metric"], result["lower_is_better"]
    widths = dict(builder.info.metadata["modalities"])
    space = check_tune(config.model, widths, tune)
    how: dict[str, Any] = {"workers": workers, "cluster": cluster}

    def draw(hp: keras_tuner.HyperParameters) -> RunConfig:
        """Registers the space; the run of the values that it has."""
        changes = draw_settings(hp, config.model, widths, space, config.hyperparameters)
        if "learning_rate" in changes:
            changes["optimizer"] = {"learning_rate": changes.pop("learning_rate")}
        if "tuner/epochs" in hp.values:  # of Hyperband
            changes["epochs"] = int(hp.values["tuner/epochs"])
        return RunConfig(**merge(config.model_dump(), changes))

    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        asked = {"config": config.model_dump(exclude={"data_dir"}), "tuner": tuner}
        search = _start(out, {**asked, "space": list(space)}, trials, workers)
        hp = keras_tuner.HyperParameters()
        draw(hp)
        oracle = _make_oracle(search, hp, trials, metric, lower)
        with open_workers(builder, **how) as submit:
            ended = _run_trials(oracle, search, out, draw, submit, builder, on_progress)
        completed = [each for each in ended if each["status"] == "COMPLETED"]
        if not completed:
            raise ValueError(f"All {len(ended)} trials failed. The first: {ended[0]['error']}")
        # Of equals the first.
        best = (min if lower else max)(completed, key=lambda each: each["score"])["id"]
        run, fresh, difference = f"trials/{best}", None, None
        fresh_seeds = seeds_beyond([config.seed], seeds)
        if seeds:
            hp.values = dict(search["trials"][best]["values"])
            chosen, preset = scores_over_seeds(
                {f"fresh/trial_{best}": draw(hp), "fresh/preset": config},
                fresh_seeds,
                out,
                metric,
                builder,
                **how,
                on_progress=on_progress,
            ).values()
            difference = compare_paired(chosen, preset)
            fresh = {"best": chosen, "preset": preset, "difference": difference}
            run = f"fresh/trial_{best}/seed_{fresh_seeds[0]}"
    name = f"The best of {len(completed)} trial{'s' if len(completed) > 1 else ''}"
    return result | {
        "tuner": tuner,
        "space": list(space),
        "trials": ended,
        "best": best,
        "seeds": [config.seed],
        "fresh_seeds": fresh_seeds,
        "fresh": fresh,
        "best_run": run,
        "answer": paired_answer(name, "the preset", metric, lower, difference, seeds),
    }


def _start(out: Path, asked: Mapping[str, Any], trials: int, workers: int) -> dict[str, Any]:
    """The state of the search in a folder: what is searched, and the trials that were asked for."""
    path = out / SEARCH
    if not path.exists():
        if (out / "runs").exists():
            raise ValueError(f"{out} holds a sweep over stages; name another folder with --out.")
        # KerasTuner's default, three random points a parameter, makes short searches random.
        initial = max(5, min(len(asked["space"]), trials // 3))
        return {**asked, "at_a_time": max(workers, 1), "initial": initial, "trials": []}
    search = read_json(path)
    if not isinstance(search, dict) or not {*asked, "at_a_time", "trials"} <= search.keys():
        raise ValueError(f"{path} is damaged: it holds no search. Name another folder.")
    for name, value in asked.items():
        if search[name] != value:
            raise ValueError(
                f"{out} is of another search: there {name} = {search[name]!r}, asked for "
                f"{value!r}. Name another folder."
            )
    return search


def _run_trials(
    oracle: Any,
    search: Mapping[str, Any],
    out: Path,
    draw: Callable[[keras_tuner.HyperParameters], RunConfig],
    submit: Any,
    builder: Any,
    on_progress: OnProgress | None,
) -> list[dict[str, Any]]:
    """Asks, trains and tells until the oracle has no more trials; gives what became of each."""
    metric, state = oracle.objective.name, search["trials"]
    ended: list[dict[str, Any]] = []
    running: deque[tuple[Any, Run, RunConfig, Any]] = deque()
    while True:
        while len(running) < search["at_a_time"] and (trial := _ask(oracle)).status == "RUNNING":
            number, future = len(ended) + len(running), None
            if number == len(state):
                state.append({"values": dict(trial.hyperparameters.values), "error": None})
                write_json(out / SEARCH, search)
            config, run = draw(trial.hyperparameters), Run(out / "trials" / str(number))
            if not state[number]["error"] and not run.is_finished:
                future = submit(run.folder, config)
            running.append((trial, run, config, future))
        if not running:
            return ended
        trial, run, config, future = running.popleft()
        values, error = (state[len(ended)][key] for key in ("values", "error"))
        score = math.nan
        if future is not None:
            wait([future])
            error = " ".join(future.result().split()) or None
        if not error:
            run.check_same(config, builder)
            score = read_score(run.folder, config.model, metric)
            if not math.isfinite(score):
                error = f"The {metric} is {score}."
        trial.status = "FAILED" if error else "COMPLETED"
        if error:
            state[len(ended)]["error"] = error
            write_json(out / SEARCH, search)
        else:
            oracle.update_trial(trial.trial_id, {metric: score})
        oracle.end_trial(trial)
        facts = {} if error else read_json(run.folder / "run.json")
        ended.append(
            {
                "id": len(ended),
                "status": trial.status,
                "score": None if error else score,
                "values": {name: values[name] for name in search["space"] if name in values},
                "epochs": len(run.history),
                "parameters": facts.get("parameters"),
                "error": error,
            }
        )
        if on_progress is not None:
            on_progress(len(ended), oracle.max_trials)


def _ask(oracle: Any) -> Any:
    """The next trial; its status says whether there is one."""
    # Matrices are small: threads would only wait. And few points leave a regression uncertain.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return oracle.create_trial(str(len(oracle.trials)))


class _Repeatable(keras_tuner.Oracle):
    """Mixed into an oracle of KerasTuner: what it draws for a trial depends on the trial's number
    and on the scores that it was told, and not on how often it was started.

    It writes no files: `search.json` has all that it cannot find again.
    """

    search: Mapping[str, Any]
    trials: dict[str, Any]

    def save(self) -> None:
        pass

    def _save_trial(self, trial: Any) -> None:
        pass

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        number = int(trial_id)
        if number < len(self.search["trials"]) and self.search["tuner"] != "hyperband":
            # Drawn before; a regression takes seconds, and ends in other digits elsewhere.
            return {"status": "RUNNING", "values": dict(self.search["trials"][number]["values"])}
        self._seed_state = self.seed + 1000 * number
        return super().populate_space(trial_id)


class _Random(_Repeatable, oracles.RandomSearchOracle):
    pass


class _Hyperband(_Repeatable, oracles.HyperbandOracle):
    pass


class _Bayesian(_Repeatable, oracles.BayesianOptimizationOracle):
    def _vectorize_trials(self) -> tuple[np.ndarray, np.ndarray]:
        """KerasTuner guesses the scores of trials that are running by the regression of the last
        question, which a search that goes on has not made: make it of the trials that ended."""
        self._random_state = np.random.RandomState(self._seed_state)
        trials = self.trials
        self.trials = {key: each for key, each in trials.items() if each.status == "COMPLETED"}
        self.gpr.fit(*super()._vectorize_trials())
        self.trials = trials
        return super()._vectorize_trials()


def _make_oracle(
    search: Mapping[str, Any],
    space: keras_tuner.HyperParameters,
    trials: int,
    metric: str,
    lower_is_better: bool,
) -> Any:
    make, more = {
        "random": (_Random, {"max_trials": trials}),
        "bayesian": (_Bayesian, {"max_trials": trials, "num_initial_points": search["initial"]}),
        "hyperband": (
            _Hyperband,
            {"max_epochs": search["config"]["epochs"], "hyperband_iterations": None},
        ),
    }[search["tuner"]]
    oracle = make(
        objective=keras_tuner.Objective(metric, "min" if lower_is_better else "max"),
        hyperparameters=space.copy(),
        seed=search["config"]["seed"] + 1,  # KerasTuner takes 0 for none
        # It would stop with its lock held. What fails is recorded and skipped.
        max_consecutive_failed_trials=None,
        **more,
    )
    oracle.max_trials, oracle.search, oracle.verbose = trials, search, 0
    return oracle
