"""The aligned pickles of MMSA and MulT: what is read, and what is refused."""

import re

import numpy as np
import pytest

from rmfn_tf.datasets.mmsa_mult import AlignedPickle
from rmfn_tf.datasets.source import MissingFiles, SourceError
from support.pickle_files import KEYS, SIZES, STEPS, WIDTHS, make_mmsa, make_mult, write_pickle

EMOTIONS = ("neutral", "happy", "sad", "angry")
MMSA = AlignedPickle("aligned_50.pkl", WIDTHS, "regression_labels", ids_name_videos=True)
MOSI = AlignedPickle("mosi_data.pkl", WIDTHS)
IEMOCAP = AlignedPickle("iemocap_data.pkl", WIDTHS, emotions=EMOTIONS)
SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def make(source):
    if source is MMSA:
        return make_mmsa()
    return make_mult(len(source.emotions), ids=source is MOSI)


def read(folder, source, data, protocol=4, split="test"):
    write_pickle(folder / source.file, data, protocol)
    items = source.read(source.find(folder), lambda *_: None)
    return [sample for name, sample in items if name == split]


def change(source, **changes):
    """Data of the published form in which some values of the test split are others."""
    data = make(source)
    for key, value in changes.items():
        data["test"][key] = value(data["test"].get(key))
    return data


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("source", [MMSA, MOSI, IEMOCAP], ids=["mmsa", "mosi", "iemocap"])
@pytest.mark.parametrize(("split", "key"), SPLITS.items())
def test_every_row_becomes_a_sample(tmp_path, source, split, key, protocol):
    values = make(source)[key]
    samples = read(tmp_path, source, make(source), protocol, split)
    assert len(samples) == SIZES[key]
    for row, sample in enumerate(samples):
        if source is MMSA:
            id_and_video = values["id"][row], f"{key}_-{row // 2}"
        elif source is MOSI:
            video, start, end = (text.decode() for text in values["id"][row])
            id_and_video = f"{video}[{start}-{end}]", video
        else:
            id_and_video = f"{split}-{row}", f"{split}-{row}"
        assert (sample.id, sample.video_id) == id_and_video
        if source is IEMOCAP:
            expected = values["labels"][row].argmax(axis=1).astype(np.float32)
            np.testing.assert_array_equal(sample.label, expected, strict=True)
        else:
            assert sample.label == np.float32(values[source.labels][row].item())
            assert isinstance(sample.label, float)
        assert list(sample.features) == list(WIDTHS)
        for modality, features in sample.features.items():
            expected = values[KEYS[modality]][row, row % 3 : STEPS - (row % 2 == 0)]
            np.testing.assert_array_equal(features, expected, strict=True)
        assert (sample.words, sample.intervals) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": np.array},  # U
        {"id": lambda ids: np.array(ids, "S")},
        {"id": lambda ids: np.array(ids, object)},
        {"id": lambda ids: np.array(ids)[:, None]},
        {"id": lambda ids: [text.encode() + b" " for text in ids]},
        {"regression_labels": lambda labels: labels[:, None]},
        {"regression_labels": lambda labels: labels.astype(">f8")},
        {"regression_labels": list},  # NumPy scalars
        {"text": lambda array: array.astype("f8")},
        {"audio": np.asfortranarray},
        dict.fromkeys(["raw_text", "text_bert", "annotations"], lambda _: None),
    ],
)
def test_other_containers_of_the_same_values(tmp_path, changes):
    expected = read(tmp_path, MMSA, make_mmsa())
    samples = read(tmp_path, MMSA, change(MMSA, **changes))
    for sample, same in zip(samples, expected, strict=True):
        assert (sample.id, sample.video_id, sample.label) == (same.id, same.video_id, same.label)
        for modality in WIDTHS:
            np.testing.assert_array_equal(sample.features[modality], same.features[modality])


def test_features_that_are_not_finite_go_through(tmp_path):
    data = change(MMSA, audio=lambda array: array.astype("f8"))
    data["test"]["audio"][0, 1] = [np.nan, -np.inf, 1e300]
    sample = read(tmp_path, MMSA, data)[0]
    np.testing.assert_array_equal(sample.features["acoustic"][1], [np.nan, -np.inf, np.inf])


@pytest.mark.parametrize(
    ("ids", "videos"),
    [
        (["a$_$3", "a$_$4", "b$_$0"], ["a", "a", "b"]),
        (["a[3]", "a[4]", "b[0]"], ["a", "a", "b"]),
        (["Ses01F_impro01_F000", "x_1", "x_2"], ["Ses01F_impro01_F000", "x_1", "x_2"]),
    ],
)
def test_ids_of_one_text(tmp_path, ids, videos):
    samples = read(tmp_path, MOSI, change(MOSI, id=lambda _: ids))
    assert [sample.id for sample in samples] == ids
    assert [sample.video_id for sample in samples] == videos


def pairs(second):
    """(1, 0) for absent and (0, 1) for present."""
    return np.stack([1 - np.array(second), np.array(second)], axis=2)


