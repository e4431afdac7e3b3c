"""A search over hyperparameters: an oracle of KerasTuner is asked for trials and told their scores.

Killed anywhere, the same call goes on and ends with the same bytes; see `rmfn_tf.tuning.oracles`.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner

from rmfn_tf.comparison.table import Report, Table, directed, listed, number
from rmfn_tf.files import only_writer, read_json, write_json
from rmfn_tf.training.config import RunConfig, merge
from rmfn_tf.training.run import Run
from rmfn_tf.training.runs import OnProgress, open_workers
from rmfn_tf.tuning.oracles import ask, check_tuner, make_oracle
from rmfn_tf.tuning.selection import SEARCH, Selection, compare_paired
from rmfn_tf.tuning.spaces import SearchSpace

_BEST = 5  # trials in a report


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
    on_progress: OnProgress = lambda done, total: None,
    command: str = "",
) -> dict[str, Any]:
    """Runs the trials that are missing, then the best configuration beside the given one over fresh
    seeds: the score by which it was chosen is optimistic. The test split is not read.

    Args:
        config: a run with all that is not searched. Its seed is that of every trial and of what the
            tuner draws; its epochs are those of every trial, and with Hyperband the most of any.
        builder, cluster, command, on_progress: as in `compare_models`.
        out: a trial is a run in `trials/<number>`; what was asked for is in `search.json`.
        tuner: `"random"`, `"bayesian"` or `"hyperband"`.
        trials: the largest number of trials; a later call may ask for more.
        tune: names of the parameters that are searched (`rmfn_tf.tuning.spaces`); None: all.
        seeds: the number of fresh seeds.
        workers: so many trials are asked for at a time, with a cluster too; a search that goes on
            keeps to the number that it began with.

    Returns:
        As `sweep_stages`, without `rows` and `reference`, but with `tuner`, `space` (the names of
        what is searched) and `trials`. `best` is the id of a trial, and `fresh` is `{"best":
        scores, "preset": scores, "difference": paired}`. A trial: `{"id", "status": "COMPLETED" or
        "FAILED", "score", "values": of the parameters that are active in it, "epochs",
        "parameters", "error"}`; what is not known is None.

    Raises:
        ValueError: no such tuner or parameter, a folder of something else, or all trials failed.
        OSError: a folder cannot be written, or a worker was lost; the same call goes on.
    """
    check_tuner(tuner)
    if trials < 1:
        raise ValueError(f"The number of trials must be at least 1; got {trials}.")
    how: dict[str, Any] = {"workers": workers, "cluster": cluster}
    selection = Selection(config, builder, **how, on_progress=on_progress, command=command)
    widths = dict(builder.info.metadata["modalities"])
    space = SearchSpace(config.model, widths, tune, config.hyperparameters)

    def draw(hp: keras_tuner.HyperParameters) -> RunConfig:
        """Registers the space; gives the run of the values that `hp` has."""
        changes = space.draw(hp)
        if "tuner/epochs" in hp.values:  # of Hyperband
            changes["epochs"] = int(hp.values["tuner/epochs"])
        return RunConfig(**merge(config.model_dump(), changes))

    out.mkdir(parents=True, exist_ok=True)
    with only_writer(out):
        asked = {"config": config.model_dump(exclude={"data_dir"}), "tuner": tuner}
        search = _open(out, {**asked, "space": list(space.names)}, trials, workers)
        hp = keras_tuner.HyperParameters()
        draw(hp)
        objective = keras_tuner.Objective(selection.metric, selection.pick.__name__)
        oracle = make_oracle(search, hp, trials, objective)
        ended = []
        with open_workers(builder, **how) as submit:
            for each in _run_trials(oracle, search, out, draw, submit, selection):
                ended.append(each)
                on_progress(len(ended), trials)
        completed = [each for each in ended if each["status"] == "COMPLETED"]
        if not completed:
            raise ValueError(f"All {len(ended)} trials failed. The first: {ended[0]['error']}")
        # The first of several equal ones.
        best = selection.pick(completed, key=lambda each: each["score"])["id"]
        seen, fresh_seeds, fresh, run = [config.seed], list[int](), None, f"trials/{best}"
        name = f"The best of {len(completed)} trial{'s' if len(completed) > 1 else ''}"
        answer = (
            f"{name} was chosen by its own {selection.metric}, which is therefore optimistic, and "
            "no fresh seeds were run: whether it is better than the preset is not known."
        )
        if seeds:
            hp.values = dict(search["trials"][best]["values"])
            both = {"preset": config, f"trial_{best}": draw(hp)}
            fresh_seeds, scores = selection.again(both, seen, seeds, out / "fresh")
            preset, chosen = scores.values()
            difference = compare_paired(chosen, preset)
            fresh = {"best": chosen, "preset": preset, "difference": difference}
            run = f"fresh/trial_{best}/seed_{fresh_seeds[0]}"
            answer = selection.answer(name, "the preset", difference, seeds)
    return selection.facts | {
        "tuner": tuner,
        "space": list(space.names),
        "trials": ended,
        "best": best,
        "seeds": seen,
        "fresh_seeds": fresh_seeds,
        "fresh": fresh,
        "best_run": run,
        "answer": answer,
    }


def _open(out: Path, asked: Mapping[str, Any], trials: int, workers: int) -> dict[str, Any]:
    """The state of the search in a folder: what is searched, and the trials that were asked for."""
    path = out / SEARCH
    if not path.exists():
        if (out / "runs").exists():
            raise ValueError(f"{out} holds a sweep over stages; name another folder with --out.")
        # KerasTuner's default, three random points a parameter, makes short searches random.
        initial = max(5, min(len(asked["space"]), trials // 3))
        return {**asked, "at_a_time": max(workers, 1), "initial": initial, "trials": []}
    search = read_json(path)
    if not isinstance(search, dict) or not {*asked, "at_a_time", "initial"} <= search.keys():
        raise ValueError(f"{path} holds no search of this version. Name another folder.")
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
    selection: Selection,
) -> Iterator[dict[str, Any]]:
    """Asks, trains and tells until the oracle has no more trials; gives what became of each."""
    kept, running = search["trials"], deque[Any]()
    while True:
        while len(running) < search["at_a_time"] and (trial := ask(oracle)).status == "RUNNING":
            index, future = int(trial.trial_id), None
            if index == len(kept):
                kept.append({"values": dict(trial.hyperparameters.values), "error": None})
                write_json(out / SEARCH, search)
            config, run = draw(trial.hyperparameters), Run(out / "trials" / str(index))
            if not kept[index]["error"] and not run.is_finished:
                future = submit(run.folder, config)
            running.append((trial, run, config, future))
        if not running:
            return
        trial, run, config, future = running.popleft()
        index = int(trial.trial_id)
        values, score, parameters = kept[index]["values"], None, None
        if future is not None and (error := " ".join(future.result().split())):
            kept[index]["error"] = error
            write_json(out / SEARCH, search)
        if not kept[index]["error"]:
            run.check_same(config, selection.builder)
            score, parameters = selection.score(run), run.facts["parameters"]
            oracle.update_trial(trial.trial_id, {selection.metric: score})
        trial.status = "FAILED" if kept[index]["error"] else "COMPLETED"
        oracle.end_trial(trial)
        yield {
            "id": index,
            "status": trial.status,
            "score": score,
            "values": {name: values[name] for name in search["space"] if name in values},
            "epochs": len(run.history),
            "parameters": parameters,
            "error": kept[index]["error"],
        }


def search_report(result: Mapping[str, Any]) -> Report:
    """A column for each of the best trials: there are more parameters than a page is wide."""
    completed = [each for each in result["trials"] if each["status"] == "COMPLETED"]
    failed = [each for each in result["trials"] if each["status"] == "FAILED"]
    lower = result["lower_is_better"]
    trials = sorted(completed, key=lambda each: each["score"], reverse=not lower)[:_BEST]
    scores = [number(each["score"], digits=4) for each in trials]
    lines = [[directed(result["metric"], lower), *scores]]
    for name in result["space"]:
        values = [each["values"].get(name, "") for each in trials]
        lines.append([name, *(f"{x:.3g}" if isinstance(x, float) else str(x) for x in values)])
    for name in ("epochs", "parameters"):
        lines.append([name, *(f"{each[name]:,}" for each in trials)])
    notes = [
        f"{len(result['trials'])} trials, of which {len(failed)} failed. Scores are on "
        f"{result['split']}. The test split was not read.",
        "The best trial was chosen by its score, which is therefore optimistic.",
    ]
    if result["tuner"] == "hyperband":
        notes.append(
            "Trials of fewer epochs are earlier rounds: compare trials of equally many epochs."
        )
    if fresh := listed(result["fresh_seeds"]):
        notes.append(f"The sentence at the end is about the fresh seeds {fresh} alone.")
    notes += [f"Trial {each['id']} failed: {each['error']}" for each in failed]
    title = f"{result['data']}, {result['model']}: {result['tuner']} search"
    table = Table(["trial", *(str(each["id"]) for each in trials)], lines)
    return Report(title, result, table, notes)
