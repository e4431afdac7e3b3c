"""MMSA's aligned pickle: what is read, and what is refused."""

import pickle

import numpy as np
import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.pickles.mmsa_pickle import ALIGNED, MOSI_SHA256, UNALIGNED, MmsaPickle
from support.pickle_files import KEYS, SIZES, STEPS, WIDTHS, make_mmsa, write_pickle

SOURCE = MmsaPickle(WIDTHS)
SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def read(folder, data, split="test", protocol=4):
    write_pickle(folder / ALIGNED, data, protocol)
    return SOURCE.read(SOURCE.find(folder)).splits[split]


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(("split", "name"), SPLITS.items())
def test_every_row_becomes_a_sample(tmp_path, split, name, protocol):
    data = make_mmsa()
    samples = read(tmp_path, data, split, protocol)
    assert len(samples) == SIZES[name]
    for row, sample in enumerate(samples):
        assert sample.id == data[name]["id"][row]
        assert (sample.video_id, sample.segment) == (f"{name}_-{row // 2}", row % 2)
        assert sample.label == data[name]["regression_labels"][row]
        assert isinstance(sample.label, float)
        assert list(sample.features) == list(WIDTHS)
        for modality, features in sample.features.items():
            expected = data[name][KEYS[modality]][row, row % 3 : STEPS - (row % 2 == 0)]
            np.testing.assert_array_equal(features, expected)
            assert features.dtype == np.float32
        assert sample.words is None
        assert sample.intervals is None


def change(split, **changes):
    """Data of the published form in which some values of one split are others."""
    data = make_mmsa()
    for key, value in changes.items():
        if value is None:
            del data[split][key]
        else:
            data[split][key] = value(data[split][key])
    return data


@pytest.mark.parametrize(
    "changes",
    [
        {"id": np.array},  # U
        {"id": lambda ids: np.array(ids, "S")},
        {"id": lambda ids: np.array(ids, object)},
        {"id": lambda ids: np.array(ids)[:, np.newaxis]},
        {"id": lambda ids: [text.encode() for text in ids]},
        {"regression_labels": lambda labels: labels[:, np.newaxis]},
        {"regression_labels": lambda labels: labels.astype(">f8")},
        {"regression_labels": lambda labels: [float(label) for label in labels]},
        {"regression_labels": list},  # NumPy scalars
        {"text": lambda array: array.astype("f8")},
        {"audio": lambda array: np.asfortranarray(array)},
        {"raw_text": None, "text_bert": None, "annotations": None, "classification_labels": None},
    ],
)
def test_other_containers_of_the_same_values(tmp_path, changes):
    expected = read(tmp_path / "as_published", make_mmsa())
    for sample, same in zip(read(tmp_path, change("test", **changes)), expected, strict=True):
        assert sample.id == same.id
        assert sample.video_id == same.video_id
        assert sample.label == pytest.approx(same.label)
        for modality in WIDTHS:
            np.testing.assert_array_equal(sample.features[modality], same.features[modality])