@pytest.mark.parametrize(
    "present",
    [
        [[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 0]],  # several emotions, or none
        # Each row lacks just one: which place means present is the same in the whole file.
        [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1]],
    ],
)
def test_any_number_of_emotions(tmp_path, present):
    samples = read(tmp_path, IEMOCAP, change(IEMOCAP, labels=lambda _: pairs(present)))
    np.testing.assert_array_equal([sample.label for sample in samples], present)


def test_the_places_swapped_in_the_whole_file(tmp_path):
    """(1, 0) for present shows in every row having one (1, 0): an utterance has one emotion."""
    data = make(IEMOCAP)
    expected = [sample.label for sample in read(tmp_path, IEMOCAP, data)]
    for values in data.values():
        values["labels"] = values["labels"][..., ::-1]
    found = [sample.label for sample in read(tmp_path, IEMOCAP, data)]
    np.testing.assert_array_equal(found, expected)


PAIR = np.tile(np.float32([1, 0]), (3, 4, 1))
NO_IDS = "not the ids of the samples. It must hold"
BAD_CODE = np.full(3, 0x110000, "<u4").view("<U1")


@pytest.mark.parametrize(
    ("source", "key", "value", "found"),
    [
        (MMSA, "text", lambda x: x[..., :3], "shape (3, 6, 3). It must be (rows, steps, "),
        (MMSA, "audio", lambda x: x[:, 0], "shape (3, 3)"),
        (MMSA, "vision", lambda x: x[:2], "2 rows of 6 steps. The array before it has 3 rows of 6"),
        (MOSI, "vision", lambda x: np.repeat(x, 2, 1), "3 rows of 12 steps"),
        (MMSA, "audio", lambda x: x[:0], "shape (0, 6, 3). It must be (rows, steps, "),
        (MMSA, "audio", lambda x: x.astype(bool), "a ndarray of type bool. It must be numbers"),
        (MMSA, "audio", lambda x: {"a": 1}, "a dict of type object"),
        (MMSA, "audio", lambda x: [[1.0], [1.0, 2.0]], "a list of type object"),
        (MMSA, "id", lambda ids: ids[:2], f"{NO_IDS} a text, or video, start and end, for each"),
        (MOSI, "id", lambda ids: np.reshape(ids, -1), NO_IDS),  # which could be cut into threes
        (MMSA, "id", lambda ids: np.array("abc"), NO_IDS),
        (MMSA, "id", lambda ids: [[ids] * 3] * 3, NO_IDS),
        (MMSA, "id", lambda ids: BAD_CODE, NO_IDS),
        (MOSI, "id", lambda ids: ids[:, :2], NO_IDS),
        (MMSA, "id", lambda ids: [ids[0], 2, 3], "'2' in row 1. An id must be \"VIDEO$_$CLIP\""),
        (MMSA, "id", lambda ids: [*ids[:2], "\ud800$_$1"], r"'\ud800$_$1' in row 2. An id"),
        (MMSA, "id", lambda ids: ["$_$1", *ids[1:]], "'$_$1' in row 0"),
        (MOSI, "id", lambda ids: [*ids[:2], ["v", "1\n2", "3"]], r"'v[1\n2-3]' in row 2"),
        (MMSA, "regression_labels", lambda y: y[:2], "labels of shape (2,). The features beside"),
        (MMSA, "regression_labels", lambda y: y * [1, np.nan, 1], "finite, the first in row 1"),
        (MMSA, "regression_labels", lambda y: [2**2000] * 3, "a list of type object"),
        (MOSI, "labels", lambda y: PAIR, "labels of shape (3, 4, 2)"),
        (IEMOCAP, "labels", lambda y: y[..., :1], "labels of shape (3, 4, 1)"),
        (
            IEMOCAP,
            "labels",
            lambda y: PAIR / 2,
            "[0.5, 0.0] for neutral in row 0. It must be",
        ),
        (IEMOCAP, "labels", lambda y: PAIR + PAIR[..., ::-1], "[1.0, 1.0] for neutral in row 0"),
    ],
)
def test_values_that_cannot_be_right(tmp_path, source, key, value, found):
    with pytest.raises(SourceError) as caught:
        read(tmp_path, source, change(source, **{key: value}))
    place = f"{tmp_path / source.file}, key 'test/{key}': "
    assert str(caught.value).startswith(place)
    assert found in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("data", [[1, 2], {}, {"train": np.zeros(3)}, {"train": {"audio": []}}])
def test_another_kind_of_pickle(tmp_path, data):
    with pytest.raises(SourceError, match=f"{MOSI.file}, key 'train/text': no such key. This is"):
        read(tmp_path, MOSI, data)


@pytest.mark.parametrize("folder", [None, "nowhere", "."])
def test_a_folder_without_either(tmp_path, folder):
    with pytest.raises(MissingFiles, match=rf"hold {re.escape(MMSA.file)}\."):
        MMSA.find(folder and tmp_path / folder)
