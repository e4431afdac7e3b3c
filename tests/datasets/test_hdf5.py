"""Arrays of HDF5 files: what h5py reads, or one line about what is wrong."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from rmfn_tf.datasets.hdf5 import BYTES, NUMBERS, h5py_errors, open_h5, read_array
from rmfn_tf.datasets.source import SourceError


def read(path, kinds=NUMBERS):
    with open_h5(path) as file:
        return read_array(path, file, "d1", kinds)


@pytest.mark.parametrize("options", [{}, {"chunks": (2, 1), "compression": "gzip"}])
@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "i1", "u8", "S3"])
def test_values_come_in_the_type_they_are_stored_in(tmp_path, dtype, options):
    expected = np.arange(6).reshape(3, 2).astype(dtype)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("d1", data=expected, **options)
    array = read(tmp_path / "x.h5", NUMBERS + BYTES)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("shape", [(0, 3), (0,), (4,), (2, 0, 5)])
def test_any_size_will_do(tmp_path, shape):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["d1"] = np.ones(shape)
    assert read(tmp_path / "x.h5").shape == shape


def put(value, **options):
    def write(path):
        with h5py.File(path, "w") as file:
            if options:
                file.create_dataset("d1", **options)
            else:
                file["d1"] = value

    return write


def many_keys(path):
    with h5py.File(path, "w") as file:
        for number in range(7):
            file[f"key\n{number}"] = 1.0


def a_group(path):
    with h5py.File(path, "w") as file:
        file.create_group("d1")


ANOTHER = "This is another kind of file than its name says"


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (lambda path: None, ": not readable as HDF5 ("),
        (os.mkdir, ": not readable as HDF5 ("),
        (Path.touch, ": not readable as HDF5 ("),
        (many_keys, r", key 'd1': no such key; it holds 'key\n0', 'key\n1'"),
        (a_group, f", key 'd1': a Group, not a Dataset. {ANOTHER}"),
        (put(np.dtype("f8")), f", key 'd1': a Datatype, not a Dataset. {ANOTHER}"),
        (put(h5py.SoftLink("/d1")), f", key 'd1': a link to elsewhere (SoftLink). {ANOTHER}"),
        (put(h5py.ExternalLink("none.h5", "x")), ", key 'd1': a link to elsewhere (ExternalLink)"),
        (put(None, data=["a"], dtype=h5py.string_dtype()), ", key 'd1': values of type object"),
        (put(np.full((2, 3), b"ab")), ", key 'd1': values of type |S2. It must hold numbers."),
        (put(np.ones((2, 3), "c16")), ", key 'd1': values of type complex128"),
        (put(np.ones((2, 3), bool)), ", key 'd1': values of type bool"),
        (put(None, shape=(2, 3), dtype=h5py.ref_dtype), ", key 'd1': values of type object"),
        (put(1.0), ", key 'd1': shape (). It must have a dimension or more"),
        (put(h5py.Empty("f8")), ", key 'd1': shape None. It must have a dimension or more"),
        (put(None, shape=(2, 3), dtype="f8"), ", key 'd1': shape (2, 3), but no values were ever"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, write, found):
    path = tmp_path / "x.h5"
    write(path)
    with pytest.raises(SourceError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}{found}"), caught.value


@pytest.mark.parametrize("options", [{}, {"chunks": (4, 1), "compression": "gzip"}])
def test_a_file_cut_off_anywhere(tmp_path, options):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("d1", data=np.random.default_rng(0).normal(size=(40, 3)), **options)
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 15).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(SourceError, match="not readable as HDF5"):
            read(path)


@pytest.mark.parametrize("error", [MemoryError(), SourceError("mine")])
def test_what_others_deal_with_goes_through(tmp_path, error):
    with pytest.raises(type(error)) as caught, h5py_errors(tmp_path):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    "error", [OSError("\x1b[31m" + "x" * 5000 + "\nmore"), KeyError("é"), ValueError()]
)
def test_what_the_library_says_is_one_short_line(tmp_path, error):
    with pytest.raises(SourceError, match="not readable as HDF5") as caught, h5py_errors(tmp_path):
        raise error
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500
