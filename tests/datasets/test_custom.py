"""A user's own folder becomes a data set, and stays one when the folder is gone."""

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core import constants

from rmfn_tf.data.loading import load_examples
from rmfn_tf.datasets.custom.custom_dataset_builder import Builder
from rmfn_tf.datasets.source import MissingFiles, SourceError
from support.own_folders import (
    LABELS,
    NAME,
    SIZES,
    TASKS,
    WIDTHS,
    description,
    two_files,
    write_own,
)

FULL_NAME = f"custom/{NAME}"
FOLDER = Path("custom", NAME, "2.0.0")


def build(folder, data_dir, name=NAME):
    builder = Builder(config=Builder.make_config(name, folder, data_dir), data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder), file_format="tfrecord"
    )
    return builder


class TestCustom(tfds.testing.DatasetBuilderTestCase):
    """TFDS' own checks."""

    DATASET_CLASS = Builder
    SPLITS: ClassVar[dict[str, int]] = SIZES
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = []

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        write_own(Path(cls.EXAMPLE_DIR))
        cls.CONFIG = Builder.make_config(NAME, cls.EXAMPLE_DIR, None)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.EXAMPLE_DIR)

    def _make_builder(self, config=None):
        return super()._make_builder(config or self.CONFIG)  # there is none without a folder


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path):
    return write_own(tmp_path / "own")


@pytest.mark.parametrize("kind", TASKS)
def test_what_was_written_is_loaded(tmp_path, data_dir, kind):
    files = two_files(kind)
    folder = write_own(tmp_path / "own", files, description(kind))
    builder = build(folder, data_dir)
    first = files["part_1.npz"]

    test = load_examples(builder, "test", outside_any_run=True)
    assert test.ids == ["a0", "a1"]
    assert test.groups.tolist() == ["a", "a"]
    assert test.words == [["so", "it"], [""]]
    assert list(test.widths.items()) == list(WIDTHS.items())
    for name in WIDTHS:
        rows = first[name].astype(np.float32)
        np.testing.assert_array_equal(test.features[name][0], rows[:2])
        np.testing.assert_array_equal(test.features[name][1], rows[2:3])
    np.testing.assert_array_equal(test.labels, np.array(LABELS[kind][0][:2], test.labels.dtype))
    assert test.labels.dtype == (np.int64 if kind == "classification" else np.float32)

    train = load_examples(builder, "train")
    assert train.ids == ["b0", "c0", "e"]
    assert train.words[2] == [""]


@pytest.mark.parametrize("kind", TASKS)
def test_a_build_needs_its_folder_no_more(tmp_path, data_dir, kind):
    folder = write_own(tmp_path / "own", two_files(kind), description(kind, description="A line."))
    built = build(folder, data_dir)
    shutil.rmtree(folder)
    config = Builder.make_config(NAME, None, data_dir)
    assert config == Builder.make_config(NAME, None, str(data_dir))
    assert config == built.builder_config
    again = Builder(config=config, data_dir=data_dir)
    assert again.is_whole()
    assert again.builder_config.description == "A line."
    assert dict(again.info.metadata) == dict(built.info.metadata)
    assert again.info.features.get_serialized_info() == built.info.features.get_serialized_info()
    assert load_examples(again, "train").ids == ["b0", "c0", "e"]


def test_tfds_loads_a_build_by_name(folder, data_dir):
    build(folder, data_dir)
    dataset = tfds.load(FULL_NAME, data_dir=data_dir, split="validation")
    assert [example["id"] for example in tfds.as_numpy(dataset)] == [b"d"]


def test_the_default_folder_of_builds(folder, data_dir, monkeypatch):
    built = build(folder, data_dir)
    monkeypatch.setattr(constants, "DATA_DIR", str(data_dir))
    assert Builder.make_config(NAME, None, None) == built.builder_config


def test_the_name_asked_for_must_be_the_folders(folder, data_dir):
    with pytest.raises(SourceError, match=f"'my_data', and custom/other is.*Ask for {FULL_NAME}"):
        Builder.make_config("other", folder, data_dir)


def test_what_is_not_built_is_said_so(data_dir):
    with pytest.raises(ValueError, match=f"{FULL_NAME} is not built in {data_dir}: build it"):
        Builder.make_config(NAME, None, data_dir)


def test_a_damaged_build(folder, data_dir):
    build(folder, data_dir)
    path = data_dir / FOLDER / "metadata.json"
    path.write_text(path.read_text()[:-9])
    with pytest.raises(ValueError, match=r"metadata\.json is damaged"):
        Builder.make_config(NAME, None, data_dir)


def test_a_config_is_needed(data_dir):
    with pytest.raises(ValueError, match=r"custom has no data set of its own. Build yours"):
        Builder(data_dir=data_dir)


@pytest.mark.parametrize("change", ["a width", "the modalities", "the task"])
def test_another_folder_is_never_taken_for_a_build(tmp_path, folder, data_dir, change):
    build(folder, data_dir)
    files, toml = two_files(), description()
    if change == "a width":
        for arrays in files.values():
            arrays["motion"] = np.ones((len(arrays["motion"]), 5))
    elif change == "the modalities":
        toml["modalities"].reverse()
    else:
        toml["task"] = {**toml["task"], "ranges": {}}
    other = write_own(tmp_path / "other", files, toml)
    with pytest.raises(SourceError, match="was built from other files"):
        build(other, data_dir)


def test_what_reads_a_folder(tmp_path, folder):
    ((name, source),) = Builder.sources_for(folder).items()
    assert name == FULL_NAME
    assert list(source.find(folder)) == ["data.toml", "part_1.npz", "part_2.npz"]


def test_what_an_empty_folder_lacks(tmp_path):
    ((name, source),) = Builder.sources_for(tmp_path).items()
    assert name == "custom/<name>"
    with pytest.raises(MissingFiles, match=r"must hold data\.toml, \*\.npz"):
        source.find(tmp_path)


def test_no_warning_about_the_config(folder, data_dir, caplog):
    Builder(config=Builder.make_config(NAME, folder, data_dir), data_dir=data_dir)
    assert not caplog.records
