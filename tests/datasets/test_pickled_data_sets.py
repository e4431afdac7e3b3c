"""CMU-MOSI and IEMOCAP from every copy that a user may hold: what a build holds, or refuses."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.data import load_examples
from rmfn_tf.datasets.source import SourceError
from rmfn_tf.task import Task
from support.pickle_files import KEYS, STEPS, write_pickle
from support.small_copies import (
    IEMOCAP,
    MOSI,
    MOSI_BERT,
    NAMES,
    SIZES,
    iemocap_mult,
    mosi_arrays,
    mosi_mmsa,
    mosi_mult,
    write_copy,
)
from support.small_ict_mmmo import names_in, read

WIDTHS = {
    "cmu_mosi/mfn_arrays": MOSI,
    "cmu_mosi/mmsa_aligned": MOSI_BERT,
    "cmu_mosi/mult_aligned": MOSI,
    "iemocap/mult_aligned": IEMOCAP,
}
FILES = {
    "cmu_mosi/mmsa_aligned": "aligned_50.pkl",
    "cmu_mosi/mult_aligned": "mosi_data.pkl",
    "iemocap/mult_aligned": "iemocap_data.pkl",
}


MOSI_TASK = Task("regression", ("sentiment",), ranges={"sentiment": (-3, 3)}, metrics="sentiment")


@pytest.fixture
def build(tmp_path, data_dir):
    """Builds from a made-up copy, or from a pickle of the data given."""

    def run(name, data=None):
        if data is None:
            write_copy(name, tmp_path / "copy")
        else:
            write_pickle(tmp_path / "copy" / FILES[name], data)
        return rmfn_tf.datasets.build(name, manual_dir=tmp_path / "copy", data_dir=data_dir)

    return run


def real_steps(row):
    return slice(row % 3, STEPS - (row % 2 == 0))


@pytest.mark.parametrize("name", WIDTHS)
def test_every_copy_gives_the_same_form(build, name):
    builder = build(name)
    assert {split: each.num_examples for split, each in builder.info.splits.items()} == SIZES
    metadata = builder.info.metadata
    assert list(metadata["modalities"].items()) == list(WIDTHS[name].items())  # the order counts
    for row, example in enumerate(read(builder, "train")):
        steps = len(range(STEPS)[real_steps(row)])
        for modality, width in WIDTHS[name].items():
            assert example[modality].shape == (steps, width)
            assert example["present"][modality]
        assert example["words"].tolist() == [b""] * steps
        assert np.isnan(example["intervals"]).all()


def test_mosi_arrays(build):
    builder, arrays = build("cmu_mosi/mfn_arrays"), mosi_arrays()
    assert Task.from_json(builder.info.metadata["task"]) == MOSI_TASK
    for split, name in NAMES.items():
        for row, example in enumerate(read(builder, split)):
            assert example["id"] == example["video_id"] == f"{split}-{row}".encode()
            assert example["label"] == np.float32(arrays[f"y_{name}.h5"][row, 0])
            stored = arrays[f"X_{name}.h5"][row, real_steps(row)].astype(np.float32)
            np.testing.assert_array_equal(
                np.concatenate([example[modality] for modality in MOSI], axis=1), stored
            )


@pytest.mark.parametrize(
    ("name", "make"), [("cmu_mosi/mmsa_aligned", mosi_mmsa), ("cmu_mosi/mult_aligned", mosi_mult)]
)
def test_mosi_pickles(build, name, make):
    """The splits are the file's, id by id, and the segments of a video share its name."""
    builder, data = build(name), make()
    assert Task.from_json(builder.info.metadata["task"]) == MOSI_TASK
    videos = {}
    for split, key in NAMES.items():
        examples, stored = read(builder, split), data[key]
        for row, example in enumerate(examples):
            if name == "cmu_mosi/mmsa_aligned":
                identifier = stored["id"][row]
                video = identifier.split("$_$")[0]
                label = stored["regression_labels"][row]
            else:
                video, start, end = (text.decode() for text in stored["id"][row])
                identifier = f"{video}[{start}-{end}]"
                label = np.float32(stored["labels"][row, 0, 0])
            assert example["id"].decode() == identifier
            assert example["video_id"].decode() == video
            assert example["label"] == label
            assert example["label"].shape == ()
            for modality, values in KEYS.items():
                np.testing.assert_array_equal(
                    example[modality], stored[values][row, real_steps(row)]
                )
        videos[split] = {example["video_id"] for example in examples}
        assert len(videos[split]) < len(examples)
    assert not videos["train"] & (videos["validation"] | videos["test"])
    assert not videos["validation"] & videos["test"]


