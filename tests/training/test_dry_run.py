"""A dry run tells what the run then does, and leaves nothing behind."""

import numpy as np
import pytest

from rmfn_tf.training.dry_run import dry_run
from rmfn_tf.training.fit import build_model
from rmfn_tf.training.run import train_run
from rmfn_tf.training.splits import LearningData
from support.random_examples import WIDTHS, make_examples

pytestmark = pytest.mark.slow


def test_what_it_tells_is_what_the_run_does(
    tmp_path, tiny_config, memory_builder, three_splits, tasks
):
    builder = memory_builder(three_splits)
    config = tiny_config(epochs=3)
    told = dry_run(config, builder)
    assert builder.opened == ["train", "validation"]
    assert told["examples"] == {"train": 6, "validation": 4}
    assert told["modalities"] == {
        name: {"width": width, "present": 6} for name, width in WIDTHS.items()
    }
    assert told["steps"] == {"shortest": 2, "median": 3.5, "longest": 5}
    assert told["padded_to"][-1] == 5
    assert (told["batches"], told["batch_size"]) == (2, 4)
    model = build_model(config, LearningData(tasks["regression"], three_splits["train"], None))
    trainable = sum(np.size(each) for each in model.trainable_variables)
    assert told["parameters"]["total"] == trainable
    assert sum(told["parameters"]["by_layer"].values()) == trainable
    seconds = told["seconds"]
    assert seconds["epoch"] > 0
    assert seconds["run"] == pytest.approx(seconds["compiling"] + 3 * seconds["epoch"])
    metrics = train_run(config, builder, tmp_path / "run")["metrics"]
    assert told["floors"]["metrics"] == {
        floor: pytest.approx(metrics[floor]) for floor in ("constant", "ridge")
    }


def test_the_first_of_the_folds(tiny_config, memory_builder):
    pooled = make_examples([3, 2, 4, 3, 2, 3])
    builder = memory_builder({"pooled": pooled, "all": pooled})
    del builder.info.splits["all"]
    told = dry_run(tiny_config(folds=3, epochs=2), builder)
    assert told["examples"] == {"train": 4, "fold 1": 2}
    seconds = told["seconds"]
    assert seconds["run"] == pytest.approx(3 * (seconds["compiling"] + 2 * seconds["epoch"]))
