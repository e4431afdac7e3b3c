"""What people who know TensorFlow Datasets expect of its data sets works with these."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.datasets.registry import DATASETS
from support.small_ict_mmmo import NAME, WIDTHS


@pytest.fixture
def builder(manual_dir, data_dir):
    return rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)


@pytest.mark.slow
def test_the_data_sets_are_listed():
    assert set(DATASETS) <= set(tfds.list_builders())


def test_supervised_examples_are_what_a_model_takes(builder, data_dir):
    dataset = tfds.load(NAME, split="train", data_dir=data_dir, as_supervised=True)
    whole = tfds.as_numpy(builder.as_dataset(split="train"))
    for (features, label), example in zip(tfds.as_numpy(dataset), whole, strict=True):
        assert features.keys() == WIDTHS.keys()
        for name in WIDTHS:
            np.testing.assert_array_equal(features[name], example[name])
        assert label == example["label"]


def test_examples_are_shown_as_a_table(builder):
    table = tfds.as_dataframe(builder.as_dataset(split="train").take(2), builder.info)
    assert len(table) == 2
    assert "train-0" in table.to_html()
    assert "train-0" in table._repr_html_()  # as a notebook shows it, by jinja2


def test_random_access(manual_dir, data_dir, tmp_path):
    config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    random = tfds.builder(NAME, data_dir=tmp_path / "array_records")
    random.download_and_prepare(download_config=config, file_format="array_record")
    source = tfds.data_source(NAME, split="test", data_dir=tmp_path / "array_records")
    assert [source[row]["id"] for row in (3, 0)] == [b"test-3", b"test-0"]


@pytest.mark.parametrize("name", ["custom/my_data", "custom/my_data:1.0.0"])
def test_own_data_that_are_not_built(name, tmp_path):
    with pytest.raises(ValueError, match=r"custom/my_data is not built in .*: build it with"):
        tfds.load(name, data_dir=tmp_path)
