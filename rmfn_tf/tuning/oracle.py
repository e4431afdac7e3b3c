"""KerasTuner's oracles, which choose the trials, made to survive being killed."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import keras_tuner

from rmfn_tf.files import write_json
from rmfn_tf.tuning.search import Search


class LastingOracle(keras_tuner.Oracle):
    """Mixed into an oracle of KerasTuner: its files are whole or not at all, and a trial that was
    going on is gone on with, once, by whoever had it.

    KerasTuner's own oracle writes into the files in place, gives a trial that was going on to
    another worker although the first may still have it, and does a trial again whose end it had
    written down.

    Args:
        owners: ids of the workers that will ask again; the trials of others are given away. None:
            all will.
    """

    owners: Collection[str] | None = None

    def save(self) -> None:
        write_json(Path(self._get_oracle_fname()), self.get_state())

    def _save_trial(self, trial: Any) -> None:
        write_json(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def reload(self) -> None:
        state = json.loads(Path(self._get_oracle_fname()).read_text())
        super().reload()
        retry = set(state["retry_queue"])
        for owner, trial_id in state["ongoing_trials"].items():
            trial = self.trials[trial_id]
            if trial.status != "RUNNING":  # killed after its end was written down
                continue
            if self.owners is None or owner in self.owners:
                self.ongoing_trials[owner] = trial
            else:
                retry.add(trial_id)
        self._retry_queue = sorted(retry)
        for trial_id in self.trials.keys() - set(self.start_order):
            # Killed before it was given to anybody.
            del self.trials[trial_id]
            shutil.rmtree(self._get_trial_dir(trial_id))


class _Random(LastingOracle, keras_tuner.oracles.RandomSearchOracle):
    pass


class _Bayesian(LastingOracle, keras_tuner.oracles.BayesianOptimizationOracle):
    pass


class _Hyperband(LastingOracle, keras_tuner.oracles.HyperbandOracle):
    pass


def make_oracle(search: Search, owners: Collection[str] | None = None) -> keras_tuner.Oracle:
    """The oracle of a search.

    Args:
        search: the search.
        owners: see `LastingOracle`.
    """
    direction = "min" if search.lower_is_better else "max"
    arguments: dict[str, Any] = {
        "objective": keras_tuner.Objective(search.metric, direction),
        "seed": search.config.seed + 1,  # KerasTuner takes 0 for none
        # It would stop with its lock held. What fails is recorded and skipped.
        "max_consecutive_failed_trials": None,
    }
    oracle: Any
    if search.tuner == "hyperband":
        oracle = _Hyperband(max_epochs=search.config.epochs, hyperband_iterations=None, **arguments)
        oracle.max_trials = search.trials
    elif search.tuner == "bayesian":
        # KerasTuner's default, three random points a parameter, makes short searches random.
        initial = max(5, min(len(search.space), search.trials // 3))
        oracle = _Bayesian(max_trials=search.trials, num_initial_points=initial, **arguments)
    else:
        oracle = _Random(max_trials=search.trials, **arguments)
    oracle.owners = owners
    oracle.verbose = 0
    return oracle