def test_iemocap(build):
    builder, data = build("iemocap/mult_aligned"), iemocap_mult()
    task = Task.from_json(builder.info.metadata["task"])
    assert task == Task("multilabel", ("neutral", "happy", "sad", "angry"), metrics="iemocap")
    assert "neutral, happy, sad, angry" in builder.info.features["label"].doc.desc
    for split, name in NAMES.items():
        for row, example in enumerate(read(builder, split)):
            assert example["id"] == example["video_id"] == f"{split}-{row}".encode()
            np.testing.assert_array_equal(example["label"], data[name]["labels"][row, :, 1])
            assert example["label"].dtype == np.float32
    assert load_examples(builder, "test", outside_any_run=True).labels.shape == (SIZES["test"], 4)


def test_iemocap_keeps_the_ids_of_a_file_that_has_them(build):
    builder = build("iemocap/mult_aligned", iemocap_mult(ids=True))
    assert [example["video_id"] for example in read(builder, "validation")] == [b"valid-0"] * 2


@pytest.mark.parametrize(
    ("name", "make", "taken"),
    [
        ("cmu_mosi/mmsa_aligned", mosi_mmsa, "train_-1$_$7"),
        ("cmu_mosi/mult_aligned", mosi_mult, ["train-1", "90", "91"]),
        ("iemocap/mult_aligned", lambda: iemocap_mult(ids=True), ["train-1", "90", "91"]),
    ],
)
def test_a_video_in_two_splits_is_named(build, data_dir, name, make, taken):
    data = make()
    ids = data["test"]["id"]
    data["test"]["id"] = [*ids[:1], taken, *ids[2:]]
    with pytest.raises(SourceError) as caught:
        build(name, data)
    for said in (FILES[name], "'train", "-1' has segments in train and in test", "another copy"):
        assert said in str(caught.value)
    assert names_in(data_dir) == []


def test_an_id_that_is_there_twice_is_named(build, data_dir):
    data = mosi_mmsa()
    ids = data["test"]["id"]
    data["test"]["id"] = [*ids[:-1], ids[0]]
    with pytest.raises(SourceError, match=r"aligned_50\.pkl: the id .* twice.* time in test\."):
        build("cmu_mosi/mmsa_aligned", data)
    assert names_in(data_dir) == []


@pytest.mark.parametrize("name", WIDTHS)
def test_a_folder_without_the_files(tmp_path, data_dir, name):
    with pytest.raises(SourceError) as caught:
        rmfn_tf.datasets.build(name, manual_dir=tmp_path, data_dir=data_dir)
    wanted = [FILES[name]] if name in FILES else list(mosi_arrays())
    assert all(each in str(caught.value) for each in wanted)
    assert not data_dir.exists()


def test_tfds_loads_it_by_name(tmp_path, data_dir):
    (data_dir / "downloads" / "manual").mkdir(parents=True)
    write_copy("cmu_mosi/mmsa_aligned", data_dir / "downloads" / "manual")
    loaded = tfds.load("cmu_mosi/mmsa_aligned", split="test", data_dir=data_dir)
    assert len(loaded) == SIZES["test"]
