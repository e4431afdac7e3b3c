"""The event files of a search, read back."""

import pytest
import tensorflow as tf
from tensorboard.plugins.hparams import api_pb2, metadata

from rmfn_tf.tuning.hparams import write_hparams

TRIALS = [
    {
        "id": "0",
        "status": "COMPLETED",
        "score": 0.75,
        "values": {"num_stages": 3, "learning_rate": 0.001, "highlight_scale": "dim", "deep": True},
        "epochs": 4,
    },
    {
        "id": "1",
        "status": "COMPLETED",
        "score": 0.5,
        "values": {"num_stages": 1, "learning_rate": 0.01, "highlight_scale": "none"},
        "epochs": 6,
    },
    {
        "id": "2",
        "status": "FAILED",
        "score": None,
        "values": {"num_stages": 2, "learning_rate": 0.005, "highlight_scale": "dim"},
        "epochs": 0,
    },
]
RESULT = {
    "metric": "mae",
    "lower_is_better": True,
    "split": "validation",
    "space": ["num_stages", "learning_rate", "highlight_scale", "deep", "never_active"],
    "trials": TRIALS,
}


def read_events(folder):
    """What the event files right in a folder hold, by tag: HParams' messages, and the scores."""
    found = {}
    for path in folder.glob("events*"):
        for record in tf.data.TFRecordDataset(str(path)):
            for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
                assert value.tag not in found
                if value.metadata.plugin_data.plugin_name == metadata.PLUGIN_NAME:
                    found[value.tag] = value.metadata.plugin_data.content
                else:
                    found[value.tag] = float(tf.make_ndarray(value.tensor))
    return found


def values_of(session):
    start = metadata.parse_session_start_info_plugin_data(session[metadata.SESSION_START_INFO_TAG])
    return start.group_name, {
        name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()
    }


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial["id"])
def test_each_trial_is_a_session(tmp_path, trial):
    write_hparams(tmp_path / "tensorboard", RESULT)
    session = read_events(tmp_path / "tensorboard" / trial["id"])
    assert values_of(session) == (trial["id"], trial["values"])
    assert session.get("mae") == trial["score"]
    end = metadata.parse_session_end_info_plugin_data(session[metadata.SESSION_END_INFO_TAG])
    failed = trial["status"] == "FAILED"
    assert end.status == (api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS)


def test_the_experiment_names_parameters_and_metric(tmp_path):
    write_hparams(tmp_path / "tensorboard", RESULT)
    told = read_events(tmp_path / "tensorboard")[metadata.EXPERIMENT_TAG]
    experiment = metadata.parse_experiment_plugin_data(told)
    assert [metric.name.tag for metric in experiment.metric_infos] == ["mae"]
    infos = {info.name: info for info in experiment.hparam_infos}
    assert list(infos) == RESULT["space"][:-1]
    discrete = {
        name: [getattr(v, v.WhichOneof("kind")) for v in infos[name].domain_discrete.values]
        for name in ("num_stages", "highlight_scale", "deep")
    }
    assert discrete == {
        "num_stages": [1, 2, 3],
        "highlight_scale": ["dim", "none"],
        "deep": [True],
    }
    rate = infos["learning_rate"].domain_interval
    assert (rate.min_value, rate.max_value) == (0.001, 0.01)


def test_written_anew_each_time(tmp_path):
    folder = tmp_path / "tensorboard"
    write_hparams(folder, RESULT)
    write_hparams(folder, {**RESULT, "trials": TRIALS[:2]})
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["0", "1"]
    assert len(list(folder.rglob("events*"))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["tensorboard"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    folder = tmp_path / "tensorboard"
    write_hparams(folder, RESULT)
    broken = {**TRIALS[1], "values": {"num_stages": [1]}}
    with pytest.raises(TypeError):
        write_hparams(folder, {**RESULT, "space": [], "trials": [TRIALS[0], broken]})
    assert values_of(read_events(folder / "1"))[1] == TRIALS[1]["values"]
    assert [path.name for path in tmp_path.iterdir()] == ["tensorboard"]
