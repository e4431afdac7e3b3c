"""KerasTuner's oracles, made so that a search can go on after a kill.

What an oracle answers depends on what it was asked and told before, and on nothing else, and it is
told the scores in the order of the trials, whichever ends first. So a search that goes on asks the
same questions again, tells what lies in its folder, and ends as if nothing had happened.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner import oracles
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits


class _Repeatable(keras_tuner.Oracle):
    """What is drawn for a trial depends on the trial's number and on the scores that were told. It
    writes no files: `search`, the content of `search.json`, has all that cannot be found again."""

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


_KINDS = {"random": _Random, "bayesian": _Bayesian, "hyperband": _Hyperband}


def check_tuner(name: str) -> None:
    """ValueError for a name that is no tuner's."""
    if name not in _KINDS:
        raise ValueError(f"The tuner must be one of {', '.join(_KINDS)}; got {name!r}.")


def make_oracle(
    search: Mapping[str, Any],
    space: keras_tuner.HyperParameters,
    trials: int,
    objective: keras_tuner.Objective,
) -> Any:
    """The oracle of a search, of which `search` is the content of `search.json`, `trials` the
    largest number of trials, and `objective` the metric that it will be told."""
    own = {
        "random": {},
        "bayesian": {"num_initial_points": search["initial"]},
        "hyperband": {"max_epochs": search["config"]["epochs"], "hyperband_iterations": None},
    }
    oracle = _KINDS[search["tuner"]](
        objective=objective,
        hyperparameters=space.copy(),
        seed=search["config"]["seed"] + 1,  # KerasTuner takes 0 for none
        # It would stop with its lock held. What fails is recorded and skipped.
        max_consecutive_failed_trials=None,
        **own[search["tuner"]],
    )
    oracle.max_trials, oracle.search, oracle.verbose = trials, search, 0
    return oracle


def ask(oracle: Any) -> Any:
    """The next trial; its `status` is `"RUNNING"` where there is one."""
    # Matrices are small: threads would only wait. And few points leave a regression uncertain.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return oracle.create_trial(str(len(oracle.trials)))
