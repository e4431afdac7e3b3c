"""CMU-MOSI and IEMOCAP from every copy that a user may hold: what a build holds, or refuses."""

import numpy as np
import pytest

import rmfn_tf.datasets
from rmfn_tf.data import load_examples
from rmfn_tf.datasets.source import SourceError
from rmfn_tf.task import Task
from support.pickle_files import STEPS, write_pickle
from support.small_copies import (
    IEMOCAP,
    MOSI,
    MOSI_BERT,
    SIZES,
    iemocap_mult,
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


TASKS = {
    "cmu_mosi": Task(
        "regression", ("sentiment",), ranges={"sentiment": (-3, 3)}, metrics="sentiment"
    ),
    "iemocap": Task("multilabel", ("neutral", "happy", "sad", "angry"), metrics="iemocap"),
}


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


@pytest.mark.parametrize("name", WIDTHS)
def test_every_copy_gives_the_same_form(build, name):
    builder = build(name)
    assert {split: each.num_examples for split, each in builder.info.splits.items()} == SIZES
    metadata = builder.info.metadata
    assert list(metadata["modalities"].items()) == list(WIDTHS[name].items())  # the order counts
    assert Task.from_json(metadata["task"]) == TASKS[name.partition("/")[0]]
    for row, example in enumerate(read(builder, "train")):
        steps = len(range(STEPS)[row % 3 : STEPS - (row % 2 == 0)])
        for modality, width in WIDTHS[name].items():
            assert example[modality].shape == (steps, width)
            assert example["present"][modality]
        assert example["words"].tolist() == [b""] * steps
        assert np.isnan(example["intervals"]).all()


def test_labels_of_iemocap(build):
    builder, data = build("iemocap/mult_aligned"), iemocap_mult()
    assert "neutral, happy, sad, angry" in builder.info.features["label"].doc.desc
    labels = load_examples(builder, "test", outside_any_run=True).labels
    np.testing.assert_array_equal(labels, data["test"]["labels"][..., 1].astype("f4"), strict=True)


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