def test_features_that_are_not_finite_go_through(tmp_path):
    data = make_mmsa()
    data["test"]["audio"] = data["test"]["audio"].astype("f8")
    data["test"]["audio"][0, 1] = [np.nan, -np.inf, 1e300]
    sample = read(tmp_path, data)[0]
    np.testing.assert_array_equal(sample.features["acoustic"][1], [np.nan, -np.inf, np.inf])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"text": None}, "test/text': no such key; it holds 'raw_text', 'audio', 'vision', 'id'"),
        ({"id": None}, "test/id': no such key"),
        ({"regression_labels": None}, "test/regression_labels': no such key"),
        (
            {"text": lambda x: x[..., :3]},
            r"test/text': 3 language features .* published file has 4",
        ),
        ({"audio": lambda x: x[:, 0]}, r"test/audio': shape \(3, 3\)"),
        ({"vision": lambda x: x[:2]}, "test/vision': 2 rows of 6 steps"),
        ({"vision": lambda x: np.repeat(x, 2, 1)}, "12 steps.*the modalities .* are not aligned"),
        ({"audio": lambda x: x[:0]}, "test/audio': shape"),
        ({"audio": lambda x: x.astype(bool)}, "values of type bool"),
        ({"audio": lambda x: x.astype(complex)}, "values of type complex"),
        ({"audio": lambda x: x.astype("S")}, r"values of type \|S"),
        ({"audio": list}, "a list, not an array"),
        ({"audio": lambda x: {"a": 1}}, "a dict, not an array"),
        ({"id": lambda ids: ids[:2]}, "test/id': 2 rows"),
        ({"id": lambda ids: "abc"}, "test/id': a str"),
        ({"id": lambda ids: [1, 2, 3]}, "a int among the texts"),
        ({"id": lambda ids: np.arange(3.0)}, "a float64 among the texts"),
        ({"id": lambda ids: [[ids] * 3] * 3}, "a list among the texts"),
        ({"id": lambda ids: [[], [], []]}, "a list among the texts"),
        ({"id": lambda ids: [b"\xff$_$1"] * 3}, "not Unicode"),
        ({"id": lambda ids: ["\ud800$_$1"] * 3}, "not Unicode"),
        ({"id": lambda ids: ["a_1", *ids[1:]]}, "'a_1' in row 0"),
        ({"id": lambda ids: ["$_$1", *ids[1:]]}, r"'\$_\$1' in row 0"),
        ({"id": lambda ids: [*ids[:2], ids[0]]}, r"'test_-0\$_\$0' in 2 rows"),
        ({"regression_labels": lambda y: y[:2]}, r"labels of shape \(2,\)"),
        ({"regression_labels": lambda y: np.stack([y, y], 1)}, r"labels of shape \(3, 2\)"),
        ({"regression_labels": lambda y: y * [1, np.nan, 1]}, "the first in row 1"),
        ({"regression_labels": lambda y: [2**2000] * 3}, "a list, not an array"),
    ],
)
def test_values_that_cannot_be_right(tmp_path, changes, complaint):
    with pytest.raises(SourceError, match=complaint) as caught:
        read(tmp_path, change("test", **changes))
    assert str(caught.value).startswith(str(tmp_path / ALIGNED))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([1, 2], "a list, not a dict"),
        ({}, "key 'train': no such key; it holds nothing"),
        ({"test": {}, "dev": {}}, "key 'train': no such key; it holds 'test', 'dev'"),
        ({"train": np.zeros(3)}, "key 'train': a ndarray, not a dict"),
    ],
)
def test_another_kind_of_pickle(tmp_path, data, complaint):
    with pytest.raises(SourceError, match=complaint):
        read(tmp_path, data)


def test_code_in_a_value_that_is_not_read(tmp_path):
    """A pickle is read as a whole, so it is refused as a whole."""
    with pytest.raises(SourceError, match=r"asks for builtins\.print"):
        read(tmp_path, change("train", raw_text=lambda texts: print))


def test_the_unaligned_file_is_refused(tmp_path):
    write_pickle(tmp_path / UNALIGNED, make_mmsa())
    with pytest.raises(SourceError, match=r"lacks aligned_50\.pkl.*unaligned_50\.pkl, which is th"):
        SOURCE.find(tmp_path)
    write_pickle(tmp_path / ALIGNED, make_mmsa())
    assert SOURCE.find(tmp_path) == {ALIGNED: tmp_path / ALIGNED}


@pytest.mark.parametrize("folder", [None, "nowhere", "."])
def test_a_folder_without_either(tmp_path, folder):
    with pytest.raises(SourceError, match=r"hold aligned_50\.pkl\.$"):
        SOURCE.find(None if folder is None else tmp_path / folder)


def test_published_hashes_are_hashes():
    assert set(MOSI_SHA256) == {ALIGNED, UNALIGNED}
    assert all(len(bytes.fromhex(value)) == 32 for value in MOSI_SHA256.values())


def test_bombs_behind_a_valid_front(tmp_path):
    """Lists that hold one list over and over would be billions of ids, if they were unfolded."""
    ids = ["v$_$0"] * 3
    for _ in range(40):
        ids = [ids] * 3
    assert len(pickle.dumps(ids)) < 1000
    with pytest.raises(SourceError, match="a list among the texts"):
        read(tmp_path, change("test", id=lambda _: ids))
