"""CMU-MOSI's arrays with all modalities beside each other: what is read, and what is refused."""

import numpy as np
import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.mosi_arrays import MosiArrays
from support.mfn_files import STEPS, write_array, write_arrays

WIDTHS = {"language": 4, "acoustic": 3, "visual": 2}
SIZES = {"train": 4, "valid": 2, "test": 3}
SOURCE = MosiArrays(WIDTHS)


def make_arrays(label_shape=()):
    """file name -> array; row i starts at step `i % 3`, the even rows end one step early."""
    rng = np.random.default_rng(0)
    arrays = {}
    for split, rows in SIZES.items():
        features = rng.normal(size=(rows, STEPS, 9))
        for row in range(rows):
            features[row, : row % 3] = 0
            features[row, STEPS - (row % 2 == 0) :] = 0
        arrays[f"X_{split}.h5"] = features
        arrays[f"y_{split}.h5"] = rng.uniform(-3, 3, (rows, *label_shape))
    return arrays


def write(folder, arrays):
    folder = write_arrays(folder, {})
    for name, array in arrays.items():
        write_array(folder / name, array, key="data")
    return folder


@pytest.mark.parametrize("label_shape", [(), (1,)])
def test_columns_are_taken_apart(tmp_path, label_shape):
    arrays = make_arrays(label_shape)
    files = SOURCE.find(write(tmp_path, arrays))
    assert set(files) == set(arrays)
    for split, name in (("train", "train"), ("validation", "valid"), ("test", "test")):
        samples = SOURCE.read(files).splits[split]
        assert [sample.id for sample in samples] == [f"{split}-{i}" for i in range(SIZES[name])]
        for row, sample in enumerate(samples):
            steps = arrays[f"X_{name}.h5"][row, row % 3 : STEPS - (row % 2 == 0)].astype("f4")
            assert list(sample.features) == list(WIDTHS)
            np.testing.assert_array_equal(sample.features["language"], steps[:, :4])
            np.testing.assert_array_equal(sample.features["acoustic"], steps[:, 4:7])
            np.testing.assert_array_equal(sample.features["visual"], steps[:, 7:])
            assert {rows.dtype for rows in sample.features.values()} == {np.dtype("f4")}
            assert sample.label == np.float32(arrays[f"y_{name}.h5"][row].item())
            assert isinstance(sample.label, float)
            assert sample.words is None
            assert sample.video_id == sample.id


def test_every_file_that_is_missing_is_named(tmp_path):
    arrays = make_arrays()
    del arrays["X_test.h5"], arrays["y_valid.h5"]
    with pytest.raises(SourceError, match=r"lacks y_valid\.h5, X_test\.h5: .*X_train\.h5"):
        SOURCE.find(write(tmp_path, arrays))


def test_splits_that_are_not_read_are_not_wanted(tmp_path):
    arrays = {name: array for name, array in make_arrays().items() if "test" in name}
    assert set(MosiArrays(WIDTHS, splits=("test",)).find(write(tmp_path, arrays))) == set(arrays)


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("X_test.h5", lambda x: x[..., :8], r"8 features a step .*has 9 \(4 language \+ 3 acou"),
        ("X_test.h5", lambda x: x[:, 0], r"shape \(3, 9\)"),
        ("X_test.h5", lambda x: x[:2], r"labels of shape \(3,\)"),
        ("y_test.h5", lambda y: y[:, np.newaxis, np.newaxis], r"labels of shape \(3, 1, 1\)"),
        ("y_test.h5", lambda y: np.stack([y, y], axis=1), r"labels of shape \(3, 2\)"),
        ("y_test.h5", lambda y: y * [1, np.nan, 1], "the first in row 1"),
        ("y_test.h5", lambda y: y * [1, 1, 1e300], "the first in row 2"),
    ],
)
def test_arrays_that_cannot_be_right(tmp_path, name, change, complaint):
    arrays = make_arrays()
    arrays[name] = change(arrays[name])
    with pytest.raises(SourceError, match=complaint) as caught:
        SOURCE.read(SOURCE.find(write(tmp_path, arrays))).splits["test"]
    assert "key 'data'" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_another_key(tmp_path):
    with pytest.raises(SourceError, match="no such key; it holds 'd1'"):
        SOURCE.read(SOURCE.find(write_arrays(tmp_path, make_arrays()))).splits["test"]
