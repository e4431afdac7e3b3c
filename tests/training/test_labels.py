"""Some of a data set's labels, chosen by name: those alone are learned, scored and stored."""

import numpy as np
import pytest

from rmfn_tf.training.config import ConfigError, RunConfig
from rmfn_tf.training.run import Run
from rmfn_tf.training.splits import open_learning_data, open_task
from support.random_examples import make_examples

pytestmark = [pytest.mark.usefixtures("eager"), pytest.mark.slow]


@pytest.fixture
def builder(memory_builder, tasks):
    splits = {
        split: make_examples([3, 2, 4] * 4, kind="multilabel", seed=seed)
        for seed, split in enumerate(("train", "validation", "test"))
    }
    return memory_builder(splits, tasks["multilabel"])


def test_only_the_named_columns_in_the_order_asked_for(tiny_config, builder):
    config = tiny_config(labels=["d", "b"])
    data = open_learning_data(config, builder)
    assert data.task.labels == ("d", "b")
    np.testing.assert_array_equal(data.train.labels, builder.splits["train"].labels[:, [3, 1]])
    assert open_task(tiny_config(), builder).labels == ("a", "b", "c", "d")


def test_the_pool_of_folds(tiny_config, memory_builder, tasks):
    pooled = make_examples([3, 2, 4], kind="multilabel")
    builder = memory_builder({"all": pooled}, tasks["multilabel"])
    pool = open_learning_data(tiny_config(labels=["c"], folds=2), builder).train
    np.testing.assert_array_equal(pool.labels, pooled.labels[:, [2]])


def test_a_run_of_one_label(tmp_path, tiny_config, builder):
    config = tiny_config(labels=["c"])
    run = Run(tmp_path / "run")
    run.train(config, builder)
    assert run.config.labels == ["c"]
    assert run.task.labels == ("c",)
    Run(tmp_path / "run").evaluate(builder, "test")
    for split in ("validation", "test"):
        read = run.predictions(split)
        np.testing.assert_array_equal(read.labels, builder.splits[split].labels[:, [2]])
        assert read.by_row["ef_lstm"].shape == (12, 1)


@pytest.mark.parametrize("folds", [0, 2])
def test_an_unknown_label_is_told_before_anything_is_read(tmp_path, tiny_config, builder, folds):
    with pytest.raises(ValueError, match=r"made/up: unknown label 'e'\..* Known: a, b, c, d"):
        Run(tmp_path / "run").train(tiny_config(labels=["a", "e"], folds=folds), builder)
    assert builder.opened == []
    assert not (tmp_path / "run").exists()


def test_a_class_is_not_chosen_from(tiny_config, memory_builder, tasks, three_splits):
    builder = memory_builder(three_splits, tasks["classification"])
    with pytest.raises(ValueError, match="has one label, its class"):
        open_task(tiny_config(labels=["positive"]), builder)


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [(["a", "a"], "different names"), ("a", "a valid list"), ([1, 1], "a valid string")],
)
def test_mistakes(labels, complaint):
    with pytest.raises(ConfigError, match=complaint):
        RunConfig(data="made/up", labels=labels)
