"""A search as TensorBoard's HParams shows it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorboard.plugins.hparams import api, api_pb2
from tensorboard.plugins.hparams.summary import session_end_pb

from rmfn_tf.training.events import written_anew


def write_hparams(folder: Path, result: Mapping[str, Any]) -> None:
    """Brings the event files of a folder to a search: a session a trial, failed ones marked so.

    They are made anew each time, so that no trial stands there twice.

    Args:
        folder: for `tensorboard --logdir`; holds the experiment, and `<id>/` of each trial.
        result: of a search; see `rmfn_tf.tuning.run_search.run_search`.

    Raises:
        OSError: the folder cannot be written; an older one stays then.
    """
    with written_anew(folder) as fresh:
        _write_experiment(fresh, result)
        for trial in result["trials"]:
            _write_trial(fresh / trial["id"], trial, result["metric"])


def _write_experiment(folder: Path, result: Mapping[str, Any]) -> None:
    seen = {
        name: [trial["values"][name] for trial in result["trials"] if name in trial["values"]]
        for name in result["space"]
    }
    better = "lower" if result["lower_is_better"] else "higher"
    metric = api.Metric(
        result["metric"],
        display_name=result["metric"],
        description=f"On {result['split']}; {better} is better.",
    )
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        api.hparams_config(
            [api.HParam(name, _domain(values)) for name, values in seen.items() if values],
            [metric],
        )
    writer.close()


def _write_trial(folder: Path, trial: Mapping[str, Any], metric: str) -> None:
    completed = trial["status"] == "COMPLETED"
    status = api_pb2.STATUS_SUCCESS if completed else api_pb2.STATUS_FAILURE
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        api.hparams(trial["values"], trial_id=trial["id"])
        if completed:
            tf.summary.scalar(metric, trial["score"], step=trial["epochs"])
        end = session_end_pb(status).SerializeToString()
        tf.summary.experimental.write_raw_pb(end, step=trial["epochs"])
    writer.close()


def _domain(values: Sequence[Any]) -> api.Discrete | api.RealInterval:
    """Of the values that the trials have: TensorBoard hides what lies outside of it."""
    if any(isinstance(value, float) for value in values):
        return api.RealInterval(float(min(values)), float(max(values)))
    return api.Discrete(sorted(set(values)))
