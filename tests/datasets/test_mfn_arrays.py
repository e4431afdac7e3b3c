"""The authors' arrays in both published forms: what is read, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.arrays import strip_padding
from rmfn_tf.datasets.mfn_arrays import TOGETHER, MfnArrays
from rmfn_tf.datasets.source import MissingFiles, Sample, SourceError, find_files, hash_files
from support.mfn_files import NAMES, STEPS, join, make_arrays, write_array, write_arrays

WIDTHS = {"language": 4, "acoustic": 3, "visual": 2}
SIZES = {"train": 4, "validation": 2, "test": 3}
PARTS = {"text_{}_emb.h5": "language", "audio_{}.h5": "acoustic", "video_{}.h5": "visual"}
ONE = MfnArrays(WIDTHS)
TWO = MfnArrays(WIDTHS, num_columns=2)
BESIDE = MfnArrays(WIDTHS, layout=TOGETHER, key="data")


def read(source, folder, report=lambda *_: None):
    splits = {}
    for split, sample in source.read(source.find(folder), report):
        splits.setdefault(split, []).append(sample)
    return splits


@pytest.mark.parametrize("source", [ONE, TWO, BESIDE], ids=["one column", "two", "beside"])
def test_every_row_becomes_a_sample(tmp_path, source):
    arrays = make_arrays(WIDTHS, source.num_columns, SIZES)
    written = join(arrays) if source is BESIDE else arrays
    for name, array in written.items():
        write_array(tmp_path / name, array, source.key)
    assert set(source.find(tmp_path)) == set(written)
    assert source.fits(source.find(tmp_path), lambda *_: None)
    splits = read(source, tmp_path)
    assert {split: len(samples) for split, samples in splits.items()} == SIZES
    for split, samples in splits.items():
        assert [sample.id for sample in samples] == [f"{split}-{i}" for i in range(SIZES[split])]
        for row, sample in enumerate(samples):
            real = slice(row % 3, STEPS - (row % 2 == 0))
            assert list(sample.features) == list(WIDTHS)
            for pattern, modality in PARTS.items():
                expected = arrays[pattern.format(NAMES[split])][row, real].astype(np.float32)
                np.testing.assert_array_equal(sample.features[modality], expected, strict=True)
            label = arrays[f"y_{NAMES[split]}.h5"][row].astype(np.float32)
            np.testing.assert_array_equal(sample.label, label)
            assert isinstance(sample.label, float if source.num_columns == 1 else np.ndarray)
            assert (sample.video_id, sample.words, sample.intervals) == (sample.id, None, None)


@pytest.fixture
def arrays():
    return make_arrays(WIDTHS, 1, SIZES)


@pytest.fixture
def folder(tmp_path, arrays):
    return write_arrays(tmp_path / "copy", arrays)


def test_every_file_is_named_and_every_split_counted(folder):
    told = []
    read(ONE, folder, lambda *what: told.append(what))
    assert [what for what in told if len(what) == 2] == [(1, 3), (2, 3), (3, 3)]
    assert {path for path, *more in told if not more} == set(folder.iterdir())


def test_a_text_file_that_may_lack(folder):
    source = MfnArrays(WIDTHS, optional=("text_train_emb.h5",))
    assert source.lacks(source.find(folder)) == []
    (folder / "text_train_emb.h5").unlink()
    assert source.lacks(source.find(folder)) == ["text_train_emb.h5"]
    splits = read(source, folder)
    for sample in splits["train"]:
        expected = np.zeros((sample.num_steps, WIDTHS["language"]), np.float32)
        np.testing.assert_array_equal(sample.features["language"], expected, strict=True)
        assert sample.present == {"language": False, "acoustic": True, "visual": True}
    assert all(sample.present["language"] for sample in splits["test"])
    with pytest.raises(MissingFiles, match=r"lacks text_train_emb\.h5"):
        ONE.find(folder)


def test_one_split_of_those_that_are_asked_for(tmp_path, arrays):
    arrays = {name: array for name, array in arrays.items() if "train" not in name}
    source = MfnArrays(WIDTHS, splits=("validation", "test"), pooled="all")
    (split,) = read(source, write_arrays(tmp_path, arrays)).items()
    assert split[0] == "all"
    assert [sample.id for sample in split[1]] == [
        *("validation-0", "validation-1"),
        *("test-0", "test-1", "test-2"),
    ]


@pytest.mark.parametrize("value", [0, np.nan, np.inf, -np.inf, 1e300])
def test_features_of_any_value(folder, arrays, value):
    arrays["audio_test.h5"][1] = value
    write_array(folder / "audio_test.h5", arrays["audio_test.h5"])
    sample = read(ONE, folder)["test"][1]
    assert sample.present["acoustic"] == (value != 0)
    expected = np.float32(np.inf if value == 1e300 else value)
    np.testing.assert_array_equal(np.unique(sample.features["acoustic"]), [expected])


@pytest.mark.parametrize(
    ("source", "name", "change", "found"),
    [
        (ONE, "text_test_emb.h5", lambda x: x[..., :3], r"shape \(3, 6, 3\).*steps, 4 language"),
        (ONE, "audio_test.h5", lambda x: x[:, 0], r"shape \(3, 3\)"),
        (ONE, "audio_test.h5", lambda x: x[:, :0], r"shape \(3, 0, 3\).*steps, 3 acoustic"),
        (ONE, "video_test.h5", lambda x: x[:2], "2 rows of 6 steps.*before it has 3 rows of 6"),
        (ONE, "video_test.h5", lambda x: x[:, :5], "3 rows of 5 steps"),
        (ONE, "y_test.h5", lambda y: y[:2], r"labels of shape \(2,\).*need \(3,\)"),
        (ONE, "y_test.h5", lambda y: np.stack([y, y], 1), r"labels of shape \(3, 2\)"),
        (ONE, "y_test.h5", lambda y: y * [1, np.nan, 1], "1 labels .* finite, the first in row 1"),
        (ONE, "y_test.h5", lambda y: y * [1, 1, 1e300], "the first in row 2"),
        (TWO, "y_test.h5", lambda y: y[:, 0], r"labels of shape \(3,\).*need \(3, 2\)"),
        (TWO, "y_test.h5", lambda y: y - np.inf, "6 labels that are not finite"),
        (BESIDE, "X_test.h5", lambda x: x[..., :8], r"8\).*4 language . 3 acoustic . 2 visual"),
        (BESIDE, "X_test.h5", lambda x: x[:2], r"labels of shape \(3,\)"),
    ],
)
def test_arrays_that_cannot_be_right(tmp_path, source, name, change, found):
    arrays = make_arrays(WIDTHS, source.num_columns, SIZES)
    arrays = join(arrays) if source is BESIDE else arrays
    arrays[name] = change(arrays[name])
    for file, array in arrays.items():
        write_array(tmp_path / file, array, source.key)
    at = tmp_path / ("y_test.h5" if "labels" in found else name)
    with pytest.raises(SourceError, match=f"^{at}, key '{source.key}': .*{found}"):
        read(source, tmp_path)


def test_another_key_and_another_data_set(folder):
    with pytest.raises(SourceError, match=r"\.h5, key 'data': no such key; it holds 'd1'"):
        read(MfnArrays(WIDTHS, key="data"), folder)
    wider = MfnArrays({**WIDTHS, "visual": 7})
    assert not wider.fits(wider.find(folder), lambda *_: None)


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (None, "Name the folder with the source files"),
        ("nowhere", "nowhere, does not exist"),
        ("a.h5", "a.h5, is not a folder"),
        (".", "lacks b.h5, e.h5"),  # a folder of that name is no file
    ],
)
def test_every_file_wanted_is_named(tmp_path, place, found):
    (tmp_path / "a.h5").touch()
    (tmp_path / "e.h5").mkdir()
    with pytest.raises(MissingFiles, match=found) as caught:
        find_files(place and tmp_path / place, ["a.h5", "b.h5", "e.h5"], optional=["d.h5"])
    assert "it must hold a.h5, b.h5, e.h5 (and may hold d.h5)" in str(caught.value)
    assert str(caught.value).isprintable()


def test_files_are_found_at_home_and_hashed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "b.h5").write_bytes(b"abc")
    (tmp_path / "a.h5").touch()
    files = find_files("~", ["b.h5"], optional=["c.h5", "a.h5"])
    assert files == {"b.h5": tmp_path / "b.h5", "a.h5": tmp_path / "a.h5"}
    assert {name: text[:8] for name, text in hash_files(files).items()} == {
        "b.h5": "ba7816bf",
        "a.h5": "e3b0c442",
    }


def rows(*values):
    """(T, 2) with `(0, v)` per step: one value in a row is enough to make it real."""
    return np.array([[0, value] for value in values], np.float32)


@pytest.mark.parametrize(
    ("padded", "stripped"),
    [
        ([rows(0, 0, 1, 0, 2, 0)], [rows(1, 0, 2)]),
        ([rows(0, 0, 1, 0, 0), rows(0, 3, 0, 0, 0)], [rows(0, 1), rows(3, 0)]),
        *(([rows(0, value, 0)], [rows(value)]) for value in (np.nan, np.inf, -np.inf, -1, 1e-30)),
        ([rows(0, 0, 0), rows(0, 0, 0)], [rows(0), rows(0)]),
    ],
)
def test_padding_is_all_zero_in_every_modality_and_at_an_end(padded, stripped):
    found = strip_padding(dict(enumerate(padded)))
    for array, expected in zip(found.values(), stripped, strict=True):
        np.testing.assert_array_equal(array, expected, strict=True)
        assert array.base is None  # or every sample would keep the file's whole array alive
    present = Sample("x", found, 0.0).present
    assert any(present.values()) == any(array.any() for array in padded)


@given(
    hnp.arrays(np.float32, (4, 2), elements=st.sampled_from([0.0, 1.0])),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_more_padding_changes_nothing(array, front, back):
    padded = np.pad(array, ((front, back), (0, 0)))
    np.testing.assert_array_equal(
        strip_padding({"a": padded})["a"], strip_padding({"a": array})["a"]
    )
