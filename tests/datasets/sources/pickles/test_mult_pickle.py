"""MulT's pickles of CMU-MOSI and IEMOCAP: what is read, and what is refused."""

import numpy as np
import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.pickles.mult_pickle import IEMOCAP_EMOTIONS, MultPickle
from support.pickle_files import KEYS, SIZES, STEPS, WIDTHS, make_mult, write_pickle

MOSI = MultPickle("mosi", WIDTHS)
IEMOCAP = MultPickle("iemocap", WIDTHS, emotions=IEMOCAP_EMOTIONS)
SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def read(folder, data, source=MOSI, split="test"):
    write_pickle(folder / source.file_name, data)
    return source.read(source.find(folder)).splits[split]


def change(key, value, **options):
    data = make_mult(**options)
    data["test"][key] = value(data["test"].get(key))
    return data


@pytest.mark.parametrize(("split", "name"), SPLITS.items())
def test_mosi(tmp_path, split, name):
    data = make_mult()
    samples = read(tmp_path, data, split=split)
    assert len(samples) == SIZES[name]
    for row, sample in enumerate(samples):
        video, start, end = (text.decode() for text in data[name]["id"][row])
        assert sample.id == f"{video}[{start}-{end}]"
        assert sample.video_id == video
        assert sample.label == np.float32(data[name]["labels"][row, 0, 0])
        assert isinstance(sample.label, float)
        assert list(sample.features) == list(WIDTHS)
        for modality, features in sample.features.items():
            expected = data[name][KEYS[modality]][row, row % 3 : STEPS - (row % 2 == 0)]
            np.testing.assert_array_equal(features, expected)
            assert features.dtype == np.float32
        assert sample.words is None


def test_segments_are_numbered_in_order_of_time(tmp_path):
    ids = [["a", "10", "11"], ["b", "0", "1"], ["a", "9.5", "10"]]
    samples = read(tmp_path, change("id", lambda _: np.array(ids, "S")))
    assert [(sample.video_id, sample.segment) for sample in samples] == [
        ("a", 1),
        ("b", 0),
        ("a", 0),
    ]


@pytest.mark.parametrize(("split", "name"), SPLITS.items())
def test_iemocap(tmp_path, split, name):
    data = make_mult(emotions=4, ids=False)
    samples = read(tmp_path, data, IEMOCAP, split)
    assert [sample.id for sample in samples] == [f"{split}-{i}" for i in range(SIZES[name])]
    assert [sample.video_id for sample in samples] == [sample.id for sample in samples]
    for row, sample in enumerate(samples):
        assert sample.label.dtype == np.float32
        np.testing.assert_array_equal(sample.label, data[name]["labels"][row].argmax(axis=1))


def test_iemocap_with_the_places_swapped(tmp_path):
    """(1, 0) for present shows in every row having one (1, 0): an utterance has one emotion."""
    data = make_mult(emotions=4, ids=False)
    expected = [sample.label for sample in read(tmp_path, data, IEMOCAP)]
    for values in data.values():
        values["labels"] = values["labels"][..., ::-1]
    np.testing.assert_array_equal(
        [sample.label for sample in read(tmp_path, data, IEMOCAP)], expected
    )


def test_the_places_are_the_same_in_the_whole_file(tmp_path):
    """A split in which each row happens to lack one emotion says nothing where others differ."""
    data = make_mult(emotions=4, ids=False)
    lacks_one = 1 - np.eye(4)[: SIZES["test"]]
    data["test"]["labels"] = np.stack([1 - lacks_one, lacks_one], axis=2)
    labels = [sample.label for sample in read(tmp_path, data, IEMOCAP)]
    np.testing.assert_array_equal(labels, lacks_one)


def test_several_emotions_or_none(tmp_path):
    second = np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 0]])
    labels = np.stack([1 - second, second], axis=2)
    samples = read(tmp_path, change("labels", lambda _: labels, emotions=4), IEMOCAP)
    np.testing.assert_array_equal([sample.label for sample in samples], second)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["a$_$3", "a$_$4", "b$_$0"], [("a", 3), ("a", 4), ("b", 0)]),
        (["a[3]", "a[4]", "b[0]"], [("a", 3), ("a", 4), ("b", 0)]),
        (
            ["Ses01F_impro01_F000", "x_1", "x_2"],
            [("Ses01F_impro01_F000", 0), ("x_1", 0), ("x_2", 0)],
        ),
    ],
)
def test_ids_of_one_text(tmp_path, ids, expected):
    samples = read(tmp_path, change("id", lambda _: ids))
    assert [sample.id for sample in samples] == ids
    assert [(sample.video_id, sample.segment) for sample in samples] == expected


PAIR = np.tile(np.float32([1, 0]), (3, 4, 1))


@pytest.mark.parametrize(
    ("source", "key", "value", "complaint"),
    [
        (MOSI, "text", lambda x: x[..., :3], "test/text': 3 language features .* has 4"),
        (MOSI, "vision", lambda x: np.repeat(x, 2, 1), "not aligned"),
        (MOSI, "labels", lambda y: y[:, 0, 0], r"labels of shape \(3,\)"),
        (MOSI, "labels", lambda y: PAIR, r"labels of shape \(3, 4, 2\)"),
        (MOSI, "labels", lambda y: y * np.nan, "3 labels that are not finite"),
        (MOSI, "id", lambda ids: ids[:, :2], "rows of 2 texts"),
        (MOSI, "id", lambda ids: [ids[0], "a", "b"], "rows of 3 texts"),
        (MOSI, "id", lambda ids: ids[[0, 1, 1]], r"in 2 rows"),
        (
            MOSI,
            "id",
            lambda ids: [["a", "x", "1"], ["a", "1", "2"], ["b", "1", "2"]],
            "'x' for a t",
        ),
        (
            MOSI,
            "id",
            lambda ids: [["a", "nan", "1"], ["b", "1", "2"], ["c", "1", "2"]],
            "for a time",
        ),
        (
            MOSI,
            "id",
            lambda ids: [["", "0", "1"], ["b", "1", "2"], ["c", "1", "2"]],
            "without a vid",
        ),
        (IEMOCAP, "labels", lambda y: y[..., :1], r"labels of shape \(3, 4, 1\)"),
        (IEMOCAP, "labels", lambda y: PAIR[:, :3], r"labels of shape \(3, 3, 2\)"),
        (IEMOCAP, "labels", lambda y: PAIR / 2, r"\(0\.5, 0\) for neutral in row 0"),
        (IEMOCAP, "labels", lambda y: PAIR * 0, r"\(0, 0\) for neutral"),
        (IEMOCAP, "labels", lambda y: PAIR + PAIR[..., ::-1], r"\(1, 1\) for neutral"),
    ],
)
def test_values_that_cannot_be_right(tmp_path, source, key, value, complaint):
    data = change(key, value, emotions=len(source.emotions))
    with pytest.raises(SourceError, match=complaint) as caught:
        read(tmp_path, data, source)
    assert str(caught.value).startswith(str(tmp_path / source.file_name))
    assert key in str(caught.value)


@pytest.mark.parametrize("source", [MOSI, IEMOCAP])
def test_the_unaligned_file_is_refused(tmp_path, source):
    write_pickle(tmp_path / f"{source.name}_data_noalign.pkl", make_mult())
    with pytest.raises(
        SourceError, match=rf"lacks {source.name}_data\.pkl.*_noalign\.pkl, which is there"
    ):
        source.find(tmp_path)
