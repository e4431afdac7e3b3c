"""The authors' arrays: what is read, and what is refused."""

import numpy as np
import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.mfn_arrays import MfnArrays
from support.mfn_files import STEPS, make_arrays, write_array, write_arrays

WIDTHS = {"language": 4, "acoustic": 3, "visual": 2}
SIZES = {"train": 4, "validation": 2, "test": 3}


def source(num_columns=1, **changes):
    return MfnArrays(widths=WIDTHS, num_columns=num_columns, **changes)


@pytest.fixture(params=[1, 2], ids=["one_column", "two_columns"])
def num_columns(request):
    return request.param


@pytest.fixture
def arrays(num_columns):
    return make_arrays(WIDTHS, num_columns, SIZES)


@pytest.fixture
def folder(tmp_path, arrays):
    return write_arrays(tmp_path / "copy", arrays)


def test_every_row_becomes_a_sample(folder, arrays, num_columns):
    reader = source(num_columns)
    files = reader.find(folder)
    assert set(files) == set(arrays)
    for split, name in (("train", "train"), ("validation", "valid"), ("test", "test")):
        samples = reader.read(files).splits[split]
        assert [sample.id for sample in samples] == [f"{split}-{i}" for i in range(SIZES[split])]
        for row, sample in enumerate(samples):
            real = slice(row % 3, STEPS - (row % 2 == 0))
            assert list(sample.features) == list(WIDTHS)
            for modality, file in (
                ("language", f"text_{name}_emb.h5"),
                ("acoustic", f"audio_{name}.h5"),
                ("visual", f"video_{name}.h5"),
            ):
                expected = arrays[file][row, real].astype(np.float32)
                np.testing.assert_array_equal(sample.features[modality], expected)
                assert sample.features[modality].dtype == np.float32
            assert sample.present == dict.fromkeys(WIDTHS, True)
            np.testing.assert_array_equal(
                sample.label, arrays[f"y_{name}.h5"][row].astype(np.float32)
            )
            assert (sample.video_id, sample.segment) == (sample.id, 0)
            assert sample.words is None
            assert sample.intervals is None


def test_a_text_file_that_may_lack(folder, num_columns):
    (folder / "text_train_emb.h5").unlink()
    reader = source(num_columns, optional=("train",))
    files = reader.find(folder)
    for sample in reader.read(files).splits["train"]:
        steps = sample.features["acoustic"].shape[0]
        assert sample.features["language"].shape == (steps, WIDTHS["language"])
        assert sample.features["language"].dtype == np.float32
        assert sample.present == {"language": False, "acoustic": True, "visual": True}
    assert all(sample.present["language"] for sample in reader.read(files).splits["test"])


def test_a_text_file_that_must_be_there(folder, num_columns):
    (folder / "text_test_emb.h5").unlink()
    with pytest.raises(SourceError, match=r"lacks text_test_emb\.h5"):
        source(num_columns, optional=("train",)).find(folder)


def test_splits_that_are_not_read_are_not_wanted(tmp_path):
    arrays = make_arrays(WIDTHS, 1, {"validation": 2, "test": 3})
    reader = source(splits=("validation", "test"))
    files = reader.find(write_arrays(tmp_path, arrays))
    assert set(files) == set(arrays)


def test_a_modality_of_zeros_is_not_present(folder, arrays, num_columns):
    arrays["video_test.h5"][1] = 0
    write_array(folder / "video_test.h5", arrays["video_test.h5"])
    samples = source(num_columns).read(source(num_columns).find(folder)).splits["test"]
    assert [sample.present["visual"] for sample in samples] == [True, False, True]


def test_a_sample_of_zeros_keeps_its_label(folder, arrays, num_columns):
    for name in ("text_test_emb.h5", "audio_test.h5", "video_test.h5"):
        arrays[name][1] = 0
        write_array(folder / name, arrays[name])
    sample = source(num_columns).read(source(num_columns).find(folder)).splits["test"][1]
    assert sample.num_steps == 1
    assert not any(sample.present.values())
    np.testing.assert_array_equal(sample.label, arrays["y_test.h5"][1].astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_features_that_are_not_finite_go_through(folder, arrays, num_columns, value):
    arrays["audio_test.h5"][0, 1, 2] = value
    write_array(folder / "audio_test.h5", arrays["audio_test.h5"])
    sample = source(num_columns).read(source(num_columns).find(folder)).splits["test"][0]
    expected = np.inf if value == 1e300 else value
    np.testing.assert_equal(sample.features["acoustic"][1, 2], np.float32(expected))


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("text_test_emb.h5", lambda x: x[..., :3], "3 language features a step"),
        ("audio_test.h5", lambda x: np.repeat(x, 2, axis=2), "6 acoustic features a step"),
        ("audio_test.h5", lambda x: x[:, 0], r"shape \(3, 3\)"),
        ("video_test.h5", lambda x: x[:2], "2 rows of 6 steps"),
        ("video_test.h5", lambda x: x[:, :5], "3 rows of 5 steps"),
        ("y_test.h5", lambda y: y[:2], "labels of shape"),
        ("y_test.h5", lambda y: y[:, np.newaxis], r"shape \(3, 1"),
        ("y_test.h5", lambda y: np.where(np.arange(3) == 1, np.nan, y.T).T, "the first in row 1"),
        ("y_test.h5", lambda y: y - np.inf, "labels that are not finite"),
    ],
)
def test_arrays_that_cannot_be_right(folder, arrays, num_columns, name, change, complaint):
    write_array(folder / name, change(arrays[name]))
    reader = source(num_columns)
    with pytest.raises(SourceError, match=complaint) as caught:
        reader.read(reader.find(folder)).splits["test"]
    assert str(folder / name) in str(caught.value)
    assert "'d1'" in str(caught.value)


def test_another_key(folder, arrays, num_columns):
    write_array(folder / "y_test.h5", arrays["y_test.h5"], key="data")
    with pytest.raises(SourceError, match="no such key; it holds 'data'"):
        source(num_columns).read(source(num_columns).find(folder)).splits["test"]
