"""KerasTuner's tuner whose trials are runs."""

import contextlib
import gc
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np

from rmfn_tf.files import write_json, write_text
from rmfn_tf.training.data import RunData
from rmfn_tf.training.run import train_run
from rmfn_tf.training.run_progress import count_epochs
from rmfn_tf.tuning.oracle import make_oracle
from rmfn_tf.tuning.search import Search
from rmfn_tf.tuning.trials import ERROR, RUN, TRIALS

_ATTEMPTS = "attempts.json"
_MOST_ATTEMPTS = 3


class TrialTuner(keras_tuner.Tuner):
    """Runs the trials of a search, alone or as KerasTuner's chief or worker.

    Which of them, KerasTuner reads from KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP and
    KERASTUNER_ORACLE_PORT. A trial is a run in `<out>/trials/trial_<id>/run`; interrupted, it goes
    on from its last finished epoch.

    Args:
        search: the search.
        data: what the trials learn from.
        out: the folder of the search.
        owners: see `LastingOracle`.
        most: trials of this process; None: all there are. What a process has trained, TensorFlow
            keeps in memory.
    """

    def __init__(
        self,
        search: Search,
        data: RunData,
        out: Path,
        owners: Sequence[str] | None = None,
        most: int | None = None,
    ):
        self.search_config, self.data = search, data
        self.left = most
        super().__init__(
            make_oracle(search, owners),
            hypermodel=_Space(search),
            directory=str(out),
            project_name=TRIALS,
        )

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Trains the run of a trial; its score."""
        folder = Path(self.get_trial_dir(trial.trial_id))
        try:
            _count_attempt(folder)
            return self._train(folder, trial.hyperparameters)
        except OSError as error:  # a full disk would fail every trial
            raise keras_tuner.errors.FatalRuntimeError(str(error)) from error
        except Exception as error:
            # KerasTuner's workers do not tell their chief.
            write_text(folder / ERROR, f"{type(error).__name__}: {error}\n")
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        finally:
            keras.backend.clear_session()
            gc.collect()

    def _train(self, folder: Path, hp: keras_tuner.HyperParameters) -> dict[str, float]:
        config, metric = self.search_config.draw(hp), self.search_config.metric
        result = train_run(config, self.data.builder, folder / RUN, resume=True, data=self.data)
        score = result["metrics"][config.model][metric]
        if not np.isfinite(score):
            raise ValueError(f"The {metric} is {score}.")
        return {metric: score}

    def _run_and_update_trial(self, trial: Any, *args: Any, **kwargs: Any) -> None:
        # KerasTuner's own takes a score that is there, of an attempt that was killed, for a use of
        # it that it warns of.
        self.oracle.update_trial(trial.trial_id, self.run_trial(trial))

    def pre_create_trial(self) -> None:
        """Leaves where this process has run its share, or else asks in good manners."""
        if self.left == 0:
            raise ShareDone
        time.sleep(0.05)  # an idle worker of KerasTuner asks without a break

    def on_trial_end(self, trial: Any) -> None:
        """Tells the oracle."""
        super().on_trial_end(trial)
        if self.left is not None:
            self.left -= 1

    def save(self) -> None:
        """The oracle is all the state there is."""
        if not self._is_worker():
            self.oracle.save()

    def reload(self) -> None:
        """Likewise; a worker has none."""
        if not self._is_worker():
            self.oracle.reload()

    def _get_tuner_fname(self) -> str:
        """The file by which KerasTuner knows that there is something to go on with."""
        return self.oracle._get_oracle_fname() if not self._is_worker() else os.devnull


class ShareDone(Exception):
    """A process has run as many trials as it should."""


class _Space(keras_tuner.HyperModel):
    """All that KerasTuner needs to know which parameters there are."""

    def __init__(self, search: Search):
        super().__init__()
        self.search = search

    def build(self, hp: keras_tuner.HyperParameters) -> None:
        self.search.draw(hp)


def _count_attempt(folder: Path) -> None:
    """ValueError where a trial was begun several times and got no further: it ends its process."""
    path, epochs = folder / _ATTEMPTS, count_epochs(folder / RUN)
    before = {"count": 0, "epochs": epochs}
    with contextlib.suppress(FileNotFoundError):
        before = json.loads(path.read_text())
    count = before["count"] + 1 if epochs == before["epochs"] else 1
    write_json(path, {"count": count, "epochs": epochs})
    if count > _MOST_ATTEMPTS:
        raise ValueError(
            f"Its process was killed {_MOST_ATTEMPTS} times, most likely for want of memory."
        )
