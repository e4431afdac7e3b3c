"""What `rmfn demo` shows holds for more than its own seed."""

import pytest

import rmfn_tf.datasets
from rmfn_tf.cli.demo import accuracy_by_kind
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.presets import preset
from rmfn_tf.training.run import train_run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rmfn_wins_where_face_and_voice_come_after_the_word(seed, tmp_path):
    builder = rmfn_tf.datasets.build("synthetic/sarcasm", data_dir=tmp_path / "data")
    accuracy = {}
    for model in ("rmfn", "ef_lstm"):
        config = RunConfig(
            data="synthetic/sarcasm", model=model, seed=seed, **preset("synthetic", model)
        )
        train_run(config, builder, tmp_path / model)
        accuracy[model] = accuracy_by_kind(tmp_path / model, builder)
    print(accuracy)
    assert accuracy["rmfn"]["d"] > accuracy["ef_lstm"]["d"] + 0.1
    floors = builder.info.metadata["floors"]
    assert accuracy["rmfn"]["all"] > max(floors.values())
    assert accuracy["ef_lstm"]["all"] > floors["language"]
